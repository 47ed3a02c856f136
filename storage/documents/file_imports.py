"""Importing the documents in files: many at a time, and PostgreSQL's statistics brought up to date after many."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from storage.database.database import Database
from storage.documents.imports import UNCHANGED, import_documents
from storage.documents.readers import RefusedFile, read_batches
from storage.search.index.compaction import Compactor

# So many that the planner should know of them at once.
_MANY = 1000


class Outcome(NamedTuple):
    """What became of a file: CREATED, UPDATED or UNCHANGED, or None when it was refused for a reason."""

    path: Path
    result: str | None
    reason: str = ""


async def import_files(
    database: Database, paths: Sequence[Path], source: str | None = None
) -> AsyncGenerator[list[Outcome], None]:
    """The outcomes of all files in order, some at a time. Raises Unavailable and ReaderEnded."""
    changes = place = 0
    async with aclosing(read_batches(paths, source)) as readings, Compactor(database) as merger:
        async for reading in readings:
            found = reading.found
            results = iter(await import_documents(database, reading.documents, reading.drafts))
            outcomes = [
                Outcome(path, None, one.reason) if isinstance(one, RefusedFile) else Outcome(path, next(results))
                for path, one in zip(paths[place:], found, strict=False)
            ]
            place += len(found)
            changed = sum(outcome.result not in {None, UNCHANGED} for outcome in outcomes)
            changes += changed
            if changed:
                await merger.begin()
            yield outcomes
        if changes:
            await merger.finish()
    if changes >= _MANY and not database.is_sqlite:
        async with database.write() as transaction:
            await transaction.execute(sa.text("ANALYZE"))
