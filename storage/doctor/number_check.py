"""A check of the counter of session numbers, which must not give a number twice."""

import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.session import session
from storage.doctor.finding import Finding
from storage.search.index.entries import Ids, entry_session_numbers

_highest = sa.select(sa.func.coalesce(sa.func.max(session.c.number), 0))
_SQLITE_LAST = sa.text("SELECT last FROM session_number")
_SQLITE_SET = sa.text("UPDATE session_number SET last = max(last, :highest)")
_POSTGRESQL_LAST = sa.text("SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM session_number")
_POSTGRESQL_SET = sa.text("SELECT setval('session_number', greatest(:highest, last_value)) FROM session_number")


async def examine_numbers(database: Database, indexed: Ids, *, repair: bool) -> Finding | None:
    """Whether sessions, or entries of the search index, have numbers that were not given yet. Raises Unavailable.

    PostgreSQL's logical replication copies the rows, but not the sequence.
    """
    last, setting = (_SQLITE_LAST, _SQLITE_SET) if database.is_sqlite else (_POSTGRESQL_LAST, _POSTGRESQL_SET)
    async with database.snapshot() as snapshot:
        # Before the counter: a number is taken before it is used.
        highest = int((await snapshot.execute(_highest)).scalar_one())
        highest = max([highest, *entry_session_numbers(indexed[-1:]).tolist()])
        if int((await snapshot.execute(last)).scalar_one()) >= highest:
            return None
    if repair:
        async with database.write() as transaction:
            await transaction.execute(setting, {"highest": highest})
    text = "The counter of session numbers is behind: sessions cannot be imported."
    return Finding(text if repair else f"{text} `reprise doctor --repair` corrects it.", repair)
