"""`reprise purge` removes deleted sessions from the files of the database."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner, Result

from app import main
from storage.database.database import Database
from storage.database.server_lock import hold_server_lock
from storage.doctor.doctor import examine
from tests.support.documents import assistant, user, zagens
from tests.support.seeding import save, seeded
from tests.support.stored_sessions import delete_session, update_session

SECRET = "hunter2secret"
KEPT = "remaining"
PAGES = """
    SELECT sum(position(convert_to($1, 'UTF8') IN pg_read_binary_file(pg_relation_filepath(oid))))
    FROM pg_class WHERE relkind IN ('r', 't', 'i') AND pg_relation_filepath(oid) LIKE 'base/%' AND relname !~ '^pg_stat'
"""


def purge(database_url: str, *arguments: str) -> Result:
    return CliRunner(env={"REPRISE_DATABASE_URL": database_url}).invoke(main, ["purge", *arguments])


async def is_stored(database_url: str, word: str) -> bool:
    """Whether the files of the database contain a word."""
    if database_url.startswith("sqlite"):
        path = Path(database_url.removeprefix("sqlite:///"))
        return any(word.encode() in file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    connection = await asyncpg.connect(database_url)
    await connection.execute("CHECKPOINT")
    found = await connection.fetchval(PAGES, word)
    await connection.close()
    return bool(found)


async def test_a_deleted_session_leaves_the_files_and_the_index(database_url: str) -> None:
    async with Database(database_url) as database:
        await save(database, zagens("a", f"A {SECRET}", messages=[user(f"The {SECRET} of a"), assistant(SECRET)]))
        await save(database, zagens("b", messages=[user(f"What is {KEPT}")]))
        await delete_session(database, "a")
    assert await is_stored(database_url, SECRET)

    result = await asyncio.to_thread(purge, database_url)

    assert result.exit_code == 0, result.stderr
    assert not await is_stored(database_url, SECRET)
    assert await is_stored(database_url, KEPT)
    async with Database(database_url) as database:
        assert [finding async for finding in examine(database)] == []


async def test_an_earlier_title_leaves_the_files_and_the_index(database_url: str) -> None:
    async with Database(database_url) as database:
        for id in ("a", "b"):
            await save(database, zagens(id, messages=[user("What is it?")]))
        await update_session(database, "a", f"About {SECRET}", None)
        await update_session(database, "a", f"About {KEPT}", None)
    assert await is_stored(database_url, SECRET)

    result = await asyncio.to_thread(purge, database_url)

    assert "Indexed renamed sessions again: 1." in result.stdout
    assert not await is_stored(database_url, SECRET)
    assert await is_stored(database_url, KEPT)
    async with Database(database_url) as database:
        assert [finding async for finding in examine(database)] == []
    assert "Indexed renamed sessions again: 0." in (await asyncio.to_thread(purge, database_url)).stdout


async def test_threads_of_deleted_sessions_are_deleted_on_request(database_url: str) -> None:
    async with Database(database_url) as database:
        await seeded(database, zagens("a", messages=[user(SECRET), assistant("Yes.")]))
        await seeded(database, zagens("b", messages=[user(KEPT)]))
        await delete_session(database, "a")
    assert (await asyncio.to_thread(purge, database_url)).exit_code == 0
    assert await is_stored(database_url, SECRET)

    result = await asyncio.to_thread(purge, database_url, "--threads")

    assert "Deleted threads of deleted sessions: 1." in result.stdout
    assert not await is_stored(database_url, SECRET)
    async with Database(database_url) as database:
        assert [finding async for finding in examine(database)] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_is_served_is_not_purged(database_url: str) -> None:
    with hold_server_lock(database_url):
        result = purge(database_url)
    assert result.exit_code == 1
    assert "Another process serves" in result.stderr


def test_a_missing_file_is_not_created(tmp_path: Path) -> None:
    assert purge(f"sqlite:///{tmp_path / 'reprise.db'}").exit_code == 1
    assert list(tmp_path.iterdir()) == []
