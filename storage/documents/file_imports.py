"""Import of many files: saves them batch by batch and updates PostgreSQL's statistics after a large import."""

from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from contextlib import aclosing
from pathlib import Path

from storage.database.database import Database
from storage.database.planner_statistics import refresh_statistics
from storage.documents.document import Document
from storage.documents.document_files import file_size
from storage.documents.imports import conflict_message, import_documents
from storage.documents.outcomes import CONFLICT, CREATED, GONE, OUTDATED, UPDATED, FileOutcome
from storage.documents.readers import RefusedFile, read_batches
from storage.search.index.compaction import Compactor


async def import_files(
    database: Database,
    paths: Sequence[Path],
    source: str | None = None,
    walked: Collection[Path] = (),
    *,
    include_deleted: bool = False,
) -> AsyncGenerator[list[FileOutcome], None]:
    """Yield the outcomes of all files in order, one list a batch. Raises Unavailable and ReaderEnded.

    The files `walked` were found below folders: their sessions are not created again if they were deleted here, unless
    `include_deleted`, and those that are gone by the time they are read are not refused.
    """
    found = frozenset(walked)
    left = frozenset() if include_deleted else found
    change_count = position = 0
    async with aclosing(read_batches(paths, source)) as batches, Compactor(database) as compactor:
        async for batch in batches:
            files = list(zip(paths[position:], batch.files, strict=False))
            ids = {file.id for path, file in files if isinstance(file, Document) and path in left}
            results = iter(await import_documents(database, batch.documents, batch.drafts, ids))
            outcomes = [_outcome(path, file, results, is_walked=path in found) for path, file in files]
            position += len(batch.files)
            changed = sum(outcome.result in {CREATED, UPDATED, OUTDATED} for outcome in outcomes)
            change_count += changed
            if changed:
                await compactor.begin()
            yield outcomes
        if change_count:
            await compactor.finish()
    await refresh_statistics(database, change_count)


def _outcome(path: Path, file: Document | RefusedFile, results: Iterator[str], *, is_walked: bool) -> FileOutcome:
    size = file_size(path)
    if isinstance(file, RefusedFile):
        if file.is_gone and is_walked:
            return FileOutcome(path, size, GONE)
        return FileOutcome(path, size, None, file.reason)
    result = next(results)
    if result == CONFLICT:
        return FileOutcome(path, size, None, conflict_message(file.id, file.source))
    return FileOutcome(path, size, result)
