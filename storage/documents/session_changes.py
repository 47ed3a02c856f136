"""Changes to a stored session: rename, archive and delete."""

import sqlalchemy as sa

from storage.archive.transcripts import delete_transcripts, lock_archive, transcripts_of_session
from storage.database.bus import QUEUE, ended_topic, task_topic
from storage.database.database import Database
from storage.database.tables import message, resume_task, session, thread, tombstone
from storage.database.types import clock
from storage.records.casefold import title_columns
from storage.records.resume_task import DELETED_MESSAGE, ERROR, SESSION_DELETED, UNFINISHED, ended
from storage.records.session import SessionRow, sessions_by_id
from storage.search.index.compaction import compact
from storage.search.index.drafts import draft_entries, run_in_cancellable_thread
from storage.search.index.entries import entry_ids
from storage.search.index.segment_store import index_entries


async def update_session(
    database: Database, session_id: str, title: str | None, is_archived: bool | None
) -> SessionRow | None:
    """Rename or archive a session; None leaves a value as it is. None for an unknown id. Raises Unavailable."""
    values: dict[str, object] = {}
    if title is not None:
        values |= {**title_columns(title), "is_renamed": True}
    if is_archived is not None:
        values["is_archived"] = is_archived
    if not values:
        return (await sessions_by_id(database, [session_id])).get(session_id)
    statement = sa.update(session).where(session.c.id == session_id).values(values).returning(session.c.number)
    drafts = [] if title is None else await run_in_cancellable_thread(draft_entries, [[title]])
    async with database.write() as transaction:
        number = (await transaction.execute(statement)).scalar()
        if number is not None and title is not None:
            await index_entries(transaction, entry_ids(number, -1, 1), drafts)
    if title is not None:
        await compact(database)
    # Read anew, since the commit sets more of its columns.
    return (await sessions_by_id(database, [session_id])).get(session_id)


async def delete_session(database: Database, session_id: str) -> bool:
    """Delete a session for good, with its messages and transcripts; its threads stay. Returns whether it was stored.

    An unfinished resume task ends in ERROR with SESSION_DELETED; row locks order this with the batch in progress.
    Raises Unavailable.
    """
    async with database.write() as transaction:
        await lock_archive(transaction)
        locked = sa.select(session.c.source).where(session.c.id == session_id).with_for_update()
        source = (await transaction.execute(locked)).scalar()
        if source is None:
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
        await transaction.execute(sa.delete(message).where(message.c.session_id == session_id))
        transcripts = await transcripts_of_session(transaction, source, session_id)
        await delete_transcripts(transaction, [row.id for row in transcripts])
        await transaction.execute(sa.delete(session).where(session.c.id == session_id))
        await transaction.execute(sa.delete(tombstone).where(tombstone.c.session_id == session_id))
        await transaction.execute(sa.insert(tombstone).values(session_id=session_id, source=source, deleted_at=clock()))
    await compact(database)
    return True
