"""Resume a session into a thread, or cancel a resume: one transaction each."""

import logging
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.database.bus import QUEUE, ended_topic, task_topic
from storage.database.database import Database
from storage.database.tables.resume_task import resume_task
from storage.database.tables.session import session
from storage.database.tables.thread import thread, thread_event
from storage.database.transaction import Transaction
from storage.database.types import clock
from storage.records.identifier import new_thread_id
from storage.records.resume_task import (
    CANCELED,
    QUEUED,
    READY,
    UNFINISHED,
    ResumeTaskRow,
    ended,
    resume_tasks_by_thread,
)
from storage.records.transcript_items import SEED_VERSION
from storage.resume.seeding.batch import STARTED_SEQ

log = logging.getLogger("reprise.resume")

DEFAULT_MODE = "agent"


class ResumeOptions(NamedTuple):
    """Options of a new or reused thread. None takes the session's value."""

    model: str | None = None
    mode: str | None = None
    task_type: str | None = None


class Resumed(NamedTuple):
    """Outcome of a resume. `is_reused` tells whether the linked thread was taken."""

    task: ResumeTaskRow
    is_reused: bool
    message_count: int


_locked_session = (
    sa.select(
        session.c.id,
        session.c.title,
        session.c.workspace,
        session.c.model,
        session.c.mode,
        session.c.system_prompt,
        session.c.message_count,
        session.c.newest_count,
        session.c.item_count,
        session.c.transcript_version,
        session.c.transcript_rewrites,
        session.c.thread_id,
    )
    .where(session.c.id == sa.bindparam("session_id"))
    .with_for_update()
)
_linked_task = (
    sa.select(
        resume_task.c.thread_id,
        resume_task.c.state,
        resume_task.c.items_written,
        resume_task.c.transcript_version,
        resume_task.c.transcript_rewrites,
        resume_task.c.seed_version,
    )
    .join_from(resume_task, thread, thread.c.id == resume_task.c.thread_id)
    .where(resume_task.c.thread_id == sa.bindparam("thread_id"))
    .with_for_update(of=resume_task)
)


async def workspace_of(database: Database, session_id: str) -> str | None:
    """Return the working directory of a session, or None for an unknown session. Raises Unavailable."""
    async with database.snapshot() as connection:
        return (await connection.execute(sa.select(session.c.workspace).where(session.c.id == session_id))).scalar()


async def resume_session(database: Database, session_id: str, options: ResumeOptions, task_type: str) -> Resumed | None:
    """Queue the session's thread for seeding: the linked thread if it is current, else a new one. Raises Unavailable.

    `task_type` is used for a new thread when `options` has none. Returns None for an unknown session.
    """
    async with database.write() as transaction:
        saved = (await transaction.execute(_locked_session, {"session_id": session_id})).first()
        if saved is None:
            return None
        linked = None
        if saved.thread_id is not None:
            linked = (await transaction.execute(_linked_task, {"thread_id": saved.thread_id})).first()
        if linked is not None and _is_reusable(saved, linked):
            thread_id, is_reused = saved.thread_id, True
            await _reuse(transaction, linked, options)
        else:
            thread_id, is_reused = new_thread_id(), False
            await _create(transaction, saved, thread_id, options, task_type)
    task = (await resume_tasks_by_thread(database, [thread_id]))[thread_id]
    log.info(
        "resume reused" if is_reused else "resume accepted",
        extra={
            "thread_id": thread_id,
            "state": task.state,
            "attempt": task.attempt,
            "items": task.items_total,
            "messages": saved.message_count,
        },
    )
    return Resumed(task, is_reused, saved.message_count)


def _is_reusable(saved: Any, linked: Any) -> bool:
    if linked.transcript_version == saved.transcript_version and linked.seed_version == SEED_VERSION:
        return True
    # The seeder of an unfinished task adopts a changed session by itself, unless it has written replaced messages.
    is_continuable = linked.transcript_rewrites == saved.transcript_rewrites and linked.seed_version == SEED_VERSION
    return linked.state in UNFINISHED and (linked.items_written == 0 or is_continuable)


async def _reuse(transaction: Transaction, linked: Any, options: ResumeOptions) -> None:
    given = {key: value for key, value in options._asdict().items() if value is not None}
    if given:
        await transaction.execute(
            sa.update(thread).where(thread.c.id == linked.thread_id).values(**given, updated_at=clock())
        )
    if linked.state in (*UNFINISHED, READY):
        return
    await transaction.execute(
        sa.update(resume_task)
        .where(resume_task.c.thread_id == linked.thread_id)
        .values(
            state=QUEUED,
            attempt=resume_task.c.attempt + 1,
            claims=0,
            revision=resume_task.c.revision + 1,
            error_code=None,
            error_message=None,
            queued_at=clock(),
            finished_at=None,
        )
    )
    transaction.notify(QUEUE, task_topic(linked.thread_id))


async def _create(transaction: Transaction, saved: Any, thread_id: str, options: ResumeOptions, task_type: str) -> None:
    await transaction.execute(
        sa.insert(thread).values(
            id=thread_id,
            session_id=saved.id,
            title=saved.title,
            model=options.model or saved.model,
            mode=options.mode or saved.mode or DEFAULT_MODE,
            task_type=options.task_type or task_type,
            workspace=saved.workspace,
            system_prompt=saved.system_prompt,
            created_at=clock(),
            updated_at=clock(),
        )
    )
    await transaction.execute(
        sa.insert(thread_event).values(
            thread_id=thread_id, seq=STARTED_SEQ, event="thread.started", created_at=clock(), payload="{}"
        )
    )
    await transaction.execute(
        sa.insert(resume_task).values(
            thread_id=thread_id,
            session_id=saved.id,
            state=QUEUED,
            items_written=0,
            items_total=saved.item_count,
            messages_read=0,
            message_items=0,
            messages_total=saved.newest_count,
            turns_written=0,
            turn_items=0,
            transcript_version=saved.transcript_version,
            transcript_rewrites=saved.transcript_rewrites,
            seed_version=SEED_VERSION,
            claims=0,
            attempt=1,
            revision=1,
            created_at=clock(),
            queued_at=clock(),
        )
    )
    await transaction.execute(sa.update(session).where(session.c.id == saved.id).values(thread_id=thread_id))
    transaction.notify(QUEUE)


async def cancel_resume(database: Database, thread_id: str) -> ResumeTaskRow | None:
    """Cancel the task unless it has ended, and return it; None for an unknown thread. Raises Unavailable."""
    async with database.write() as transaction:
        canceled = await transaction.execute(
            sa.update(resume_task)
            .where(resume_task.c.thread_id == thread_id, resume_task.c.state.in_(UNFINISHED))
            .values(ended(CANCELED))
            .returning(resume_task.c.thread_id)
        )
        if canceled.first() is not None:
            transaction.notify(QUEUE, task_topic(thread_id), ended_topic(thread_id))
            log.info("resume canceled", extra={"thread_id": thread_id})
    return (await resume_tasks_by_thread(database, [thread_id])).get(thread_id)
