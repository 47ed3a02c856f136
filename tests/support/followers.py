"""Clients that retry requests, and subscriptions that reconnect as graphql-ws does."""

import asyncio
import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import httpx2
from websockets.exceptions import WebSocketException

from tests.support.client import Client, SubscriptionError

# Seconds until an operation that never succeeds fails its test.
PATIENCE = 300
RETRY_SECONDS = 0.2
# Seconds without a message until a follower queries the state, and seconds that a late message may take after that.
IDLE_SECONDS, LATE_SECONDS = 12, 12
FINAL = {"READY", "CANCELED", "ERROR"}
STATE = """($threadId: ID!) {
  resumeTask(threadId: $threadId) { state attempt revision itemsWritten itemsTotal error { code } }
}"""
LOG = """subscription ($threadId: ID!, $sinceSeq: BigInt!) {
  threadEvents(threadId: $threadId, sinceSeq: $sinceSeq) { seq event itemId }
}"""
UNAVAILABLE = "SERVICE_UNAVAILABLE"

State = dict[str, Any]


class Clients:
    """Clients of several servers, any of which may be down. `refused` counts responses with SERVICE_UNAVAILABLE."""

    def __init__(self, clients: Sequence[Client], chance: random.Random) -> None:
        self._clients = clients
        self._chance = chance
        self.refused = 0
        self.reconnects = 0

    def any(self) -> Client:
        return self._chance.choice(self._clients)

    async def insist(self, query: str, **variables: Any) -> dict[str, Any]:
        """Execute an operation on one server after another until one responds; return its data."""
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
                    self._check_unavailable(answer["errors"])
                await asyncio.sleep(RETRY_SECONDS)

    async def follow(self, thread_id: str) -> State:
        """Follow a task to its final state; assert that states rise, and that the last one is final."""
        last: State | None = None
        async with asyncio.timeout(PATIENCE):
            while True:
                first = True
                try:
                    states = self.any().subscribe(f"subscription {STATE}", {"threadId": thread_id})
                    async with aclosing(states):
                        while payload := await self._next_payload(states, thread_id, last):
                            state: State = payload["data"]["resumeTask"]
                            self._check_rise(last, state, is_first=first)
                            last, first = state, False
                    assert last is not None
                    assert last["state"] in FINAL, last
                    return last
                except (OSError, WebSocketException, SubscriptionError) as error:
                    await self._again(error)

    async def _next_payload(
        self, states: AsyncGenerator[dict[str, Any], None], thread_id: str, last: State | None
    ) -> dict[str, Any] | None:
        """The next payload, None at the end. Asserts that a connected subscription misses no change."""
        receiving = asyncio.ensure_future(anext(states, None))
        try:
            if not (await asyncio.wait({receiving}, timeout=IDLE_SECONDS))[0]:
                state = (await self.insist(f"query {STATE}", threadId=thread_id))["resumeTask"]
                if state != last:
                    await asyncio.wait({receiving}, timeout=LATE_SECONDS)
                    assert receiving.done(), f"{last} was the last state sent, while the task is {state}"
            return await receiving
        finally:
            receiving.cancel()
            await asyncio.wait({receiving})

    def _check_rise(self, before: State | None, after: State, *, is_first: bool) -> None:
        if before is None:
            return
        rise = after["revision"] - before["revision"]
        assert rise > 0 or (is_first and rise == 0), f"{after} came after {before}"
        assert after["attempt"] > before["attempt"] or after["itemsWritten"] >= before["itemsWritten"], (before, after)

    async def read_log(self, thread_id: str, seen: list[Mapping[str, Any]]) -> None:
        """Append each event after the last of `seen` to it until cancelled; assert that none is lost or doubled."""
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
            self._check_unavailable(error.errors)
        self.reconnects += 1
        await asyncio.sleep(RETRY_SECONDS)

    def _check_unavailable(self, errors: list[dict[str, Any]]) -> None:
        codes = {error["extensions"]["code"] for error in errors}
        assert codes == {UNAVAILABLE}, errors
        self.refused += 1
