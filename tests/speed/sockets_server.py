"""The server that `tests.speed.sockets` measures: it begins to seed at SIGUSR1, and notes when states are committed.

`python -m tests.speed.sockets_server FILE` writes JSON at its end: `commits` has each revision with its moment
(nanoseconds of the monotonic clock), `objects` how many there were at the start and when all subscribers had left.
"""

import asyncio
import contextlib
import gc
import json
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import uvicorn

from app import create_app
from server.open_streams import OpenStreams
from server.process.server import StreamingServer, server_config
from server.settings import Settings
from storage.database.database import Database
from storage.database.tables.resume_task import resume_task
from storage.database.transaction import Transaction
from storage.resume.seeding.seeder import Seeder

commits: list[tuple[int, int]] = []


class BenchServer(StreamingServer):
    """Seeds from SIGUSR1 on."""

    def __init__(self, config: uvicorn.Config, sockets: OpenStreams, seeder: Seeder, notes: Path) -> None:
        super().__init__(config, sockets)
        self._seeder = seeder
        self._notes = notes

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._seed)
        (listener,) = self.servers[0].sockets
        self._objects = objects()
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._seeder.stop()
        await self._seeding
        self._notes.write_text(json.dumps({"commits": commits, "objects": [self._objects, objects()]}), "utf-8")
        await super().shutdown(sockets)

    def _seed(self) -> None:
        self._seeding = asyncio.create_task(self._seeder.run())


def objects() -> int:
    """Blocks that Python has allocated, without garbage."""
    gc.collect()
    return sys.getallocatedblocks()


def note_commits() -> None:
    """From now on `commits` has each revision of the one resume task, and when its transaction had ended."""
    write = Database.write

    @contextlib.asynccontextmanager
    async def noted(database: Database) -> AsyncIterator[Transaction]:
        async with write(database) as transaction:
            yield transaction
            revision: Any = await transaction.connection.scalar(sa.select(sa.func.max(resume_task.c.revision)))
        commits.append((revision or 0, time.monotonic_ns()))

    Database.write = noted  # type: ignore[assignment, method-assign] # only here


def main() -> None:
    note_commits()
    given: dict[str, Any] = {"seed": False, "port": 0}
    settings = Settings(**given)
    app = create_app(settings)
    config = server_config(app, settings.limits, host=settings.host, port=settings.port)
    BenchServer(config, app.state.streams, app.state.seeder, Path(sys.argv[1])).run()


if __name__ == "__main__":
    main()
