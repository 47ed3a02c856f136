"""Resume task rows, and pages of them."""

import functools
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.row_types import Columns, Wanted, columns_for, reads_columns
from storage.database.tables.resume_task import resume_task
from storage.database.tables.thread import thread
from storage.database.types import KeyText, clock
from storage.records.listing import Listing, fetch_page
from storage.records.page import Page, PageRequest, Scope

QUEUED = "QUEUED"
SEEDING = "SEEDING"
READY = "READY"
ERROR = "ERROR"
CANCELED = "CANCELED"
UNFINISHED = (QUEUED, SEEDING)

SESSION_DELETED = "SESSION_DELETED"


class ResumeError(NamedTuple):
    """The reason why a task failed."""

    code: str
    message: str


class ResumeTaskRow(NamedTuple):
    """A resume task as clients see it. `seeded_session_id` is null once the session is deleted."""

    thread_id: str
    session_id: str
    seeded_session_id: str | None
    state: str
    items_written: int
    items_total: int
    error_code: str | None
    error_message: str | None
    attempt: int
    revision: int
    created_at: datetime
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    @reads_columns()
    def typename(self) -> str:
        """The name of the GraphQL type."""
        return "ResumeTask"

    @property
    @reads_columns("thread_id")
    def id(self) -> str:
        """The id for clients: `tsk_` and the thread's hex digits."""
        return task_id(self.thread_id)

    @property
    @reads_columns("items_written", "items_total")
    def progress(self) -> float:
        """From 0 to 1; 1 when there is nothing to write."""
        return self.items_written / self.items_total if self.items_total else 1.0

    @property
    @reads_columns("state", "error_code", "error_message")
    def error(self) -> ResumeError | None:
        """The error, in state ERROR only."""
        if self.state != ERROR:
            return None
        return ResumeError(self.error_code or "INTERNAL", self.error_message or "")

    @property
    @reads_columns("state")
    def is_final(self) -> bool:
        """Whether the state can only be changed by a new resume."""
        return self.state not in UNFINISHED


def task_id(thread_id: str) -> str:
    """The id of the task of a thread: `tsk_` and the thread's hex digits."""
    return f"tsk_{thread_id.removeprefix('thr_')}"


DELETED_MESSAGE = "The session was deleted before all of it was read."


def ended(state: str, error_code: str | None = None, error_message: str | None = None) -> dict[str, object]:
    """The column values of a task that ends in ERROR or CANCELED."""
    return {
        "state": state,
        "error_code": error_code,
        "error_message": error_message,
        "owner": None,
        "lease_until": None,
        "finished_at": clock(),
        "revision": resume_task.c.revision + 1,
    }


_WITH_THREADS = resume_task.join(thread, thread.c.id == resume_task.c.thread_id)
columns = {
    name: thread.c.session_id.label(name) if name == "seeded_session_id" else resume_task.c[name]
    for name in ResumeTaskRow._fields
}


@functools.lru_cache(maxsize=64)
def _by_thread(wanted: Columns, *, is_sqlite: bool) -> CompiledSelect[ResumeTaskRow]:
    statement = sa.select(*(columns[name] for name in wanted)).select_from(_WITH_THREADS)
    statement = statement.where(is_any_of(resume_task.c.thread_id, "thread_ids"))
    return CompiledSelect(statement, ResumeTaskRow, wanted, is_sqlite=is_sqlite)


async def resume_tasks_by_thread(
    database: Database, thread_ids: Sequence[str], wanted: Wanted = None
) -> dict[str, ResumeTaskRow]:
    """The tasks of these threads by thread id; threads without a task are left out. Raises Unavailable."""
    select = _by_thread(columns_for(ResumeTaskRow, wanted, ("thread_id",)), is_sqlite=database.is_sqlite)
    return {row.thread_id: row for row in await database.read(select, thread_ids=thread_ids)}


async def resume_task_page(
    database: Database,
    request: PageRequest,
    states: Sequence[str] | None,
    session_id: str | None = None,
    wanted: Wanted = None,
) -> Page[ResumeTaskRow]:
    """A page of the tasks, newest first, filtered by `states` and by session unless these are None.

    Raises InvalidCursor and Unavailable.
    """
    chosen = None if states is None else sorted(set(states))
    scope = Scope("resumeTasks", chosen, session_id)
    given = {"states": chosen, "session_id": session_id}
    values = {name: value for name, value in given.items() if value is not None}
    return await fetch_page(database, _listing(tuple(values)), values, request, scope, wanted)


@functools.lru_cache
def _listing(names: tuple[str, ...]) -> Listing:
    """The list of tasks that meet these conditions."""
    return Listing(
        row_type=ResumeTaskRow,
        source=_WITH_THREADS,
        columns=columns,
        condition=sa.and_(sa.true(), *(_CONDITIONS[name] for name in names)),
        order=(resume_task.c.created_at, resume_task.c.thread_id),
        is_descending=True,
    )


_CONDITIONS: dict[str, sa.ColumnElement[bool]] = {
    "states": is_any_of(resume_task.c.state, "states"),
    "session_id": resume_task.c.session_id == sa.bindparam("session_id", type_=KeyText),
}


async def unfinished_counts(database: Database) -> dict[str, int]:
    """The numbers of QUEUED and SEEDING tasks. Raises Unavailable."""
    statement = (
        sa.select(resume_task.c.state, sa.func.count().label("tasks"))
        .where(resume_task.c.state.in_(UNFINISHED))
        .group_by(resume_task.c.state)
    )
    async with database.snapshot() as connection:
        counts = {row.state: row.tasks for row in await connection.execute(statement)}
    return {state: counts.get(state, 0) for state in UNFINISHED}


class QueuePosition(NamedTuple):
    """The number of queued tasks ahead of a thread's task."""

    thread_id: str
    position: int


@functools.lru_cache
def _positions(*, is_sqlite: bool) -> CompiledSelect[QueuePosition]:
    ahead = resume_task.alias("ahead")
    count = (
        sa.select(sa.func.count())
        .where(ahead.c.state == QUEUED)
        .where(
            sa.tuple_(ahead.c.queued_at, ahead.c.thread_id)
            < sa.tuple_(resume_task.c.queued_at, resume_task.c.thread_id)
        )
        .correlate(resume_task)
        .scalar_subquery()
        .label("position")
    )
    statement = (
        sa.select(resume_task.c.thread_id, count)
        .where(is_any_of(resume_task.c.thread_id, "thread_ids"))
        .where(resume_task.c.state == QUEUED)
    )
    return CompiledSelect(statement, QueuePosition, QueuePosition._fields, is_sqlite=is_sqlite)


async def queue_positions(database: Database, thread_ids: Sequence[str]) -> dict[str, int]:
    """The number of queued tasks ahead of each queued one, by thread id. Raises Unavailable."""
    rows = await database.read(_positions(is_sqlite=database.is_sqlite), thread_ids=thread_ids)
    return {row.thread_id: row.position for row in rows}
