"""A client of multipart subscriptions that parses responses as Apollo Client does."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from tests.support.client import PATIENCE

ACCEPT = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"
BOUNDARY = b"\r\n--graphql"
HEARTBEAT: dict[str, Any] = {}
STOPPING = {
    "payload": None,
    "errors": [{"message": "The server is stopping.", "extensions": {"code": "SERVICE_UNAVAILABLE"}}],
}

Part = dict[str, Any]


class Stream:
    """A multipart response. `is_whole` says whether it has ended with the closing boundary."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self.is_whole = False
        self._chunks = response.aiter_raw()
        self._buffer = b""

    async def part(self) -> Part | None:
        """The next part, once the boundary after it has been received; None after the last part."""
        async with asyncio.timeout(PATIENCE):
            while BOUNDARY not in self._buffer:
                try:
                    self._buffer += await anext(self._chunks)
                except StopAsyncIteration:
                    self.is_whole = self._buffer == b"--\r\n"
                    return None
        part, self._buffer = self._buffer.split(BOUNDARY, 1)
        if not part:
            # What stands before the first boundary.
            return await self.part()
        head, _, body = part.partition(b"\r\n\r\n")
        assert _headers(head) == {
            "content-type": "application/json; charset=utf-8",
            "content-length": str(len(body)),
        }
        value: Part = json.loads(body)
        return value

    async def parts(self) -> list[Part]:
        """All remaining parts, without heartbeats."""
        left = []
        while (part := await self.part()) is not None:
            if part != HEARTBEAT:
                left.append(part)
        return left

    async def payload(self) -> Any:
        """The next result."""
        while (part := await self.part()) == HEARTBEAT:
            pass
        assert part is not None
        assert set(part) == {"payload"}
        return part["payload"]


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode().strip().splitlines()
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


@asynccontextmanager
async def streamed(
    http: httpx2.AsyncClient, query: str, variables: dict[str, Any] | None = None, accept: str = ACCEPT
) -> AsyncIterator[Stream]:
    """The response to a subscription; leaving the block closes its connection."""
    body = {"query": query, "variables": variables}
    async with http.stream("POST", "/graphql", json=body, headers={"accept": accept}) as response:
        yield Stream(response)
