"""Sessions as clients read, rename, archive and delete them."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.bus import QUEUE, ended_topic, task_topic
from storage.database import Database
from storage.folded import fold, title_columns
from storage.page import Page, PageRequest, fetch_page
from storage.resume_task import DELETED_MESSAGE, ERROR, SESSION_DELETED, UNFINISHED, ended
from storage.search.index import forget_session, index_title
from storage.tables import message, resume_task, session, thread
from storage.types import clock, position_of


class SessionRow(NamedTuple):
    """A saved session as clients see it."""

    id: str
    source: str
    title: str
    workspace: str
    model: str
    mode: str | None
    system_prompt: str | None
    is_archived: bool
    message_count: int
    total_tokens: int
    created_at: datetime
    updated_at: datetime
    parent_id: str | None
    thread_id: str | None
    title_key: str
    number: int


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open span of time; None leaves an end open."""

    start: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions count in. What is None does not narrow; `archived` is ACTIVE, ARCHIVED or ANY."""

    archived: str = "ACTIVE"
    title_contains: str | None = None
    workspace: str | None = None
    models: Sequence[str] | None = None
    sources: Sequence[str] | None = None
    created_at: Span | None = None
    updated_at: Span | None = None


_ORDERS = {
    "UPDATED_AT": session.c.updated_at,
    "CREATED_AT": session.c.created_at,
    "TITLE": session.c.title_key,
    "MESSAGE_COUNT": session.c.message_count,
    "TOTAL_TOKENS": session.c.total_tokens,
}
_sessions = sa.select(*(session.c[name] for name in SessionRow._fields))
_by_id = _sessions.where(session.c.id.in_(sa.bindparam("ids", expanding=True)))


async def sessions_by_id(database: Database, ids: Sequence[str]) -> dict[str, SessionRow]:
    """The sessions with these ids, by id; those that are not there are left out. Raises Unavailable."""
    async with database.read() as connection:
        rows = await connection.execute(_by_id, {"ids": list(ids)})
    return {row.id: SessionRow._make(row) for row in rows}


async def session_page(
    database: Database, request: PageRequest, narrowed: SessionFilter, field: str, direction: str
) -> Page[SessionRow]:
    """Sessions in the order of a field, then of their ids. Raises InvalidCursor and Unavailable."""
    condition = sa.and_(sa.true(), *filter_conditions(narrowed))
    column = _ORDERS[field]
    return await fetch_page(
        database,
        request,
        scope=("sessions", field, astuple(narrowed)),
        statement=_sessions.where(condition),
        total=sa.select(sa.func.count()).select_from(session).where(condition),
        order=(column, session.c.id),
        descending=direction == "DESC",
        row_type=SessionRow,
        key_of=lambda row: (getattr(row, column.key), row.id),
    )


def filter_conditions(narrowed: SessionFilter) -> list[ColumnElement[bool]]:
    """What a row of `session` must meet."""
    conditions: list[ColumnElement[bool]] = []
    if narrowed.archived != "ANY":
        conditions.append(
            session.c.is_archived == sa.literal_column("true" if narrowed.archived == "ARCHIVED" else "false")
        )
    if narrowed.title_contains:
        conditions.append(position_of(fold(narrowed.title_contains), session.c.title_folded) > 0)
    if narrowed.workspace is not None:
        conditions.append(session.c.workspace == narrowed.workspace)
    if narrowed.models is not None:
        conditions.append(session.c.model.in_(narrowed.models))
    if narrowed.sources is not None:
        conditions.append(session.c.source.in_(narrowed.sources))
    for column, span in ((session.c.created_at, narrowed.created_at), (session.c.updated_at, narrowed.updated_at)):
        if span is not None and span.start is not None:
            conditions.append(column >= span.start)
        if span is not None and span.until is not None:
            conditions.append(column < span.until)
    return conditions


async def update_session(
    database: Database, session_id: str, title: str | None, is_archived: bool | None
) -> SessionRow | None:
    """Rename, archive or both; None leaves a thing as it is. None when there is no such session. Raises Unavailable."""
    values: dict[str, object] = {}
    if title is not None:
        values |= {**title_columns(title), "is_renamed": True}
    if is_archived is not None:
        values["is_archived"] = is_archived
    if not values:
        return (await sessions_by_id(database, [session_id])).get(session_id)
    statement = (
        sa.update(session)
        .where(session.c.id == session_id)
        .values(values)
        .returning(*(session.c[name] for name in SessionRow._fields))
    )
    async with database.write() as transaction:
        row = (await transaction.execute(statement)).first()
        if row is not None and title is not None:
            await index_title(transaction, row.number, title)
    return None if row is None else SessionRow._make(row)


async def delete_session(database: Database, session_id: str) -> bool:
    """Whether there was such a session. Its messages go with it, its threads stay. Raises Unavailable.

    A task that has not ended fails with SESSION_DELETED; the batch that is being written waits or is waited for.
    """
    async with database.write() as transaction:
        found = await transaction.execute(
            sa.select(session.c.number).where(session.c.id == session_id).with_for_update()
        )
        number = found.scalar()
        if number is None:
            return False
        stopped = await transaction.execute(
            sa.update(resume_task)
            .where(resume_task.c.session_id == session_id, resume_task.c.state.in_(UNFINISHED))
            .values(ended(ERROR, SESSION_DELETED, DELETED_MESSAGE))
            .returning(resume_task.c.thread_id)
        )
        transaction.notify(QUEUE, *(topic(id) for (id,) in stopped for topic in (task_topic, ended_topic)))
        await transaction.execute(
            sa.update(thread).where(thread.c.session_id == session_id).values(session_id=None, updated_at=clock())
        )
        await forget_session(transaction, number)
        await transaction.execute(sa.delete(message).where(message.c.session_id == session_id))
        await transaction.execute(sa.delete(session).where(session.c.id == session_id))
        return True
