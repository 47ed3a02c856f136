"""What streams of changes share: they read with retries, and not too often when many follow the same rows."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from storage.errors import Unavailable

log = logging.getLogger("reprise.watch")

RETRY_SECONDS = 1.0
FOLLOWER_SECONDS = 0.001
"""Least time between two reads, for each subscriber of the same rows, so that many subscribers cannot occupy the
process.
"""

T = TypeVar("T")


async def read_with_retries(read: Callable[[], Awaitable[T]]) -> T:
    """Call `read` until the database answers."""
    while True:
        try:
            return await read()
        except Unavailable:
            log.warning("database unavailable; subscription retries")
            await asyncio.sleep(RETRY_SECONDS)
