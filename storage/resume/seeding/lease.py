"""Leases: the right to write into a thread, a lease on the resume task's own row that is taken at a gate.

Claims are serial, since each first updates the gate's row. A queued task is claimed only while fewer tasks than the
gate's capacity are SEEDING, whichever process owns them, so a task whose owner froze keeps its place until another
process takes it over. All times come from the database's clock.
"""

import functools
import uuid
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.database.bus import QUEUE, ended_topic, task_topic
from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.tables.resume_task import resume_task, seed_gate
from storage.database.tables.session import session
from storage.database.transaction import DatabaseConnection, Transaction
from storage.database.types import clock
from storage.records.resume_task import ERROR, QUEUED, READY, SEEDING, ended
from storage.resume.seeding.batch import Cursor

task = resume_task.c


class Claim(NamedTuple):
    """A task that `owner` may seed until its lease expires. Each claim has an owner of its own.

    `claims` counts the claims since the task's last committed batch, this one included.
    """

    thread_id: str
    owner: str
    claims: int


class HeldLease(NamedTuple):
    """The cursor of a resume task, read under a row lock by the owner of its lease. `now` is the database's time."""

    session_id: str
    messages_read: int
    message_items: int
    items_written: int
    turns_written: int
    turn_items: int
    messages_total: int
    items_total: int
    transcript_version: int
    transcript_rewrites: int
    seed_version: int
    attempt: int
    now: datetime

    @property
    def cursor(self) -> Cursor:
        """How far the thread is written."""
        return Cursor._make(self[1:6])


_other = resume_task.alias("other")
MAX_LEASE_SECONDS = 3600


CLOCK_TOLERANCE_SECONDS = 5
"""How much the database's clock may go back before leases that were taken earlier count as expired."""


def is_ahead(columns: Any) -> sa.ColumnElement[bool]:
    """Whether a lease was taken in the future, since the clock went back. Never null."""
    return sa.and_(columns.leased_at.is_not(None), columns.leased_at > clock(CLOCK_TOLERANCE_SECONDS))


def has_expired(columns: Any) -> sa.ColumnElement[bool]:
    """Whether the lease of a task has expired: its time is over, or lies far ahead since the clock went back."""
    return sa.or_(columns.lease_until < clock(), is_ahead(columns))


_expired = sa.and_(task.state == SEEDING, has_expired(task))
_seeding = sa.select(sa.func.count()).where(_other.c.state == SEEDING)
_live = _seeding.where(sa.not_(has_expired(_other.c)))
_capacity = sa.bindparam("capacity", type_=sa.Integer)
_claimable = sa.or_(
    sa.and_(task.state == QUEUED, _seeding.scalar_subquery() < _capacity),
    sa.and_(_expired, _live.scalar_subquery() < _capacity),
)
# Expired tasks come first: each already holds a place at the gate.
_next = (
    sa.select(task.thread_id)
    .where(_claimable)
    .order_by((task.state == QUEUED).asc(), task.queued_at, task.thread_id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_pass_gate = sa.update(seed_gate).values(claims=seed_gate.c.claims + 1).returning(seed_gate.c.capacity)
_fence = (
    task.thread_id == sa.bindparam("claimed_thread"),
    task.owner == sa.bindparam("claimed_by"),
    task.state == SEEDING,
    task.lease_until >= clock(),
)
_cursor = sa.select(*(task[name] for name in HeldLease._fields[:-1]), clock().label("now")).where(*_fence)
_hold = _cursor.with_for_update()


def _leased(seconds: float) -> dict[str, object]:
    """The column values of a lease that begins now."""
    return {"leased_at": clock(), "lease_until": clock(seconds)}


def _parameters(claim: Claim) -> dict[str, object]:
    return {"claimed_thread": claim.thread_id, "claimed_by": claim.owner}


async def set_capacity(database: Database, capacity: int) -> None:
    """Set how many tasks may be SEEDING at once over all processes. Raises Unavailable."""
    async with database.write() as transaction:
        await transaction.execute(sa.update(seed_gate).values(capacity=capacity))
        transaction.notify(QUEUE)


@functools.lru_cache
def _unclaimed(*, is_sqlite: bool) -> CompiledSelect[tuple[str]]:
    statement = sa.select(task.thread_id).where(sa.or_(task.state == QUEUED, _expired)).limit(sa.literal_column("1"))
    return CompiledSelect(statement, tuple, (), is_sqlite=is_sqlite)


async def claim(database: Database, lease_seconds: float) -> Claim | None:
    """Claim the next task; None when there is none or the gate is full. Raises Unavailable."""
    if not await database.read(_unclaimed(is_sqlite=database.is_sqlite)):
        return None
    owner = uuid.uuid4().hex
    async with database.write() as transaction:
        capacity = (await transaction.execute(_pass_gate)).scalar_one()
        thread_id = (await transaction.execute(_next, {"capacity": capacity})).scalar()
        if thread_id is None:
            return None
        claims = await transaction.execute(
            sa.update(resume_task)
            .where(task.thread_id == thread_id)
            .values(
                state=SEEDING,
                owner=owner,
                claims=task.claims + 1,
                **_leased(lease_seconds),
                started_at=sa.func.coalesce(task.started_at, clock()),
                # A takeover changes nothing that clients see.
                revision=task.revision + sa.case((task.state == QUEUED, 1), else_=0),
            )
            .returning(task.claims)
        )
        count = claims.scalar_one()
        transaction.notify(task_topic(thread_id))
    return Claim(thread_id, owner, count)


async def read_cursor(connection: DatabaseConnection, claim: Claim) -> HeldLease | None:
    """Read the cursor without a lock; None when the lease has expired or the task was canceled, ended or taken over."""
    row = (await connection.execute(_cursor, _parameters(claim))).first()
    return None if row is None else HeldLease._make(row)


async def renew(database: Database, claim: Claim, lease_seconds: float) -> None:
    """Renew a live lease. Raises Unavailable."""
    async with database.write() as transaction:
        await transaction.execute(
            sa.update(resume_task).where(*_fence).values(_leased(lease_seconds)), _parameters(claim)
        )


async def hold(transaction: Transaction, claim: Claim) -> HeldLease | None:
    """Lock the claimed task's row; None when the lease has expired or the task was canceled, ended or taken over."""
    row = (await transaction.execute(_hold, _parameters(claim))).first()
    return None if row is None else HeldLease._make(row)


@functools.lru_cache(maxsize=16)
def _advance(lease_seconds: float, *, is_last: bool) -> sa.Executable:
    """The statement of `advance`. Building it for each batch would take longer than the database needs to run it."""
    is_unchanged = sa.exists().where(
        session.c.id == sa.bindparam("held_session"),
        session.c.transcript_version == sa.bindparam("held_transcript_version"),
    )
    values: dict[str, object] = {
        **_leased(lease_seconds),
        **{name: sa.bindparam(f"new_{name}") for name in Cursor._fields},
        "revision": task.revision + 1,
        "claims": 0,
    }
    if is_last:
        values |= {"state": READY, "owner": None, "lease_until": None, "finished_at": clock()}
    return sa.update(resume_task).where(*_fence, is_unchanged).values(values).returning(task.thread_id)


async def advance(
    transaction: Transaction, claim: Claim, held: HeldLease, lease_seconds: float, cursor: Cursor, *, is_last: bool
) -> bool:
    """Move the cursor and renew the lease, or end the task as READY if it `is_last`.

    False when the lease has expired or the session has another version.
    """
    given = {
        **_parameters(claim),
        "held_session": held.session_id,
        "held_transcript_version": held.transcript_version,
        **{f"new_{name}": value for name, value in cursor._asdict().items()},
    }
    moved = await transaction.execute(_advance(lease_seconds, is_last=is_last), given)
    transaction.notify(task_topic(claim.thread_id))
    if is_last:
        transaction.notify(ended_topic(claim.thread_id), QUEUE)
    return moved.first() is not None


async def adopt(transaction: Transaction, claim: Claim, values: dict[str, object]) -> None:
    """Make the task seed the session's current version. The row must be locked by `hold`."""
    await transaction.execute(
        sa.update(resume_task).where(task.thread_id == claim.thread_id).values(revision=task.revision + 1, **values)
    )
    transaction.notify(task_topic(claim.thread_id))


async def fail(database: Database, claim: Claim, code: str, message: str) -> None:
    """End the task in ERROR if this claim still owns it. Raises Unavailable."""
    async with database.write() as transaction:
        await transaction.execute(
            sa.update(resume_task)
            .where(task.thread_id == claim.thread_id, task.owner == claim.owner, task.state == SEEDING)
            .values(ended(ERROR, code, message))
        )
        transaction.notify(task_topic(claim.thread_id), ended_topic(claim.thread_id), QUEUE)


async def release(database: Database, claim: Claim) -> None:
    """Give up the lease, so that the next claim continues the task at once. Raises Unavailable."""
    async with database.write() as transaction:
        await transaction.execute(
            sa.update(resume_task)
            .where(task.thread_id == claim.thread_id, task.owner == claim.owner, task.state == SEEDING)
            # A claim that was given up in good order is not one that failed.
            .values(owner=None, lease_until=clock(-1), claims=sa.case((task.claims > 0, task.claims - 1), else_=0))
        )
        transaction.notify(QUEUE)
