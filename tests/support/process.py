"""`reprise serve` and `reprise seed` in processes of their own."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.client import Client

# Seconds until a start or an end that hangs fails its test: on a machine with much else to do a start takes a minute.
PATIENCE = 240
SERVES = rb"Listening on (http://\S+)/graphql"
SEEDS = rb"(Seeder started)"


@dataclass(frozen=True)
class Program:
    """A running `reprise serve`."""

    process: Process
    client: Client

    async def kill(self) -> None:
        """Kill the process."""
        self.process.kill()
        await self.ended()

    async def terminate(self) -> int:
        """Terminate the process; return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


@contextlib.asynccontextmanager
async def program(database_url: str, *options: str, **settings: object) -> AsyncIterator[Program]:
    """Run `reprise serve` on a free port; `settings` are fields of Settings. Killed at the end if it still runs."""
    arguments = ("serve", "--port", "0", *options)
    async with _running(database_url, arguments, settings, SERVES) as (process, url), Client(url) as client:
        yield Program(process, client)


@contextlib.asynccontextmanager
async def seeding_program(database_url: str, **settings: object) -> AsyncIterator[Process]:
    """Run `reprise seed` in the same way."""
    async with _running(database_url, ("seed",), settings, SEEDS) as (process, _):
        yield process


@contextlib.asynccontextmanager
async def _running(
    database_url: str, arguments: tuple[str, ...], settings: dict[str, object], started: bytes
) -> AsyncIterator[tuple[Process, str]]:
    environment = {f"REPRISE_{name.upper()}": str(value) for name, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("reprise"),
        *arguments,
        env={**os.environ, **environment, "REPRISE_DATABASE_URL": database_url},
        stderr=PIPE,
    )
    reading = None
    try:
        said = await _said(process, started)
        # Read on, since a full pipe would block the program.
        reading = asyncio.create_task(drain(process))
        yield process, said
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        if reading is not None:
            await reading


async def address(process: Process) -> str:
    """The address that the program prints. Raises RuntimeError with its output if it exits instead."""
    return await _said(process, SERVES)


async def _said(process: Process, pattern: bytes) -> str:
    assert process.stderr is not None
    said = b""
    async with asyncio.timeout(PATIENCE):
        async for line in process.stderr:
            said += line
            if found := re.search(pattern, line):
                return found[1].decode()
    raise RuntimeError(said.decode(errors="replace"))


async def drain(process: Process) -> None:
    assert process.stderr is not None
    while await process.stderr.read(65_536):
        pass
