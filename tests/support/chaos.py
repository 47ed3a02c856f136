"""A run in which anything may happen at any moment, told by one number: what clients do, what befalls servers."""

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg

from tests.support.databases import Postgres
from tests.support.documents import Document, assistant, codewhale, thinking, tool_result, tool_use, user
from tests.support.followers import PATIENCE, Clients
from tests.support.hosts import Host
from tests.support.resumes import CANCEL, DELETE, IMPORT, RESUME

GATE = 2
LEASE_SECONDS = 2.0
BATCH = 6
# Turns of a session.
SIZES = (0, 1, 3, 20, 60, 150)
CLIENTS = 6


def document(id: str, turns: int) -> Document:
    messages = []
    for number in range(turns):
        messages += [
            user(f"Ask {number}"),
            assistant(thinking("Hm."), "Let me look.", tool_use(f"t{number}", input={"number": number})),
            user(tool_result(f"t{number}", f"Found {number}", is_error=number % 7 == 0)),
            assistant(f"It is {number}."),
        ]
    return codewhale(id, messages=messages)


class Work:
    """What clients do: import, resume, follow, call off, delete, resume again, until told that it is enough."""

    def __init__(self, hosts: Sequence[Host], seed: int) -> None:
        self._seed = seed
        self._numbers = iter(range(1_000_000))
        self.clients = Clients([host.client for host in hosts], random.Random(f"{seed} clients"))
        self.turns: dict[str, int] = {}
        self.deleted: set[str] = set()
        self.done: Counter[str] = Counter()
        self.tasks = 0

    async def run(self, is_enough: Callable[[], bool]) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(self._client(is_enough))

    async def _client(self, is_enough: Callable[[], bool]) -> None:
        while not is_enough():
            number = next(self._numbers)
            await self._session(f"s{number}", random.Random(f"{self._seed} session {number}"))

    async def _session(self, id: str, chance: random.Random) -> None:
        self.turns[id] = chance.choice(SIZES)
        imported = await self.clients.insist(IMPORT, document=document(id, self.turns[id]))
        assert imported["importSession"]["userErrors"] == []
        thread_id = await self._resume(id, chance.choice([1, 1, 2, 3]))
        self.tasks += 1
        seen: list[Mapping[str, Any]] = []
        log = asyncio.create_task(self.clients.read_log(thread_id, seen))
        followers = [asyncio.create_task(self.clients.follow(thread_id)) for _ in range(chance.choice([1, 2]))]
        for deed in chance.choice([(), (), ("cancel",), ("cancel", "cancel"), ("delete",), ("cancel", "delete")]):
            await asyncio.sleep(chance.choice([0, chance.uniform(0, 1.5)]))
            self.done[deed] += 1
            if deed == "cancel":
                await self.clients.insist(CANCEL, threadId=thread_id)
                if chance.random() < 0.5:
                    await asyncio.sleep(chance.uniform(0, 0.3))
                assert await self._resume(id, 1) == thread_id
            else:
                await self._delete(id)
        ends = await asyncio.gather(*followers)
        last = await self.clients.follow(thread_id)
        assert (last["state"] == "READY") or id in self.deleted, last
        assert (last["state"], last["error"]) in [("READY", None), ("ERROR", {"code": "SESSION_DELETED"})], last
        assert all(end["state"] == "CANCELED" or end == last for end in ends), (ends, last)
        self.done[last["state"]] += 1
        await self._check_log(log, seen, last)

    async def _resume(self, id: str, times: int) -> str:
        """The thread that so many resumes at once agree on (I8)."""
        asked = [self.clients.insist(RESUME, input={"sessionId": id}) for _ in range(times)]
        payloads = [data["resumeSession"] for data in await asyncio.gather(*asked)]
        self.done["resume"] += times
        assert all(payload["userErrors"] == [] for payload in payloads), payloads
        [thread_id] = {payload["resumeTask"]["id"] for payload in payloads}
        return str(thread_id)

    async def _delete(self, id: str) -> None:
        """An answer that was lost may have been the one that said so."""
        payload = (await self.clients.insist(DELETE, id=id))["deleteSession"]
        assert payload["deletedSessionId"] == id or payload["userErrors"] == [{"code": "NOT_FOUND"}], payload
        self.deleted.add(id)
        again = (await self.clients.insist(RESUME, input={"sessionId": id}))["resumeSession"]
        assert [error["code"] for error in again["userErrors"]] == ["NOT_FOUND"], again

    async def _check_log(self, log: "asyncio.Task[None]", seen: Sequence[Mapping[str, Any]], last: Any) -> None:
        """Whoever stayed has each event once, in order (I23)."""
        entries = 1 + last["itemsWritten"] + (last["state"] == "READY")
        async with asyncio.timeout(PATIENCE):
            while len(seen) < entries and not log.done():  # noqa: ASYNC110 - the list tells nobody that it grew
                await asyncio.sleep(0.02)
        log.cancel()
        await asyncio.wait({log})
        if not log.cancelled():
            log.result()
        assert [event["seq"] for event in seen] == list(range(1, entries + 1))
        assert len({event["itemId"] for event in seen if event["itemId"]}) == last["itemsWritten"]


Blow = Callable[[Host, random.Random], Awaitable[None]]


class Disturber:
    """What befalls servers: each kind of blow as often, in an order of its own, until told that it is enough."""

    def __init__(self, hosts: Sequence[Host], seed: int, postgres: Postgres | None = None) -> None:
        self._hosts = hosts
        self._chance = random.Random(f"{seed} blows")
        self._postgres = postgres
        self._blows: dict[str, Blow] = {
            "kill -9": self._kill,
            "freeze beyond the lease": self._freeze,
            "short freeze": self._hiccup,
            "freeze, then kill -9": self._freeze_and_kill,
            "SIGTERM": self._terminate,
        }
        if postgres is not None:
            self._blows |= {
                "backends terminated": self._cut_backends,
                "PostgreSQL stopped": self._stop_postgres,
                "PostgreSQL crashed": self._crash_postgres,
            }
        self.done: Counter[str] = Counter()
        self._ailing: set[Host] = set()
        self._restarting = asyncio.Lock()
        # When somebody could begin to seed, and when again nobody could.
        self._calms = [(time.time(), math.inf)]

    @property
    def rounds(self) -> int:
        """How often each kind of blow has been dealt."""
        return min(self.done[kind] for kind in self._blows)

    def calm(self, start: float, end: float) -> float:
        """Of how many seconds between two moments a server was well, and PostgreSQL there."""
        return sum(max(0, min(end, calm[1]) - max(start, calm[0])) for calm in self._calms)

    def _look(self) -> None:
        is_calm = len(self._ailing) < len(self._hosts) and not self._restarting.locked()
        was_calm = self._calms[-1][1] == math.inf
        if is_calm and not was_calm:
            self._calms.append((time.time(), math.inf))
        elif was_calm and not is_calm:
            self._calms[-1] = (self._calms[-1][0], time.time())

    async def run(self, is_enough: Callable[[], bool]) -> None:
        """Every server is up again at the end."""
        async with asyncio.TaskGroup() as group:
            while not is_enough():
                for kind in self._chance.sample(sorted(self._blows), len(self._blows)):
                    if is_enough():
                        break
                    host = await self._healthy()
                    # The fewer there are, the longer each is let work.
                    await asyncio.sleep(self._chance.uniform(0.2, 3) / len(self._hosts))
                    group.create_task(self._deal(kind, host))

    async def _healthy(self) -> Host:
        while not (hosts := [host for host in self._hosts if host not in self._ailing]):  # noqa: ASYNC110 - nobody tells when one is up again
            await asyncio.sleep(0.02)
        host = self._chance.choice(hosts)
        self._ailing.add(host)
        self._look()
        return host

    async def _deal(self, kind: str, host: Host) -> None:
        await self._blows[kind](host, self._chance)
        self.done[kind] += 1
        self._ailing.discard(host)
        self._look()

    async def _kill(self, host: Host, chance: random.Random) -> None:
        await host.kill()
        await asyncio.sleep(chance.uniform(0, 0.5))
        await self._start(host)

    async def _freeze(self, host: Host, chance: random.Random) -> None:
        host.freeze()
        await asyncio.sleep(LEASE_SECONDS * chance.uniform(1.1, 2))
        host.thaw()

    async def _hiccup(self, host: Host, chance: random.Random) -> None:
        host.freeze()
        await asyncio.sleep(chance.uniform(0.05, LEASE_SECONDS))
        host.thaw()

    async def _freeze_and_kill(self, host: Host, chance: random.Random) -> None:
        host.freeze()
        await asyncio.sleep(LEASE_SECONDS * chance.uniform(0.5, 1.5))
        await self._kill(host, chance)

    async def _terminate(self, host: Host, _: random.Random) -> None:
        assert await host.terminate() == 0
        await self._start(host)

    async def _start(self, host: Host) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await host.start():  # noqa: ASYNC110 - PostgreSQL tells nobody that it is back
                await asyncio.sleep(0.1)

    async def _cut_backends(self, _: Host, chance: random.Random) -> None:
        """Some of all the servers' connections."""
        assert self._postgres is not None
        try:
            connection = await asyncpg.connect(self._postgres.url)
        except (OSError, asyncpg.PostgresError):
            # It is stopped: they are cut off as it is.
            return
        try:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'reprise' AND random() < $1",
                chance.choice([0.3, 1.0]),
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return
        finally:
            connection.terminate()

    async def _stop_postgres(self, _: Host, chance: random.Random) -> None:
        await self._restart_postgres("fast", chance)

    async def _crash_postgres(self, _: Host, chance: random.Random) -> None:
        await self._restart_postgres("immediate", chance)

    async def _restart_postgres(self, mode: str, chance: random.Random) -> None:
        assert self._postgres is not None
        async with self._restarting:
            self._look()
            await asyncio.to_thread(self._postgres.stop, mode)
            await asyncio.sleep(chance.uniform(0, 1.5))
            await asyncio.to_thread(self._postgres.start)
        self._look()


class Run:
    """One scenario."""

    def __init__(self, hosts: Sequence[Host], seed: int, postgres: Postgres | None = None) -> None:
        self.work = Work(hosts, seed)
        self.disturber = Disturber(hosts, seed, postgres)

    async def run(self, seconds: float, tasks: int) -> None:
        """Blows fall for so many seconds, and until each was dealt; clients go on until there are so many tasks."""
        end = time.monotonic() + seconds

        def is_calm() -> bool:
            return time.monotonic() > end and self.disturber.rounds > 0

        async with asyncio.TaskGroup() as group:
            group.create_task(self.work.run(lambda: is_calm() and self.work.tasks >= tasks))
            group.create_task(self.disturber.run(is_calm))

    def __str__(self) -> str:
        blows = ", ".join(f"{count} x {kind}" for kind, count in sorted(self.disturber.done.items()))
        deeds = ", ".join(f"{count} x {kind}" for kind, count in sorted(self.work.done.items()))
        clients = self.work.clients
        return (
            f"{self.work.tasks} tasks: {deeds}. Blows: {blows}. "
            f"{clients.refused} times the database was away, {clients.reconnects} subscriptions connected again."
        )
