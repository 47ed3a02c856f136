"""The time limit of an operation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from resolvers.errors import ServiceUnavailable


@asynccontextmanager
async def time_limit(seconds: float) -> AsyncIterator[None]:
    """Cancel the block, and the statement that it is running, after so many seconds. Raises ServiceUnavailable."""
    try:
        async with asyncio.timeout(seconds) as timeout:
            yield
    except TimeoutError:
        if not timeout.expired():
            raise
        message = f"The operation took longer than the {seconds:g} seconds that are allowed."
        raise ServiceUnavailable(message) from None
