"""The counter of changes of sessions, and the tombstones of deleted sessions."""

from datetime import datetime

import sqlalchemy as sa

from storage.database.tables.table import Table, column, table_of
from storage.database.types import Instant, KeyText


class Tombstone(Table, table=True):
    """A session that was deleted here: imports of whole folders do not bring it back. `seq` numbers the deletion."""

    session_id: str = column(KeyText, primary_key=True)
    source: str = column(sa.Text, primary_key=True)
    deleted_at: datetime = column(Instant)
    seq: int = column(sa.BigInteger, server_default="0", index=True)


class ChangeCounter(Table, table=True):
    """The single row that numbers the changes of sessions. `last` is the number of the last one.

    The changes since a number are complete from `first` on: rows of earlier changes were lost.
    """

    id: int = column(sa.Integer, primary_key=True, autoincrement=False)
    first: int = column(sa.BigInteger)
    last: int = column(sa.BigInteger)


tombstone = table_of(Tombstone)
change_counter = table_of(ChangeCounter)
