"""Deletion of sessions with their messages and transcripts, and of their threads on request."""

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa

from storage.archive.companions import write_companions
from storage.archive.transcript_rows import NewCompanion
from storage.archive.transcripts import (
    delete_transcripts,
    lock_archive,
    transcripts_by_id,
    transcripts_of_sessions,
)
from storage.database.bus import QUEUE, ended_topic, task_topic
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.tables.change import tombstone
from storage.database.tables.message import message
from storage.database.tables.resume_task import resume_task
from storage.database.tables.session import session
from storage.database.tables.thread import thread
from storage.database.transaction import Transaction
from storage.database.types import clock
from storage.errors import UnknownSessions
from storage.records.resume_task import DELETED_MESSAGE, ERROR, SESSION_DELETED, UNFINISHED, ended
from storage.records.thread_deletion import delete_threads
from storage.search.index.compaction import compact


async def delete_sessions(
    database: Database, ids: Sequence[str], *, with_threads: bool, kept: Sequence[NewCompanion] = ()
) -> None:
    """Delete all of the sessions for good, with their messages and transcripts, or none.

    `kept` are companions for transcripts of other sessions: what these continue of the deleted ones.

    Their threads stay unless `with_threads` is set; unfinished resume tasks of threads that stay end in ERROR with
    SESSION_DELETED; row locks order this with the batch in progress. Raises UnknownSessions and Unavailable.
    """
    unique = list(dict.fromkeys(ids))
    # Sorted, so that two transactions which delete the same sessions do not deadlock.
    locked = (
        sa.select(session.c.id, session.c.source)
        .where(is_any_of(session.c.id, "ids", unique))
        .order_by(session.c.id)
        .with_for_update()
    )
    async with database.write() as transaction:
        await lock_archive(transaction)
        rows = (await transaction.execute(locked)).all()
        if len(rows) != len(unique):
            raise UnknownSessions(frozenset(unique) - {row.id for row in rows})
        if with_threads:
            theirs = sa.select(thread.c.id).where(is_any_of(thread.c.session_id, "ids", unique))
            await delete_threads(transaction, (await transaction.execute(theirs)).scalars().all())
        else:
            await _leave_threads(transaction, unique)
        await transaction.execute(sa.delete(message).where(is_any_of(message.c.session_id, "ids", unique)))
        by_source: defaultdict[str, list[str]] = defaultdict(list)
        for row in rows:
            by_source[row.source].append(row.id)
        for source, its_ids in by_source.items():
            transcripts = await transcripts_of_sessions(transaction, source, its_ids)
            await delete_transcripts(transaction, [transcript.id for transcript in transcripts])
        remaining = await transcripts_by_id(transaction, [one.transcript_id for one in kept])
        await write_companions(transaction, [one for one in kept if one.transcript_id in remaining])
        await transaction.execute(sa.delete(session).where(is_any_of(session.c.id, "ids", unique)))
        await transaction.execute(sa.delete(tombstone).where(is_any_of(tombstone.c.session_id, "ids", unique)))
        if rows:
            await transaction.execute(
                sa.insert(tombstone).values(
                    session_id=sa.bindparam("id"), source=sa.bindparam("its_source"), deleted_at=clock()
                ),
                [{"id": row.id, "its_source": row.source} for row in rows],
            )
    await compact(database)


async def _leave_threads(transaction: Transaction, ids: list[str]) -> None:
    stopped = await transaction.execute(
        sa.update(resume_task)
        .where(is_any_of(resume_task.c.session_id, "ids", ids), resume_task.c.state.in_(UNFINISHED))
        .values(ended(ERROR, SESSION_DELETED, DELETED_MESSAGE))
        .returning(resume_task.c.thread_id)
    )
    transaction.notify(QUEUE, *(topic(id) for (id,) in stopped for topic in (task_topic, ended_topic)))
    await transaction.execute(
        sa.update(thread).where(is_any_of(thread.c.session_id, "ids", ids)).values(session_id=None, updated_at=clock())
    )
