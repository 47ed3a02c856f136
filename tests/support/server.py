"""A server in the test's event loop, with real sockets."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette

from server.open_streams import OpenStreams
from server.process.server import StreamingServer, server_config
from tests.support.client import Client
from tests.support.server_steps import loop_kept_free

# Seconds until a start or stop that hangs fails its test.
PATIENCE = 60
# Factor for Uvicorn's pauses when it stops, which take a tenth of a second for each of hundreds of servers.
PAUSE = 0.05


@dataclass(frozen=True)
class Served:
    """A running server: its address without a path, its application, a client for it."""

    url: str
    app: Starlette
    client: Client


class Server(StreamingServer):
    """The application's server; an event stops it, and signals are left to pytest."""

    def __init__(self, config: uvicorn.Config, sockets: OpenStreams) -> None:
        super().__init__(config, sockets)
        self.up = asyncio.Event()
        self.stop = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit as refusal:
            # It would end pytest; uvicorn has logged why the application did not start.
            raise RuntimeError("the application did not start") from refusal
        self.up.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.stop.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Asyncio:
    """Stands for the module asyncio in Uvicorn's server, with shorter sleeps."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(PAUSE * seconds)


vars(uvicorn.server)["asyncio"] = _Asyncio()


@contextlib.asynccontextmanager
async def serving(database_url: str, **settings: Any) -> AsyncIterator[Served]:
    """Serve a database until the block ends; `settings` are fields of Settings.

    Raises RuntimeError if the application does not start, and LoopHeld if it held the event loop for long.
    """
    # Imported here: tests that need no server run without app.py too.
    from app import create_app
    from server.settings import Settings

    given = Settings(database_url=database_url, **settings)
    app = create_app(given)
    with loop_kept_free(), socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = server_config(app, given.limits, lifespan="on", timeout_graceful_shutdown=PATIENCE)
        server = Server(config, app.state.streams)
        running = asyncio.create_task(server.serve([listener]))
        try:
            await started(server, running)
            async with Client(url, settings.get("token")) as client:
                yield Served(url, app, client)
        finally:
            server.stop.set()
            async with asyncio.timeout(PATIENCE):
                await running


async def started(server: Server, running: asyncio.Task[None]) -> None:
    """Wait until the server accepts requests. Raises the error that kept it from starting."""
    up = asyncio.create_task(server.up.wait())
    async with asyncio.timeout(PATIENCE):
        await asyncio.wait((up, running), return_when=asyncio.FIRST_COMPLETED)
    up.cancel()
    if running.done():
        await running
