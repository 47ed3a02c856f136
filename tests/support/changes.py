"""Clients that follow the changes of sessions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from tests.support.client import Client

PATIENCE = 60
CHANGES = """
subscription ($since: BigInt, $filter: SessionFilter) {
  sessionChanges(since: $since, filter: $filter) { seq kind sessionId session { id title isArchived savedAt } }
}
"""
_PAGE = """
query ($first: Int!, $after: String) {
  sessions(first: $first, after: $after, filter: {archived: ANY}) {
    nodes { id title isArchived savedAt } changeSeq pageInfo { hasNextPage endCursor }
  }
}
"""

Change = dict[str, Any]
Row = dict[str, Any]


async def change_seq(client: Client) -> int:
    """The current position in the list of changes."""
    seq: int = (await client.data("{ sessions(first: 1) { changeSeq } }"))["sessions"]["changeSeq"]
    return seq


class Changes:
    """The changes that a subscription sends."""

    def __init__(self, payloads: Any) -> None:
        self._payloads = payloads

    async def next(self) -> Change:
        async with asyncio.timeout(PATIENCE):
            payload = await anext(self._payloads)
        assert "errors" not in payload, payload
        change: Change = payload["data"]["sessionChanges"]
        return change

    async def kinds(self, count: int) -> list[tuple[str, str]]:
        """Kind and session of the next changes."""
        changes = [await self.next() for _ in range(count)]
        return [(change["kind"], change["sessionId"]) for change in changes]


@asynccontextmanager
async def changes(client: Client, **variables: Any) -> AsyncIterator[Changes]:
    """Subscribe until the block ends."""
    async with aclosing(client.subscribe(CHANGES, variables)) as payloads:
        yield Changes(payloads)


async def read_list(client: Client, size: int) -> tuple[dict[str, Row], int]:
    """All sessions by id, page by page, and `changeSeq` of the first page."""
    found: dict[str, Row] = {}
    after, seqs = None, []
    while True:
        page = (await client.data(_PAGE, first=size, after=after))["sessions"]
        found |= {row["id"]: row for row in page["nodes"]}
        seqs.append(page["changeSeq"])
        if not page["pageInfo"]["hasNextPage"]:
            return found, seqs[0]
        after = page["pageInfo"]["endCursor"]


def apply(change: Change, rows: dict[str, Row]) -> None:
    """Bring a list up to date, as a client does."""
    if change["session"] is None:
        rows.pop(change["sessionId"], None)
    else:
        rows[change["sessionId"]] = change["session"]
