"""All benchmarks on one database."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.database.database import Database
from storage.documents.document_files import read_file
from storage.documents.imports import import_document
from tests.speed.answering import answering
from tests.speed.figure import Figure
from tests.speed.importing import importing
from tests.speed.loop import run
from tests.speed.seeding import seeding
from tests.support.databases import PostgresDatabases, SqliteDatabases


@dataclass(frozen=True)
class Sizes:
    """How much is measured; `seconds` are those of one round of requests to one server.

    `asked` documents lie in the database that is asked; the first has 500 messages.
    """

    items: int = 20_000
    documents: int = 500
    rounds: int = 3
    answer_rounds: int = 3
    seconds: float = 0.5
    asked: int = 100


def measured(databases: SqliteDatabases | PostgresDatabases, paths: Sequence[Path], sizes: Sizes) -> list[Figure]:
    """Every figure of one database. `paths` are the documents that are imported and asked for."""
    with databases.copy() as url:
        figures = seeding(url, sizes.items, sizes.rounds)
    figures += importing(databases, paths, sizes.rounds)
    with databases.copy() as url, databases.copy() as other:
        for one in (url, other):
            run(_filled, one, paths[: sizes.asked])
        return figures + answering(url, other, paths[0].stem, sizes.answer_rounds, sizes.seconds)


async def _filled(url: str, paths: Sequence[Path]) -> None:
    async with Database(url) as database:
        for path in paths:
            await import_document(database, read_file(path))
