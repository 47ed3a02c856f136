"""How long an operation may take."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from resolvers.errors import Unavailable


@contextlib.asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Cancels the block when its time is up, and with it what the database is doing for it. Raises Unavailable."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise Unavailable(f"The operation took longer than the {seconds:g} seconds that are allowed.") from None
