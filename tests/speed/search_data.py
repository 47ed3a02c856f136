"""The data set of the search benchmark: built once through Reprise's own import and cached outside the repository."""

import asyncio
import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import orjson
import sqlalchemy as sa

import storage.documents.document
import storage.documents.imports
import storage.documents.readers
import tests.speed.generate
from storage.database.database import Database
from storage.database.migrations import migrate
from storage.documents.document import Document, drafts_of_all
from storage.documents.file_imports import import_files
from storage.documents.formats import read_document
from storage.documents.imports import import_documents
from storage.documents.outcomes import CREATED
from storage.documents.reader_process import initialize_process
from storage.documents.readers import BATCH_DOCUMENTS
from storage.json_codec import parse_document
from storage.search.index.compaction import compact
from storage.search.index.drafts import SegmentDraft
from tests.speed.generate import with_long_message
from tests.speed.loop import run
from tests.support.databases import PostgresDatabases, SqliteDatabases, postgres_server, sqlite_url

MEAN = 50
"""Messages a session on average."""

LONG_EVERY, LONG_CHARACTERS = 100, 200_000
"""One session of so many has a message of so many characters besides."""

Build = Callable[[str, list[str], int], Awaitable[None]]
"""Fills databases: the server of PostgreSQL, their URLs, and how many sessions."""

_NAME = "reprise_search"
# The sources that the rows of the data set depend on: after a change of these it is built again.
_SOURCES = (
    "database/migrations/versions",
    "documents/document.py",
    "documents/imports.py",
    "records/content_block.py",
    "records/searched_text.py",
    "search/index",
)


def cache_folder() -> Path:
    """The folder of cached data sets; each may be deleted at any time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "reprise-bench")


def data_set(folder: Path, sessions: int) -> contextlib.AbstractContextManager[dict[str, str]]:
    """The URLs of both databases by name, built in `folder` unless they exist; PostgreSQL runs inside the block."""
    return built(folder / f"search-{sessions}-{_fingerprint()}", _NAME, _build, sessions)


@contextlib.contextmanager
def built(place: Path, name: str, build: Build, sessions: int) -> Iterator[dict[str, str]]:
    """The URLs of both databases in a folder, which `build` fills once; PostgreSQL runs inside the block."""
    done = place / "done"
    if not done.exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    with postgres_server(place / "postgresql") as server:
        urls = {"SQLite": sqlite_url(place / "reprise.db"), "PostgreSQL": database_within(server, name)}
        if not done.exists():
            run(build, server, list(urls.values()), sessions)
            done.touch()
        yield urls


def indexing_costs(
    databases: SqliteDatabases | PostgresDatabases, paths: Sequence[Path], rounds: int
) -> tuple[float, float]:
    """Seconds that importing these files takes with the index, and the median ratio to importing without."""
    taken, ratios = [], []
    for _ in range(rounds):
        with databases.copy() as url:
            indexed = run(imported, url, paths)
        with databases.copy() as url, _no_index():
            plain = run(imported, url, paths)
        taken.append(indexed)
        ratios.append(indexed / plain)
    return median(taken), median(ratios)


async def imported(url: str, paths: Sequence[Path]) -> float:
    """Seconds that it took to import documents that are all new, as `reprise import` does."""
    async with Database(url) as database:
        began = time.perf_counter()
        async for outcomes in import_files(database, paths):
            assert all(outcome.result == CREATED for outcome in outcomes)
        return time.perf_counter() - began


@contextlib.contextmanager
def _no_index() -> Iterator[None]:
    """Imports in the block tokenize and index nothing."""

    async def nothing(*_: object) -> None:
        return None

    replaced = {
        **_PLAIN,
        (storage.documents.imports, "index_entries"): nothing,
        (storage.documents.readers, "initialize_process"): _begin_plain_process,
    }
    kept = {(module, name): getattr(module, name) for module, name in replaced}
    for (module, name), value in replaced.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name), value in kept.items():
            setattr(module, name, value)


def _nothing(_: object) -> list[object]:
    return []


_PLAIN: dict[tuple[Any, str], Callable[[Any], list[object]]] = {
    (storage.documents.document, "searched_texts"): _nothing,
    (storage.documents.document, "encode_entry"): _nothing,
    (storage.documents.readers, "drafts_of_all"): _nothing,
}


def _begin_plain_process() -> None:
    # The reader process imports the modules again, so the functions must be replaced there too.
    initialize_process()
    for (module, name), value in _PLAIN.items():
        setattr(module, name, value)


def _fingerprint() -> str:
    digest = hashlib.blake2b(Path(tests.speed.generate.__file__).read_bytes(), digest_size=4)
    root = Path(storage.documents.document.__file__).parent.parent
    for source in _SOURCES:
        for path in sorted((root / source).glob("*.py")) or [root / source]:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def database_within(server: str, name: str) -> str:
    """The URL of a database of a server."""
    # Not geturl(): it drops the slashes of an empty host.
    parts = urlsplit(server)
    return f"postgresql://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else "")


async def _build(server: str, urls: list[str], sessions: int) -> None:
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {_NAME} TEMPLATE template0 ENCODING 'UTF8'")
    await connection.close()
    began = time.perf_counter()
    documents = _documents(sessions)
    async with contextlib.AsyncExitStack() as opened:
        databases = []
        for url in urls:
            await migrate(url)
            databases.append(await opened.enter_async_context(Database(url)))
        for start in range(0, sessions, BATCH_DOCUMENTS):
            batch = list(islice(documents, BATCH_DOCUMENTS))
            drafts = drafts_of_all(batch)
            await asyncio.gather(*(_imported(database, batch, drafts) for database in databases))
            if (start + len(batch)) % 1000 == 0:
                print(f"{start + len(batch)} sessions imported, {time.perf_counter() - began:.0f} s", flush=True)
        for database in databases:
            await vacuum(database)


async def vacuum(database: Database) -> None:
    """Bring PostgreSQL's statistics up to date, as its autovacuum does in time; SQLite does without."""
    if not database.is_sqlite:
        async with database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(sa.text("VACUUM (ANALYZE)"))


async def _imported(database: Database, documents: list[Document], drafts: list[SegmentDraft]) -> None:
    await import_documents(database, documents, drafts)
    await compact(database)


def _documents(sessions: int) -> Iterator[Document]:
    """Generated one at a time, since all of them do not fit into memory."""
    for number, document in enumerate(tests.speed.generate.sessions(sessions, MEAN)):
        if number % LONG_EVERY == LONG_EVERY - 1:
            document = with_long_message(document, LONG_CHARACTERS)
        yield read_document(parse_document(orjson.dumps(document)))
