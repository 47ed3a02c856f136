"""Parsing of large bodies and websocket messages, which share limits of memory and of the event loop's time."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from schema.limits import Limits
from server.http.weighted_semaphore import WeightedSemaphore
from storage.json_limits import JSONLimits

T = TypeVar("T")

INLINE_BYTES = 64 * 1024
"""A longer text may take more than a few milliseconds to parse."""


class BodyParser:
    """The limits of JSON texts, the memory that parsed ones may take, and a thread for the large ones."""

    def __init__(self, limits: Limits) -> None:
        self.limits = JSONLimits(limits.json_values, limits.json_depth)
        self.memory = WeightedSemaphore(limits.pending_bytes)
        self._turn = asyncio.Lock()

    async def run(self, function: Callable[[bytes, JSONLimits], T], data: bytes) -> T:
        """`function(data, limits)`, in a thread if `data` is large. One at a time: parsers do not share the GIL."""
        if len(data) <= INLINE_BYTES:
            return function(data, self.limits)
        async with self._turn:
            return await asyncio.to_thread(function, data, self.limits)
