"""The imports that are running."""

from datetime import datetime

import sqlalchemy as sa

from storage.database.tables.table import Table, column, table_of
from storage.database.types import Instant, KeyText


class ImportRun(Table, table=True):
    """An import of files that is running, and how far it is. Its process writes the row every second."""

    id: str = column(KeyText, primary_key=True)
    source: str | None = column(sa.Text, nullable=True)
    files_done: int = column(sa.Integer)
    files_total: int = column(sa.Integer)
    bytes_done: int = column(sa.BigInteger)
    bytes_total: int = column(sa.BigInteger)
    started_at: datetime = column(Instant)
    updated_at: datetime = column(Instant)


import_run = table_of(ImportRun)
