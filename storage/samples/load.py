"""Loads the sample sessions into an empty database."""

import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.session import session
from storage.documents.formats import read_document
from storage.documents.imports import import_document
from storage.json_codec import parse_document
from storage.samples import documents


async def load_samples(database: Database) -> int:
    """Import the samples unless the database has sessions; returns how many were added. Raises Unavailable."""
    async with database.snapshot() as connection:
        if (await connection.execute(sa.select(session.c.id).limit(1))).first() is not None:
            return 0
    count = 0
    for source, data in documents():
        await import_document(database, read_document(parse_document(data), source))
        count += 1
    return count
