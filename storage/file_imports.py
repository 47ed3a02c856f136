"""Importing the documents in files: many at a time, and PostgreSQL's statistics brought up to date after many."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from storage.database import Database
from storage.document import Document
from storage.imports import UNCHANGED, import_documents
from storage.readers import Refusal, read_batches
from storage.search.settling import Settler

# So many that the index is worth a connection of its own, and that the planner should know of them at once.
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
    is_long = len(paths) >= _MANY
    async with aclosing(read_batches(paths, source)) as batches, Settler(database) as settler:
        async for batch in batches:
            documents = [found for found in batch if isinstance(found, Document)]
            results = iter(await import_documents(database, documents, gathers=is_long))
            outcomes = [
                Outcome(path, None, found.reason) if isinstance(found, Refusal) else Outcome(path, next(results))
                for path, found in zip(paths[place:], batch, strict=False)
            ]
            place += len(batch)
            changed = sum(outcome.result not in {None, UNCHANGED} for outcome in outcomes)
            changes += changed
            if is_long and changed:
                await settler.begin()
            yield outcomes
        if is_long and changes:
            await settler.finish()
    if changes >= _MANY and not database.is_sqlite:
        async with database.write() as transaction:
            await transaction.execute(sa.text("ANALYZE"))
