"""The seeder: claims resume tasks as the gate allows, and writes their batches until they are READY."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa

from storage.database.bus import QUEUE
from storage.database.database import Database, Transaction
from storage.database.tables import message, thread, thread_event, thread_item, turn
from storage.database.types import clock
from storage.errors import Unavailable, Unreadable
from storage.records.resume_task import DELETED_MESSAGE, READY, SESSION_DELETED
from storage.resume.seeding import lease
from storage.resume.seeding.batch import EVENT_COLUMNS, ITEM_COLUMNS, STARTED_SEQ, TURN_COLUMNS, SeedBatch, build_batch
from storage.resume.seeding.idle_backends import terminate_idle_backends
from storage.resume.seeding.lease import Claim, HeldLease
from storage.resume.seeding.plan import SeedPlan, is_current, read_plan
from storage.resume.seeding.tally import ClaimProgress, SeedTally

log = logging.getLogger("reprise.seeder")

BATCH_MESSAGES = 500
BATCH_CHARACTERS = 4_000_000
LEASE_SECONDS = 5.0

SESSION_CHANGED = "SESSION_CHANGED"
SESSION_UNREADABLE = "SESSION_UNREADABLE"
INTERNAL = "INTERNAL"
LOST = "LOST"


def _first_too_many() -> sa.ScalarSelect[int]:
    """Select the first message after `start` with which a batch would exceed BATCH_CHARACTERS."""
    upto = (
        sa.select(message.c.position, sa.func.sum(message.c.size).over(order_by=message.c.position).label("characters"))
        .where(message.c.session_id == sa.bindparam("session_id"))
        .where(message.c.position >= sa.bindparam("start"), message.c.position < sa.bindparam("end"))
        .subquery()
    )
    return (
        sa.select(sa.func.min(upto.c.position))
        .where(upto.c.characters > BATCH_CHARACTERS, upto.c.position > sa.bindparam("start"))
        .scalar_subquery()
    )


_messages = (
    sa.select(message.c.position, message.c.role, message.c.extra, message.c.content)
    .where(message.c.session_id == sa.bindparam("session_id"))
    .where(message.c.position >= sa.bindparam("start"))
    # The limit is computed before any content is read, so that no message is loaded only to be dropped.
    .where(message.c.position < sa.func.coalesce(_first_too_many(), sa.bindparam("end")))
    .order_by(message.c.position)
)
_contents = (
    sa.select(message.c.position, message.c.content)
    .where(message.c.session_id == sa.bindparam("session_id"))
    .where(message.c.position.in_(sa.bindparam("positions", expanding=True)))
)


class _Stale(Exception):
    """The lease or the session changed during a batch, which must be rolled back."""


class _CannotFinish(Exception):
    """The task must end in ERROR with `code` and a message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


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
        lease_seconds: float = LEASE_SECONDS,
        around_batch: Callable[[str], AbstractContextManager[object]] = contextlib.nullcontext,
    ) -> None:
        self.tally = SeedTally()
        self._database = database
        self._gate = gate
        self._batch_messages = batch_messages
        self._pace = batch_messages
        self._lease_seconds = lease_seconds
        self._around_batch = around_batch
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Release all leases after the current batches."""
        self._stopping.set()

    async def run(self) -> None:
        """Claim and seed tasks until stopped. Retries while the database is away."""
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
        except _CannotFinish as end:
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
            # If the database is away now, the next claim fails in the same way.
            await lease.fail(self._database, claim, code, text)

    async def _write_batches(self, claim: Claim, progress: ClaimProgress) -> str | None:
        """Return READY once the thread is complete, LOST when the claim lost its task, None when it released it."""
        plan: SeedPlan | None = None
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                with self._around_batch(claim.thread_id):
                    async with self._database.write() as transaction:
                        held = await lease.hold(transaction, claim)
                        if held is None:
                            return LOST
                        plan, held = await self._current_plan(transaction, claim, held, plan)
                        batch = await self._write_batch(transaction, claim, held, plan)
            except _Stale:
                plan = None
                self._pace = max(1, self._pace // 2)
                continue
            seconds = time.monotonic() - began
            self._set_pace(seconds)
            progress.add(held, batch, seconds)
            self.tally.add(held, batch, seconds)
            if batch.messages_read == plan.message_count:
                return READY
        await lease.release(self._database, claim)
        return None

    def _set_pace(self, seconds: float) -> None:
        # A batch must end well within its lease, also on a slow disk.
        if seconds > self._lease_seconds / 4:
            self._pace = max(1, self._pace // 2)
        elif seconds < self._lease_seconds / 16:
            self._pace = min(self._batch_messages, self._pace * 2)

    async def _current_plan(
        self, transaction: Transaction, claim: Claim, held: HeldLease, plan: SeedPlan | None
    ) -> tuple[SeedPlan, HeldLease]:
        """Return the plan of the version that the task seeds. The task adopts a newer version where it can."""
        if plan is not None and plan.transcript_version == held.transcript_version:
            return plan, held
        plan = await read_plan(transaction, held.session_id)
        if plan is None:
            raise _CannotFinish(SESSION_DELETED, DELETED_MESSAGE)
        if plan.transcript_version == held.transcript_version:
            return plan, held
        if held.messages_read > 0 and not _is_continuable(held, plan):
            raise _CannotFinish(
                SESSION_CHANGED,
                "Another import replaced the session before all of it was seeded. Resume it again.",
            )
        seeded: dict[str, Any] = {
            "items_total": plan.item_count,
            "messages_total": plan.message_count,
            "transcript_version": plan.transcript_version,
            "transcript_rewrites": plan.transcript_rewrites,
        }
        await lease.adopt(transaction, claim, seeded)
        return plan, held._replace(**seeded)

    async def _write_batch(self, transaction: Transaction, claim: Claim, held: HeldLease, plan: SeedPlan) -> SeedBatch:
        start = held.messages_read
        most = min(start + self._pace, plan.message_count)
        of_session = {"session_id": held.session_id}
        rows = (await transaction.execute(_messages, {**of_session, "start": start, "end": most})).all()
        end = start + len(rows)
        if start < most and (not rows or rows[-1].position != end - 1):
            raise await _missing(transaction, held, plan)
        elsewhere: dict[int, str] = {}
        if outside := plan.links.answered_from_outside(start, end):
            found = await transaction.execute(_contents, {**of_session, "positions": sorted(outside)})
            elsewhere = {row.position: row.content for row in found}
            if elsewhere.keys() != outside:
                raise await _missing(transaction, held, plan)
        now = transaction.instant(held.now)
        batch = await asyncio.to_thread(build_batch, claim.thread_id, held, now, plan.links, rows, elsewhere)
        await transaction.insert(turn, TURN_COLUMNS, batch.turns)
        await transaction.insert(thread_item, ITEM_COLUMNS, batch.items)
        await transaction.insert(thread_event, EVENT_COLUMNS, batch.events)
        values: dict[str, object] = {
            "messages_read": batch.messages_read,
            "items_written": batch.items_written,
            "turns_written": batch.turns_written,
            "turn_items": batch.turn_items,
        }
        if batch.messages_read == plan.message_count:
            await self._finish(transaction, claim, held, batch)
            values |= {"state": READY, "owner": None, "lease_until": None, "finished_at": clock()}
        if not await lease.advance(transaction, claim, held, self._lease_seconds, values):
            raise _Stale
        return batch

    async def _finish(self, transaction: Transaction, claim: Claim, held: HeldLease, batch: SeedBatch) -> None:
        if batch.items_written != held.items_total:
            raise RuntimeError(f"{batch.items_written} items were written, but the import counted {held.items_total}")
        await transaction.execute(
            sa.insert(thread_event).values(
                thread_id=claim.thread_id,
                seq=STARTED_SEQ + batch.items_written + 1,
                event="thread.updated",
                created_at=held.now,
                payload='{"reason":"session_resume"}',
            )
        )
        await transaction.execute(sa.update(thread).where(thread.c.id == claim.thread_id).values(updated_at=held.now))


async def _missing(transaction: Transaction, held: HeldLease, plan: SeedPlan) -> Exception:
    """Return the error for messages of the plan that are not found: an import changed them, or they are lost."""
    if await is_current(transaction, held.session_id, plan):
        return Unreadable("Messages of the session are missing.")
    return _Stale()


def _is_continuable(held: HeldLease, plan: SeedPlan) -> bool:
    """Whether the rows written so far are right for the session's newer version too."""
    if held.transcript_rewrites != plan.transcript_rewrites:
        return False
    return plan.links_before(held.messages_total).agrees_before(held.messages_read, plan.links)


async def _first_of(stopping: asyncio.Task[bool], woken: asyncio.Event, seconds: float) -> None:
    waiting = asyncio.create_task(woken.wait())
    await asyncio.wait({stopping, waiting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
