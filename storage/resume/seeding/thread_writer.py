"""Writing the thread of one claim, batch by batch.

A batch is read and built without a transaction, while a background task renews the lease. The transaction that inserts
the rows checks that the cursor, the lease and the session's version are still those that the batch was built for.
"""

import asyncio
import contextlib
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.database.background import in_background
from storage.database.database import Database
from storage.database.tables.thread import thread, thread_event, thread_item, turn
from storage.database.transaction import DatabaseConnection, Transaction
from storage.errors import Unavailable, Unreadable
from storage.records.resume_task import DELETED_MESSAGE, SESSION_DELETED
from storage.records.transcript_items import SEED_VERSION
from storage.resume.seeding import lease
from storage.resume.seeding.batch import (
    EVENT_COLUMNS,
    ITEM_COLUMNS,
    STARTED_SEQ,
    TURN_COLUMNS,
    BatchBuilder,
    SeedBatch,
)
from storage.resume.seeding.lease import Claim, HeldLease
from storage.resume.seeding.messages import Messages, read_messages
from storage.resume.seeding.plan import SeedPlan, is_current, read_plan

SESSION_CHANGED = "SESSION_CHANGED"


class Stale(Exception):
    """The lease, the cursor or the session changed during a batch, which was rolled back."""


class CannotFinish(Exception):
    """The task must end in ERROR with `code` and a message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class LeaseLost(Exception):
    """The claim no longer owns its task: the lease expired, or the task was canceled, ended or taken over."""


class WrittenBatch(NamedTuple):
    """A committed batch, and the cursor before it."""

    before: HeldLease
    batch: SeedBatch
    is_last: bool


class _State(NamedTuple):
    """The state from which the next batch is built. `adopted` holds the task's new values when it adopts a newer
    session.
    """

    held: HeldLease
    plan: SeedPlan
    builder: BatchBuilder
    adopted: dict[str, Any]


class ThreadWriter:
    """Writes the thread of a claim. `async with` renews the lease until the block ends."""

    def __init__(self, database: Database, claim: Claim, lease_seconds: float) -> None:
        self._database = database
        self._claim = claim
        self._lease_seconds = lease_seconds
        self._state: _State | None = None
        self._resources = contextlib.AsyncExitStack()

    async def __aenter__(self) -> "ThreadWriter":
        renewal = in_background(self._renew(), f"reprise-lease-{self._claim.thread_id}")
        await self._resources.enter_async_context(renewal)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._resources.aclose()

    async def write(self, most_messages: int, most_items: int) -> WrittenBatch:
        """Write the next batch. Raises Stale, LeaseLost, CannotFinish, Unreadable and Unavailable.

        After Stale the next call starts from what the database holds.
        """
        state, self._state = self._state, None
        if state is None:
            async with self._database.snapshot() as connection:
                state = await self._read_state(connection)
        messages, elsewhere = await self._read_messages(state, most_messages)
        batch = await asyncio.to_thread(state.builder.build, state.held.cursor, messages, elsewhere, most_items)
        async with self._database.write() as transaction:
            held = await lease.hold(transaction, self._claim)
            if held is None:
                raise LeaseLost
            if state.adopted:
                await lease.adopt(transaction, self._claim, state.adopted)
                held = held._replace(**state.adopted)
            if held != state.held._replace(now=held.now):
                raise Stale
            is_last = batch.cursor.messages_read == state.plan.message_count
            await self._insert(transaction, held, batch, is_last=is_last)
        self._state = _State(held._replace(**batch.cursor._asdict()), state.plan, state.builder, {})
        return WrittenBatch(held, batch, is_last)

    async def _read_state(self, connection: DatabaseConnection) -> _State:
        held = await lease.read_cursor(connection, self._claim)
        if held is None:
            raise LeaseLost
        plan = await read_plan(connection, held.session_id)
        if plan is None:
            raise CannotFinish(SESSION_DELETED, DELETED_MESSAGE)
        adopted: dict[str, Any] = {}
        if plan.transcript_version != held.transcript_version or held.seed_version != SEED_VERSION:
            if held.items_written > 0 and not _is_continuable(held, plan):
                raise CannotFinish(
                    SESSION_CHANGED,
                    "Another import replaced the session before all of it was seeded. Resume it again.",
                )
            adopted = {
                "items_total": plan.item_count,
                "messages_total": plan.message_count,
                "transcript_version": plan.transcript_version,
                "transcript_rewrites": plan.transcript_rewrites,
                "seed_version": SEED_VERSION,
            }
        builder = BatchBuilder(self._claim.thread_id, plan.links)
        return _State(held._replace(**adopted), plan, builder, adopted)

    async def _read_messages(self, state: _State, most_messages: int) -> Messages:
        """Read the messages that follow the cursor. Raises Stale when an import changed them, else Unreadable."""
        start = state.held.messages_read + state.builder.has_open_message
        end = min(start + most_messages, state.plan.message_count)
        try:
            return await read_messages(self._database, state.held.session_id, state.plan, start, end)
        except Unreadable:
            async with self._database.snapshot() as connection:
                if await is_current(connection, state.held.session_id, state.plan):
                    raise
            raise Stale from None

    async def _insert(self, transaction: Transaction, held: HeldLease, batch: SeedBatch, *, is_last: bool) -> None:
        await transaction.insert(turn, TURN_COLUMNS, batch.turns)
        await transaction.insert(thread_item, ITEM_COLUMNS, batch.items)
        await transaction.insert(thread_event, EVENT_COLUMNS, batch.events(transaction.instant(held.now)))
        if is_last:
            await self._finish(transaction, held, batch)
        if not await lease.advance(transaction, self._claim, held, self._lease_seconds, batch.cursor, is_last=is_last):
            raise Stale

    async def _finish(self, transaction: Transaction, held: HeldLease, batch: SeedBatch) -> None:
        count = batch.cursor.items_written
        if count != held.items_total:
            raise RuntimeError(f"{count} items were written, but the import counted {held.items_total}")
        await transaction.execute(
            sa.insert(thread_event).values(
                thread_id=self._claim.thread_id,
                seq=STARTED_SEQ + count + 1,
                event="thread.updated",
                created_at=held.now,
                payload='{"reason":"session_resume"}',
            )
        )
        await transaction.execute(
            sa.update(thread).where(thread.c.id == self._claim.thread_id).values(updated_at=held.now)
        )

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            # While the database is unavailable the lease may expire, which the next batch notices.
            with contextlib.suppress(Unavailable):
                await lease.renew(self._database, self._claim, self._lease_seconds)


def _is_continuable(held: HeldLease, plan: SeedPlan) -> bool:
    """Whether the rows written so far are right for the session's newer version too."""
    if held.transcript_rewrites != plan.transcript_rewrites or held.seed_version != SEED_VERSION:
        return False
    begun = held.messages_read + (held.message_items > 0)
    return plan.links_before(held.messages_total).agrees_before(begun, plan.links)
