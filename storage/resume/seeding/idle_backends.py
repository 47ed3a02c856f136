"""Termination of PostgreSQL backends whose client froze in the middle of a statement.

`idle_in_transaction_session_timeout` ends a transaction that is idle between statements, but PostgreSQL waits without a
limit for a client that has sent half of a statement or of a COPY.
"""

import sqlalchemy as sa

from storage.database.database import Database

IDLE_SECONDS = 5

_terminate = sa.text(f"""
    SELECT pg_terminate_backend(activity.pid)
    FROM pg_stat_activity AS activity
    JOIN pg_locks AS held ON held.pid = activity.pid AND held.locktype = 'transactionid' AND held.granted
    WHERE activity.datname = current_database()
        AND activity.wait_event = 'ClientRead'
        AND activity.state_change < clock_timestamp() - interval '{IDLE_SECONDS} seconds'
        AND held.transactionid IN (
            SELECT xmax FROM resume_task WHERE state = 'SEEDING' AND lease_until < clock_timestamp()
            UNION ALL
            SELECT xmax FROM seed_gate
        )
""")


async def terminate_idle_backends(database: Database) -> int:
    """Terminate idle backends that lock an expired task or the gate, and return their number. Raises Unavailable.

    Their transactions could not commit any more, since the lease has expired. Raises sqlalchemy's ProgrammingError on a
    database without `pg_terminate_backend`.
    """
    async with database.write() as transaction:
        return len((await transaction.execute(_terminate)).all())
