"""The server of one process, from the moment it listens to the signal that ends it."""

import asyncio
import signal
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from server.open_streams import OpenStreams
from server.process.server import StreamingServer

ASKING_SECONDS = 0.1


class SignaledServer(StreamingServer):
    """Calls `stop_seeding` at the first signal, before connections are waited for, and ends with status 0.

    `announce` is called with each socket that it opens; a supervisor's it is given.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        sockets: OpenStreams,
        stop_seeding: Callable[[], None],
        announce: Callable[[socket.socket], None],
    ) -> None:
        super().__init__(config, sockets)
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
        # Who connected just before is about to ask, and Uvicorn would close on them at once.
        await asyncio.sleep(ASKING_SECONDS)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: Any) -> None:
        self._loop.call_soon_threadsafe(self._stop_seeding)
        # Uvicorn's own would end the process by the same signal at last, as if it had failed.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def address(listener: socket.socket) -> str:
    """HOST:PORT of a listening socket, as a URL has it."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
