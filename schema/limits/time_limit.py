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
            raise time_limit_exceeded(self._seconds) from None


def time_limit_exceeded(seconds: float) -> ServiceUnavailable:
    """The error of an operation that takes longer."""
    return ServiceUnavailable(f"The operation took longer than the {seconds:g} seconds that are allowed.")
