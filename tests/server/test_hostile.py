"""Clients that mean harm: nobody without the token reads anything, and those with it keep no one waiting.

The default run takes ten seconds and always does the same. HOSTILE_MINUTES sets how long a run at random goes on
(`make soak`); HOSTILE_SEED repeats one.
"""

import asyncio
import os
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.clients import environment
from tests.support.documents import user, zagens
from tests.support.hostile import SECRET, Attackers
from tests.support.resumes import save
from tests.support.spawned import Spawned, watched

MINUTES = float(os.environ.get("HOSTILE_MINUTES", 0))
TOKEN = "sesame-1"
AT_ONCE = 4
MOST_MEGABYTES = 1_000
MOST_BUSY_SECONDS = 0.5
REQUEST_SECONDS = 5

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")


@pytest.fixture
def seed() -> int:
    number = int(os.environ.get("HOSTILE_SEED") or (random.SystemRandom().randrange(1_000_000) if MINUTES else 1))
    print(f"\nHOSTILE_SEED={number}")  # noqa: T201 - pytest shows it when the test fails
    return number


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Spawned]:
    settings = environment(tmp_path, token=TOKEN, request_seconds=REQUEST_SECONDS)
    command = [sys.executable, "-m", "tests.support.loop_watch", "serve"]
    with watched(command, {**settings, "LOOP_WATCH": str(tmp_path / "busy")}) as server:
        yield server


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def peak_megabytes(pid: int) -> int:
    """The largest amount of memory that a process has had."""
    found = re.search(r"VmHWM:\s+(\d+) kB", read(Path(f"/proc/{pid}/status")))
    assert found is not None
    return int(found[1]) // 1024


@pytest.mark.slow
async def test_nobody_reads_without_the_token_and_nobody_waits_for_long(
    seed: int, server: Spawned, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    attackers = Attackers(server.address, TOKEN, rng)
    loop = asyncio.get_running_loop()
    end = loop.time() + (60 * MINUTES or 10)

    async def attack() -> None:
        while loop.time() < end:
            await attackers.attack(max(1, min(20, end - loop.time())))

    async with Client(f"http://{server.address}", TOKEN) as client:
        session_id = await save(client, zagens("s1", SECRET.decode(), messages=[user(SECRET.decode())]))
        attacks = [asyncio.create_task(attack()) for _ in range(AT_ONCE)]
        answered = 0
        while not all(task.done() for task in attacks):
            assert (await client.http.get("/healthz")).status_code == 200
            answer = await client.data("query ($id: ID!) { session(id: $id) { title } }", id=session_id)
            assert answer == {"session": {"title": SECRET.decode()}}
            answered += 1
            await asyncio.sleep(0.1)
        await asyncio.gather(*attacks)
    megabytes, (busy, _, stack) = peak_megabytes(server.pid), read(tmp_path / "busy").partition("\n")
    print(attackers.done, f"{answered} answers, {megabytes} MB, {float(busy):.2f} s")  # noqa: T201 - what the run came to
    assert attackers.received
    assert SECRET not in attackers.received
    assert megabytes < MOST_MEGABYTES
    assert float(busy) < MOST_BUSY_SECONDS, stack
    assert "Traceback" not in read(server.log)
