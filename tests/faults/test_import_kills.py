"""`reprise import` interrupted in the middle has saved whole batches; the next run imports the rest."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.message import message
from storage.database.tables.session import session
from storage.doctor.doctor import examine
from storage.documents.file_imports import import_files
from storage.documents.outcomes import CREATED, UNCHANGED
from tests.support.documents import user, zagens
from tests.support.process import PATIENCE

# Large enough to be parsed in worker processes, with few words to index.
DOCUMENTS, MESSAGES, SIZE = 500, 3, 20_000


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    made = tmp_path_factory.mktemp("documents")
    messages = [user(f"Question {'x' * SIZE}")] * MESSAGES
    paths = [made / f"{number:03}.json" for number in range(DOCUMENTS)]
    for number, path in enumerate(paths):
        path.write_text(json.dumps(zagens(f"s{number:03}", messages=messages)), encoding="utf-8")
    return paths


async def importing(database_url: str, folder: Path) -> Process:
    return await asyncio.create_subprocess_exec(
        *(Path(sys.executable).with_name("reprise"), "import", folder),
        env={**os.environ, "REPRISE_DATABASE_URL": database_url},
        stdout=PIPE,
        stderr=DEVNULL,
    )


async def counts(database: Database) -> tuple[int, int]:
    """The numbers of sessions and messages in the database."""
    async with database.snapshot() as connection:
        sessions = await connection.connection.scalar(sa.select(sa.func.count()).select_from(session))
        messages = await connection.connection.scalar(sa.select(sa.func.count()).select_from(message))
    return sessions or 0, messages or 0


async def wait_for_descendants(output: asyncio.StreamReader) -> None:
    """Wait until all processes that inherited this output have exited."""
    async with asyncio.timeout(PATIENCE):
        await output.read()


@pytest.mark.parametrize(
    ("database_url", "sign"),
    [("sqlite", signal.SIGKILL), ("postgresql", signal.SIGKILL), ("sqlite", signal.SIGINT)],
    indirect=["database_url"],
)
async def test_an_interrupted_import_leaves_whole_sessions_and_the_next_one_imports_the_rest(
    database_url: str, paths: list[Path], sign: signal.Signals
) -> None:
    async with Database(database_url) as database:
        first = await importing(database_url, paths[0].parent)
        async with asyncio.timeout(PATIENCE):
            while (await counts(database))[0] == 0:  # noqa: ASYNC110 - no event says what another process has saved
                await asyncio.sleep(0.01)
        first.send_signal(sign)
        assert first.stdout is not None
        await wait_for_descendants(first.stdout)
        assert await first.wait() != 0

        sessions, messages = await counts(database)
        assert 0 < sessions < DOCUMENTS
        assert messages == sessions * MESSAGES
        assert [finding async for finding in examine(database)] == []

        results = [outcome.result async for outcomes in import_files(database, paths) for outcome in outcomes]

        assert (results.count(CREATED), results.count(UNCHANGED)) == (DOCUMENTS - sessions, sessions)
        assert await counts(database) == (DOCUMENTS, DOCUMENTS * MESSAGES)
        assert [finding async for finding in examine(database)] == []
