"""The time limit of an operation."""

import asyncio
from typing import Any

from resolvers.errors import ServiceUnavailable


class TimeLimit:
    """Cancels the block, and the statement that it is running, after so many seconds. Raises ServiceUnavailable."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(self, *error: Any) -> None:
        try:
            await self._timeout.__aexit__(*error)
        except TimeoutError:
            message = f"The operation took longer than the {self._seconds:g} seconds that are allowed."
            raise ServiceUnavailable(message) from None
