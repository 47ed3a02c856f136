"""The seeder: claims resume tasks as the gate allows, and writes their batches until they are READY."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import sqlalchemy as sa

from storage.database.bus import QUEUE
from storage.database.database import Database
from storage.errors import Unavailable, Unreadable
from storage.records.resume_task import READY
from storage.resume.seeding import lease
from storage.resume.seeding.idle_backends import terminate_idle_backends
from storage.resume.seeding.lease import Claim
from storage.resume.seeding.tally import ClaimProgress, SeedTally
from storage.resume.seeding.thread_writer import CannotFinish, LeaseLost, Stale, ThreadWriter

log = logging.getLogger("reprise.seeder")

BATCH_MESSAGES = 500
ITEMS_A_MESSAGE = 10
"""Items that a batch may hold for each of its messages; the rest of a longer message goes into further batches."""
LEASE_SECONDS = 5.0
MOST_CLAIMS = 5
"""Claims of a task without a committed batch, after which it ends in ERROR instead of blocking the gate for ever."""

SESSION_UNREADABLE = "SESSION_UNREADABLE"
INTERNAL = "INTERNAL"
LOST = "LOST"


class Seeder:
    """Seeds the resume tasks of one database. After `stop`, `run` releases its leases and returns.

    `around_batch` makes a context manager from the thread's id, entered for each batch.
    """

    def __init__(
        self,
        database: Database,
        *,
        gate: int = 1,
        batch_messages: int = BATCH_MESSAGES,
        items_a_message: int = ITEMS_A_MESSAGE,
        lease_seconds: float = LEASE_SECONDS,
        around_batch: Callable[[str], AbstractContextManager[object]] = contextlib.nullcontext,
    ) -> None:
        self.tally = SeedTally()
        self._database = database
        self._gate = gate
        self._batch_messages = batch_messages
        self._items_a_message = items_a_message
        self._pace = batch_messages
        self._lease_seconds = lease_seconds
        self._around_batch = around_batch
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Release all leases after the current batches."""
        self._stopping.set()

    async def run(self) -> None:
        """Claim and seed tasks until stopped. Retries while the database is unavailable."""
        seeding: set[asyncio.Task[None]] = set()
        is_capacity_set = False
        stopping = asyncio.create_task(self._stopping.wait())
        watching = asyncio.create_task(self._terminate_idle_backends(), name="reprise-idle-backends")
        with self._database.bus.subscribed(QUEUE) as woken:
            while not self._stopping.is_set():
                woken.clear()
                try:
                    if not is_capacity_set:
                        await lease.set_capacity(self._database, self._gate)
                        is_capacity_set = True
                    while not self._stopping.is_set() and (
                        claim := await lease.claim(self._database, self._lease_seconds)
                    ):
                        task = asyncio.create_task(self._seed(claim), name=f"reprise-seed-{claim.thread_id}")
                        seeding.add(task)
                        task.add_done_callback(seeding.discard)
                        task.add_done_callback(lambda _: woken.set())
                except Unavailable:
                    log.warning("database unavailable; seeder retries")
                except Exception:
                    # A failing claim must not end all seeding of this process.
                    log.exception("claim failed; seeder retries")
                await _first_of(stopping, woken, self._lease_seconds / 4)
            await asyncio.gather(*seeding)
            watching.cancel()

    async def _terminate_idle_backends(self) -> None:
        """Terminate the backends of frozen hosts, which would block their tasks and the gate."""
        while not self._database.is_sqlite:
            await asyncio.sleep(self._lease_seconds / 2)
            try:
                if count := await terminate_idle_backends(self._database):
                    log.warning("terminated %d idle backends of frozen hosts", count)
            except Unavailable:
                continue
            except sa.exc.DBAPIError:
                log.info("database cannot terminate idle backends; its own timeouts apply")
                return

    async def _seed(self, claim: Claim) -> None:
        progress = ClaimProgress(claim.thread_id)
        log.info("seeding started", extra={"thread_id": claim.thread_id})
        try:
            outcome = await self._write_batches(claim, progress)
            log.info("seeding handed over" if outcome is None else "seeding ended", extra=progress.fields(outcome))
            if outcome is not None:
                self.tally.ended[outcome] += 1
        except Unavailable:
            log.warning("database unavailable; seeding continues after its lease expires", extra=progress.fields())
        except CannotFinish as end:
            await self._fail(claim, progress, end.code, str(end))
        except Unreadable as error:
            await self._fail(claim, progress, SESSION_UNREADABLE, str(error))
        except Exception as error:
            text = "Internal server error. The server's log has the details under the thread's id."
            await self._fail(claim, progress, INTERNAL, text, error)

    async def _fail(
        self, claim: Claim, progress: ClaimProgress, code: str, text: str, fault: Exception | None = None
    ) -> None:
        level = logging.ERROR if fault else logging.WARNING
        log.log(level, "seeding failed", extra={**progress.fields(code), "reason": text}, exc_info=fault)
        self.tally.ended[code] += 1
        with contextlib.suppress(Unavailable):
            # If the database is unavailable now, the next claim fails in the same way.
            await lease.fail(self._database, claim, code, text)

    async def _write_batches(self, claim: Claim, progress: ClaimProgress) -> str | None:
        """Return READY once the thread is complete, LOST when the claim lost its task, None when it released it."""
        if claim.claims > MOST_CLAIMS:
            raise CannotFinish(INTERNAL, f"Seeding stopped {MOST_CLAIMS} times without progress. Resume it again.")
        async with ThreadWriter(self._database, claim, self._lease_seconds) as writer:
            while not self._stopping.is_set():
                began = time.monotonic()
                try:
                    with self._around_batch(claim.thread_id):
                        written = await writer.write(self._pace, self._pace * self._items_a_message)
                except Stale:
                    self._pace = max(1, self._pace // 2)
                    continue
                except LeaseLost:
                    return LOST
                seconds = time.monotonic() - began
                self._set_pace(seconds)
                progress.add(written.before, written.batch, seconds)
                self.tally.add(written.before, written.batch, seconds)
                if written.is_last:
                    return READY
        await lease.release(self._database, claim)
        return None

    def _set_pace(self, seconds: float) -> None:
        # A batch must end well within its lease, also on a slow disk.
        if seconds > self._lease_seconds / 4:
            self._pace = max(1, self._pace // 2)
        elif seconds < self._lease_seconds / 16:
            self._pace = min(self._batch_messages, self._pace * 2)


async def _first_of(stopping: asyncio.Task[bool], woken: asyncio.Event, seconds: float) -> None:
    waiting = asyncio.create_task(woken.wait())
    await asyncio.wait({stopping, waiting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
