"""Clients that do not give up: requests that are sent again, and subscriptions that reconnect as graphql-ws does."""

import asyncio
import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import httpx2
from websockets.exceptions import WebSocketException

from tests.support.client import Client, SubscriptionError

# Seconds until what never succeeds fails its test.
PATIENCE = 300
RETRY_SECONDS = 0.2
# Seconds without a word after which a follower looks whether it has missed one, and those that a word may then take.
SILENT_SECONDS, LATE_SECONDS = 12, 12
FINAL = {"READY", "CANCELED", "ERROR"}
STATE = """($threadId: ID!) {
  resumeTask(threadId: $threadId) { state attempt revision itemsWritten itemsTotal error { code } }
}"""
LOG = """subscription ($threadId: ID!, $sinceSeq: BigInt!) {
  threadEvents(threadId: $threadId, sinceSeq: $sinceSeq) { seq event itemId }
}"""
AWAY = "SERVICE_UNAVAILABLE"

State = dict[str, Any]


class Clients:
    """Of several servers, any of which may be gone at any time. `refused` counts answers that the database is away."""

    def __init__(self, clients: Sequence[Client], chance: random.Random) -> None:
        self._clients = clients
        self._chance = chance
        self.refused = 0
        self.reconnects = 0

    def any(self) -> Client:
        return self._chance.choice(self._clients)

    async def insist(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an operation, asked of one server after another until one answers."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    answer = await self.any().execute(query, variables)
                except (httpx2.TransportError, TimeoutError):
                    answer = None
                if answer is not None:
                    if "errors" not in answer:
                        data: dict[str, Any] = answer["data"]
                        return data
                    self._check_away(answer["errors"])
                await asyncio.sleep(RETRY_SECONDS)

    async def follow(self, thread_id: str) -> State:
        """The final state; asserts that states rise, whatever was missed, and that they end with a final one."""
        last: State | None = None
        async with asyncio.timeout(PATIENCE):
            while True:
                first = True
                try:
                    states = self.any().subscribe(f"subscription {STATE}", {"threadId": thread_id})
                    async with aclosing(states):
                        while payload := await self._heard(states, thread_id, last):
                            state: State = payload["data"]["resumeTask"]
                            self._check_rise(last, state, is_first=first)
                            last, first = state, False
                    assert last is not None
                    assert last["state"] in FINAL, last
                    return last
                except (OSError, WebSocketException, SubscriptionError) as error:
                    await self._again(error)

    async def _heard(
        self, states: AsyncGenerator[dict[str, Any], None], thread_id: str, last: State | None
    ) -> dict[str, Any] | None:
        """The next payload, None at the end. A socket that stays open must tell of all that happens meanwhile."""
        hearing = asyncio.ensure_future(anext(states, None))
        try:
            if not (await asyncio.wait({hearing}, timeout=SILENT_SECONDS))[0]:
                state = (await self.insist(f"query {STATE}", threadId=thread_id))["resumeTask"]
                if state != last:
                    await asyncio.wait({hearing}, timeout=LATE_SECONDS)
                    assert hearing.done(), f"{last} was all that was told until {state}"
            return await hearing
        finally:
            hearing.cancel()
            await asyncio.wait({hearing})

    def _check_rise(self, before: State | None, after: State, *, is_first: bool) -> None:
        if before is None:
            return
        rise = after["revision"] - before["revision"]
        assert rise > 0 or (is_first and rise == 0), f"{after} came after {before}"
        assert after["attempt"] > before["attempt"] or after["itemsWritten"] >= before["itemsWritten"], (before, after)

    async def read_log(self, thread_id: str, seen: list[Mapping[str, Any]]) -> None:
        """Adds each event to `seen` until cancelled, from after the last one; asserts that none is lost or doubled."""
        while True:
            since = seen[-1]["seq"] if seen else 0
            try:
                events = self.any().subscribe(LOG, {"threadId": thread_id, "sinceSeq": since})
                async with aclosing(events):
                    async for payload in events:
                        event = payload["data"]["threadEvents"]
                        assert event["seq"] == len(seen) + 1, (event, seen[-1:])
                        seen.append(event)
            except (OSError, WebSocketException, SubscriptionError) as error:
                await self._again(error)

    async def _again(self, error: Exception) -> None:
        if isinstance(error, SubscriptionError):
            self._check_away(error.errors)
        self.reconnects += 1
        await asyncio.sleep(RETRY_SECONDS)

    def _check_away(self, errors: list[dict[str, Any]]) -> None:
        codes = {error["extensions"]["code"] for error in errors}
        assert codes == {AWAY}, errors
        self.refused += 1
