"""Ending what hosts hold that froze in the middle of a statement.

PostgreSQL ends a transaction that is idle for too long by itself, but waits for ever on a client that has sent half of
what it has to say: rows of a COPY, or a statement that it then does not run.
"""

import sqlalchemy as sa

from storage.database.database import Database

SILENT_SECONDS = 5

_end_silent = sa.text(f"""
    SELECT pg_terminate_backend(activity.pid)
    FROM pg_stat_activity AS activity
    JOIN pg_locks AS held ON held.pid = activity.pid AND held.locktype = 'transactionid' AND held.granted
    WHERE activity.datname = current_database()
        AND activity.wait_event = 'ClientRead'
        AND activity.state_change < clock_timestamp() - interval '{SILENT_SECONDS} seconds'
        AND held.transactionid IN (
            SELECT xmax FROM resume_task WHERE state = 'SEEDING' AND lease_until < clock_timestamp()
            UNION ALL
            SELECT xmax FROM seed_gate
        )
""")


async def terminate_idle_backends(database: Database) -> int:
    """End the connections that keep an expired task or the gate locked and say nothing; how many. Raises Unavailable.

    What they wrote could not be committed any more: the lease that it was written under has run out. Raises
    sqlalchemy's ProgrammingError on a database that has nothing of the kind.
    """
    async with database.read() as connection:
        return len((await connection.execute(_end_silent)).all())
