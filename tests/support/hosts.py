"""`reprise serve` at a fixed address, to be killed, frozen and restarted."""

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


# Below the ephemeral ports, so that no client takes a server's port while it is down.
PORTS = range(20_000, 32_000)
TOKEN = "secret"


class Host:
    """A server that is always at `url` when it runs; it logs to the file `log`."""

    def __init__(self, database_url: str, log: Path, network: Network | None = None, **settings: object) -> None:
        """`settings` are fields of Settings; with a network, `url` has the address of that network."""
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
        """Start the server; False when it exits instead, as it does without a database."""
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
        """Kill the server."""
        self.signal(signal.SIGKILL)
        await self._ended()

    async def terminate(self) -> int:
        """Terminate the server; return its exit status."""
        self.signal(signal.SIGTERM)
        return await self._ended()

    def freeze(self) -> None:
        """Stop the process (SIGSTOP)."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Continue the process (SIGCONT)."""
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
