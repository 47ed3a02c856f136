"""Import of many files: saves them batch by batch and updates PostgreSQL's statistics after a large import."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from storage.database.database import Database
from storage.documents.imports import UNCHANGED, import_documents
from storage.documents.readers import RefusedFile, read_batches
from storage.search.index.compaction import Compactor

# Changed sessions from which the planner's statistics are out of date.
_ANALYZE_THRESHOLD = 1000


class Outcome(NamedTuple):
    """The result for one file: CREATED, UPDATED or UNCHANGED, or None with the reason of its refusal."""

    path: Path
    result: str | None
    reason: str = ""


async def import_files(
    database: Database, paths: Sequence[Path], source: str | None = None
) -> AsyncGenerator[list[Outcome], None]:
    """Yield the outcomes of all files in order, one list a batch. Raises Unavailable and ReaderEnded."""
    change_count = position = 0
    async with aclosing(read_batches(paths, source)) as batches, Compactor(database) as compactor:
        async for batch in batches:
            results = iter(await import_documents(database, batch.documents, batch.drafts))
            outcomes = [
                Outcome(path, None, file.reason) if isinstance(file, RefusedFile) else Outcome(path, next(results))
                for path, file in zip(paths[position:], batch.files, strict=False)
            ]
            position += len(batch.files)
            changed = sum(outcome.result not in {None, UNCHANGED} for outcome in outcomes)
            change_count += changed
            if changed:
                await compactor.begin()
            yield outcomes
        if change_count:
            await compactor.finish()
    if change_count >= _ANALYZE_THRESHOLD and not database.is_sqlite:
        async with database.write() as transaction:
            await transaction.execute(sa.text("ANALYZE"))
