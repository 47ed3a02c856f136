"""The statistics of PostgreSQL's planner."""

import sqlalchemy as sa

from storage.database.database import Database

_THRESHOLD = 1000
"""The number of changed sessions from which the statistics are out of date."""


async def refresh_statistics(database: Database, change_count: int) -> None:
    """Update the statistics after so many sessions have changed, on PostgreSQL only. Raises Unavailable."""
    if change_count >= _THRESHOLD and not database.is_sqlite:
        async with database.write() as transaction:
            await transaction.execute(sa.text("ANALYZE"))
