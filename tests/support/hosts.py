"""`reprise serve` at one address, to be killed, frozen and started again."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import sys
from asyncio.subprocess import Process
from pathlib import Path

import httpx2

from tests.support.client import Client
from tests.support.network import Network

# Seconds until a start or an end that hangs fails its test: on a machine with much else to do a start takes a minute.
PATIENCE = 240


# Below those that systems give to clients: while a server is down, nobody else shall have its port.
PORTS = range(20_000, 32_000)
TOKEN = "secret"


class Host:
    """A machine that serves, as far as its clients can tell: always at `url`, if at all. What it says is in `log`."""

    def __init__(self, database_url: str, log: Path, network: Network | None = None, **settings: object) -> None:
        """`settings` are fields of Settings. In a network of its own it is reached by that one's address."""
        address = "127.0.0.1" if network is None else network.clients
        self._within = [] if network is None else ["ip", "netns", "exec", network.name]
        self._environment = {
            **os.environ,
            **{f"REPRISE_{name.upper()}": str(value) for name, value in settings.items()},
            "REPRISE_DATABASE_URL": database_url,
            "REPRISE_LOG_FORMAT": "json",
            "REPRISE_HOST": address,
            # Needed to listen beyond the loopback.
            "REPRISE_TOKEN": TOKEN,
        }
        self._port = _free_port()
        self.url = f"http://{address}:{self._port}"
        self.client = Client(self.url, TOKEN)
        self.log = log
        self._process: Process | None = None

    async def start(self) -> bool:
        """False when it ended instead, as it does without a database."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._within,
                Path(sys.executable).with_name("reprise"),
                *("serve", "--port", str(self._port)),
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(PATIENCE):
            while self._process.returncode is None:
                try:
                    await self.client.http.get("/healthz")
                    return True
                except httpx2.TransportError:
                    await asyncio.sleep(0.05)
        return False

    async def kill(self) -> None:
        """Ends it in the middle of what it does."""
        self.signal(signal.SIGKILL)
        await self._ended()

    async def terminate(self) -> int:
        """Asks it to end; its exit status."""
        self.signal(signal.SIGTERM)
        return await self._ended()

    def freeze(self) -> None:
        """Stops it where it is, without its knowing."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it go on from there."""
        self.signal(signal.SIGCONT)

    def signal(self, sign: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(sign)

    async def close(self) -> None:
        if self._process is not None and self._process.returncode is None:
            await self.kill()
        await self.client.http.aclose()

    async def _ended(self) -> int:
        assert self._process is not None
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()


def _free_port() -> int:
    while True:
        port = random.choice(PORTS)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
