"""The server of one process: announces its address and shuts down on signals."""

import asyncio
import signal
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from server.open_streams import OpenStreams
from server.process.server import StreamingServer

DRAIN_SECONDS = 0.1


class SignaledServer(StreamingServer):
    """Calls `stop_seeding` on the first signal, before it waits for connections, and exits with status 0.

    `announce` is called with each socket that the server binds itself, not with those of a supervisor.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        streams: OpenStreams,
        stop_seeding: Callable[[], None],
        announce: Callable[[socket.socket], None],
    ) -> None:
        super().__init__(config, streams)
        self._stop_seeding = stop_seeding
        self._announce = announce

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets is None:
            for server in self.servers:
                for listener in server.sockets:
                    self._announce(listener)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        # Clients that connected just now are about to send a request; Uvicorn would close them at once.
        await asyncio.sleep(DRAIN_SECONDS)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: Any) -> None:
        self._loop.call_soon_threadsafe(self._stop_seeding)
        # Uvicorn's handler would raise the signal again in the end, and the exit status would be that of a failure.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def address(listener: socket.socket) -> str:
    """HOST:PORT of a listening socket, in the form of URLs."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
