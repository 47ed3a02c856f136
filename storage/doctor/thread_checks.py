"""Checks of threads and their tasks: a message, and the statement that selects the rows to report with it."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from storage.database.tables.resume_task import resume_task, seed_gate
from storage.database.tables.session import session
from storage.database.tables.thread import thread, thread_event, thread_item, turn
from storage.database.types import clock
from storage.records.resume_task import QUEUED, READY, SEEDING
from storage.resume.seeding.batch import STARTED_SEQ
from storage.resume.seeding.lease import has_expired, is_ahead

Check = tuple[str, sa.Select[Any]]

PATIENCE = 60
"""Seconds after which a task without progress counts as stuck."""


def thread_checks() -> Iterator[Check]:
    """Yield all checks. Each row that a statement selects is an inconsistency."""
    yield from _stuck_checks()
    yield from _row_checks()
    yield from _link_checks()


def _stuck_checks() -> Iterator[Check]:
    task = resume_task.c
    yield (
        "Thread {0}: its seeder's lease expired at {1}, and no process took it over. Is a seeding process running?",
        sa.select(task.thread_id, task.lease_until).where(
            task.state == SEEDING, sa.or_(task.lease_until.is_(None), task.lease_until < clock(-PATIENCE))
        ),
    )
    yield (
        "Thread {0}: its seeder's lease ends at {1}, since the clock went back. Is a seeding process running?",
        sa.select(task.thread_id, task.lease_until).where(task.state == SEEDING, is_ahead(task)),
    )
    other = resume_task.alias()
    yield (
        "Thread {0}: queued since {1} while nothing is being seeded. Is a seeding process running?",
        sa.select(task.thread_id, task.queued_at).where(
            task.state == QUEUED,
            task.queued_at < clock(-PATIENCE),
            sa.not_(sa.exists().where(other.c.state == SEEDING, sa.not_(has_expired(other.c)))),
        ),
    )
    yield (
        "The gate's capacity is {0}, so nothing can be seeded. Restart a seeding process, which sets the capacity.",
        sa.select(seed_gate.c.capacity).where(seed_gate.c.capacity < 1),
    )
    yield (
        "The gate's row is missing, so nothing can be seeded. "
        "Run INSERT INTO seed_gate (id, capacity, claims) VALUES ({0}, 1, 0).",
        sa.select(sa.literal(1)).where(sa.not_(sa.exists().select_from(seed_gate))),
    )


def _row_checks() -> Iterator[Check]:
    """Yield checks that compare a thread's rows with the counts of its task, in one statement each."""
    task = resume_task.c
    items = _count(thread_item)
    yield (
        "Thread {0}: READY with {1} of {2} items.",
        sa.select(task.thread_id, items, task.items_total).where(task.state == READY, items != task.items_total),
    )
    yield (
        "Thread {0}: has {1} items, but its task counts {2}.",
        sa.select(task.thread_id, items, task.items_written).where(task.state != READY, items != task.items_written),
    )
    turns = _count(turn)
    yield (
        "Thread {0}: has {1} turns, but its task counts {2}.",
        sa.select(task.thread_id, turns, task.turns_written).where(turns != task.turns_written),
    )
    events, last = _count(thread_event), _of_thread(thread_event, sa.func.max(thread_event.c.seq))
    expected = STARTED_SEQ + task.items_written + sa.case((task.state == READY, 1), else_=0)
    yield (
        "Thread {0}: its log has {1} events up to number {2} instead of {3}.",
        sa.select(task.thread_id, events, sa.func.coalesce(last, 0), expected).where(
            sa.or_(events != expected, sa.func.coalesce(last, 0) != expected)
        ),
    )


def _count(table: sa.Table) -> sa.ScalarSelect[int]:
    return _of_thread(table, sa.func.count())


def _of_thread(table: sa.Table, value: sa.ColumnElement[int]) -> sa.ScalarSelect[int]:
    return (
        sa.select(value)
        .select_from(table)
        .where(table.c.thread_id == resume_task.c.thread_id)
        .correlate(resume_task)
        .scalar_subquery()
    )


def _link_checks() -> Iterator[Check]:
    task = resume_task.c
    yield (
        "Session {0}: its thread {1} does not exist.",
        sa.select(session.c.id, session.c.thread_id).where(
            session.c.thread_id.is_not(None), sa.not_(sa.exists().where(thread.c.id == session.c.thread_id))
        ),
    )
    yield (
        "Session {0}: its thread {1} belongs to another session or to none.",
        sa.select(session.c.id, session.c.thread_id)
        .join_from(session, thread, thread.c.id == session.c.thread_id)
        .where(thread.c.session_id.is_distinct_from(session.c.id)),
    )
    yield (
        "Thread {0}: its session {1} does not exist.",
        sa.select(thread.c.id, thread.c.session_id).where(
            thread.c.session_id.is_not(None), sa.not_(sa.exists().where(session.c.id == thread.c.session_id))
        ),
    )
    yield (
        "Thread {0}: has no resume task and will stay incomplete. Resume its session again.",
        sa.select(thread.c.id).where(sa.not_(sa.exists().where(task.thread_id == thread.c.id))),
    )
    yield (
        "Thread {0}: does not exist, but its resume task does.",
        sa.select(task.thread_id).where(sa.not_(sa.exists().where(thread.c.id == task.thread_id))),
    )
