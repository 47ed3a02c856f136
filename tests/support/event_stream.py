"""A client of server-sent events that reads responses as the specification of EventSource says."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from tests.support.client import PATIENCE

ACCEPT = "text/event-stream"
COMMENT = ":"


class Events:
    """A response of events. `is_whole` says whether it has ended after a whole event."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self.is_whole = False
        self._chunks = response.aiter_raw()
        self._buffer = b""

    async def block(self) -> str | None:
        """The next lines before an empty one: an event or a comment; None after the last."""
        async with asyncio.timeout(PATIENCE):
            while b"\n\n" not in self._buffer:
                try:
                    self._buffer += await anext(self._chunks)
                except StopAsyncIteration:
                    self.is_whole = not self._buffer
                    return None
        block, self._buffer = self._buffer.split(b"\n\n", 1)
        return block.decode()

    async def events(self) -> list[tuple[str, Any]]:
        """The names and the values of all remaining events."""
        left = []
        while (event := await self.event()) is not None:
            left.append(event)
        return left

    async def event(self) -> tuple[str, Any] | None:
        """The name and the value of the next event."""
        while (block := await self.block()) == COMMENT:
            pass
        if block is None:
            return None
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        assert fields.keys() == {"event", "data"}
        return fields["event"], json.loads(fields["data"] or "null")

    async def result(self) -> Any:
        """The next result."""
        event = await self.event()
        assert event is not None
        assert event[0] == "next"
        return event[1]


@asynccontextmanager
async def event_stream(
    http: httpx2.AsyncClient, query: str, variables: dict[str, Any] | None = None, accept: str = ACCEPT
) -> AsyncIterator[Events]:
    """The response to a subscription by POST; leaving the block closes its connection."""
    body = {"query": query, "variables": variables}
    async with http.stream("POST", "/graphql", json=body, headers={"accept": accept}) as response:
        yield Events(response)
