"""Deletion of the threads of deleted sessions, which otherwise stay."""

import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.resume_task import resume_task
from storage.database.tables.thread import thread, thread_event, thread_item, turn


async def delete_orphaned_threads(database: Database) -> int:
    """Delete the threads whose sessions were deleted, and return their number. Raises Unavailable."""
    orphans = sa.select(thread.c.id).where(thread.c.session_id.is_(None))
    async with database.write() as transaction:
        # Tasks first, in the order in which the seeder locks the tables.
        for table in (resume_task, turn, thread_item, thread_event):
            await transaction.execute(sa.delete(table).where(table.c.thread_id.in_(orphans)))
        return (await transaction.execute(sa.delete(thread).where(thread.c.session_id.is_(None)))).rowcount
