"""Chaos runs: clients work while servers and PostgreSQL fail at random.

One seed decides what clients do and which faults are injected in which order. When each of it happens also depends on
how fast the machine is, so that two runs with one seed resemble each other without being the same.
"""

import asyncio
import itertools
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


class Workload:
    """Clients that import, resume, follow, cancel and delete sessions until `is_enough` says so."""

    def __init__(self, hosts: Sequence[Host], seed: int) -> None:
        self._seed = seed
        self._numbers = itertools.count()
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
        for action in chance.choice([(), (), ("cancel",), ("cancel", "cancel"), ("delete",), ("cancel", "delete")]):
            await asyncio.sleep(chance.choice([0, chance.uniform(0, 1.5)]))
            self.done[action] += 1
            if action == "cancel":
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
        """Send `times` resumes at once, which must return the same thread; return its id."""
        asked = [self.clients.insist(RESUME, input={"sessionId": id}) for _ in range(times)]
        payloads = [data["resumeSession"] for data in await asyncio.gather(*asked)]
        self.done["resume"] += times
        assert all(payload["userErrors"] == [] for payload in payloads), payloads
        [thread_id] = {payload["resumeTask"]["threadId"] for payload in payloads}
        return str(thread_id)

    async def _delete(self, id: str) -> None:
        """Delete a session. NOT_FOUND is right too: the response to an earlier attempt may have been lost."""
        payload = (await self.clients.insist(DELETE, id=id))["deleteSession"]
        assert payload["deletedSessionId"] == id or payload["userErrors"] == [{"code": "NOT_FOUND"}], payload
        self.deleted.add(id)
        again = (await self.clients.insist(RESUME, input={"sessionId": id}))["resumeSession"]
        assert [error["code"] for error in again["userErrors"]] == ["NOT_FOUND"], again

    async def _check_log(self, log: "asyncio.Task[None]", seen: Sequence[Mapping[str, Any]], last: Any) -> None:
        """Assert that a subscriber who stayed has received each event once and in order."""
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


Fault = Callable[[Host, random.Random], Awaitable[None]]


class FaultInjector:
    """Injects every kind of fault equally often, in random order, until `is_enough` says so."""

    def __init__(self, hosts: Sequence[Host], seed: int, postgres: Postgres | None = None) -> None:
        self._hosts = hosts
        self._seed = seed
        self._chance = random.Random(f"{seed} faults")
        self._postgres = postgres
        self._faults: dict[str, Fault] = {
            "kill -9": self._kill,
            "freeze beyond the lease": self._freeze,
            "short freeze": self._freeze_briefly,
            "freeze, then kill -9": self._freeze_and_kill,
            "SIGTERM": self._terminate,
        }
        if postgres is not None:
            self._faults |= {
                "backends terminated": self._terminate_backends,
                "PostgreSQL stopped": self._stop_postgres,
                "PostgreSQL crashed": self._crash_postgres,
            }
        self.done: Counter[str] = Counter()
        self._faulty: set[Host] = set()
        self._restarting = asyncio.Lock()
        # Spans of time in which at least one host and PostgreSQL were healthy.
        self._healthy_spans = [(time.time(), math.inf)]

    @property
    def rounds(self) -> int:
        """How often each kind of fault has been injected at least."""
        return min(self.done[kind] for kind in self._faults)

    def healthy_seconds(self, start: float, end: float) -> float:
        """Seconds between two moments in which at least one host and PostgreSQL were healthy."""
        return sum(max(0, min(end, span[1]) - max(start, span[0])) for span in self._healthy_spans)

    def _note_health(self) -> None:
        is_healthy = len(self._faulty) < len(self._hosts) and not self._restarting.locked()
        was_healthy = self._healthy_spans[-1][1] == math.inf
        if is_healthy and not was_healthy:
            self._healthy_spans.append((time.time(), math.inf))
        elif was_healthy and not is_healthy:
            self._healthy_spans[-1] = (self._healthy_spans[-1][0], time.time())

    async def run(self, is_enough: Callable[[], bool]) -> None:
        """Inject faults; when this returns, every host has been started again."""
        numbers = itertools.count()
        async with asyncio.TaskGroup() as group:
            while not is_enough():
                for kind in self._chance.sample(sorted(self._faults), len(self._faults)):
                    if is_enough():
                        break
                    host = await self._healthy_host()
                    # The fewer hosts there are, the longer each works undisturbed.
                    await asyncio.sleep(self._chance.uniform(0.2, 3) / len(self._hosts))
                    # Its own generator: faults overlap, and their order of draws depends on the machine.
                    chance = random.Random(f"{self._seed} fault {next(numbers)}")
                    group.create_task(self._inject(kind, host, chance))

    async def _healthy_host(self) -> Host:
        while not (hosts := [host for host in self._hosts if host not in self._faulty]):  # noqa: ASYNC110 - no event says that a host is up again
            await asyncio.sleep(0.02)
        host = self._chance.choice(hosts)
        self._faulty.add(host)
        self._note_health()
        return host

    async def _inject(self, kind: str, host: Host, chance: random.Random) -> None:
        await self._faults[kind](host, chance)
        self.done[kind] += 1
        self._faulty.discard(host)
        self._note_health()

    async def _kill(self, host: Host, chance: random.Random) -> None:
        await host.kill()
        await asyncio.sleep(chance.uniform(0, 0.5))
        await self._start(host)

    async def _freeze(self, host: Host, chance: random.Random) -> None:
        host.freeze()
        await asyncio.sleep(LEASE_SECONDS * chance.uniform(1.1, 2))
        host.thaw()

    async def _freeze_briefly(self, host: Host, chance: random.Random) -> None:
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
            while not await host.start():  # noqa: ASYNC110 - no event says that PostgreSQL is up again
                await asyncio.sleep(0.1)

    async def _terminate_backends(self, _: Host, chance: random.Random) -> None:
        """Terminate some or all of the servers' database connections."""
        assert self._postgres is not None
        share = chance.choice([0.3, 1.0])
        try:
            connection = await asyncpg.connect(self._postgres.url)
        except (OSError, asyncpg.PostgresError):
            # PostgreSQL is stopped, which has ended all connections.
            return
        try:
            backends = await connection.fetch(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'reprise' ORDER BY pid"
            )
            chosen = [row["pid"] for row in backends if chance.random() < share]
            await connection.execute("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid", chosen)
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
            self._note_health()
            await asyncio.to_thread(self._postgres.stop, mode)
            await asyncio.sleep(chance.uniform(0, 1.5))
            await asyncio.to_thread(self._postgres.start)
        self._note_health()


class Run:
    """One chaos run: a workload and the faults injected meanwhile."""

    def __init__(self, hosts: Sequence[Host], seed: int, postgres: Postgres | None = None) -> None:
        self.workload = Workload(hosts, seed)
        self.faults = FaultInjector(hosts, seed, postgres)

    async def run(self, seconds: float, tasks: int) -> None:
        """Inject faults for `seconds` and until each kind occurred; clients continue until they have `tasks`."""
        end = time.monotonic() + seconds

        def is_over() -> bool:
            return time.monotonic() > end and self.faults.rounds > 0

        async with asyncio.TaskGroup() as group:
            group.create_task(self.workload.run(lambda: is_over() and self.workload.tasks >= tasks))
            group.create_task(self.faults.run(is_over))

    def __str__(self) -> str:
        faults = ", ".join(f"{count} x {kind}" for kind, count in sorted(self.faults.done.items()))
        actions = ", ".join(f"{count} x {kind}" for kind, count in sorted(self.workload.done.items()))
        clients = self.workload.clients
        return (
            f"{self.workload.tasks} tasks: {actions}. Faults: {faults}. The database was unavailable {clients.refused} "
            f"times, subscriptions reconnected {clients.reconnects} times."
        )
