"""The quick look at agents' homes, which tells an import that there is nothing to do."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.transcripts.unchanged import find_unchanged
from tests.support.archived import take
from tests.support.databases import SqliteDatabases
from tests.support.line_format import LineFormat, line, lines
from tests.support.stored_sessions import delete_session

FORMAT = LineFormat()
Look = Callable[[], list[tuple[int, int, int]] | None]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "user" / ".lines").mkdir(parents=True)
    return tmp_path / "user" / ".lines"


@pytest.fixture
async def database(sqlite_databases: SqliteDatabases, home: Path) -> AsyncIterator[Database]:
    with sqlite_databases.copy() as url:
        async with Database(url) as opened:
            for id in ("s1", "s2"):
                (home / f"{id}.lines").write_bytes(lines(id, "one"))
            (home / "s1.note").write_bytes(b"First")
            await take(opened, FORMAT, home)
            yield opened


@pytest.fixture
def look(database: Database, home: Path) -> Look:
    def look() -> list[tuple[int, int, int]] | None:
        path = Path(str(database.engine.url.database))
        found = find_unchanged(path, {FORMAT.source: FORMAT}, {}, home.parent)
        return None if found is None else [(one.unchanged_count, len(one.deleted), one.passed_over) for one in found]

    return look


async def test_it_counts_what_is_unchanged_deleted_and_passed_over(database: Database, home: Path, look: Look) -> None:
    assert look() == [(2, 0, 0)]
    await delete_session(database, "s2")
    (home / "other.txt").write_bytes(b"")
    assert look() == [(1, 1, 1)]


def grow(home: Path) -> None:
    with (home / "s1.lines").open("ab") as file:
        file.write(line(user="two"))


@pytest.mark.parametrize(
    "change",
    [
        grow,
        lambda home: (home / "s3.lines").write_bytes(lines("s3", "new")),
        lambda home: (home / "s1.note").write_bytes(b"Second, longer"),
        lambda home: (home / "s2.lines").rename(home / "s4.lines"),
        lambda home: (home.parent / ".zagens").mkdir(),
    ],
)
async def test_it_leaves_every_change_to_an_import(
    database: Database, home: Path, look: Look, change: Callable[[Path], object]
) -> None:
    change(home)
    assert look() is None


async def test_it_leaves_another_revision_and_a_missing_or_damaged_file_to_an_import(
    database: Database, home: Path, look: Look, tmp_path: Path
) -> None:
    async with database.write() as transaction:
        await transaction.execute(sa.text("UPDATE alembic_version SET version_num = '0101'"))
    assert look() is None
    (tmp_path / "damaged.db").write_bytes(b"no database" * 1000)
    for name in ("missing.db", "damaged.db"):
        assert find_unchanged(tmp_path / name, {FORMAT.source: FORMAT}, {}, home.parent) is None
    assert not (tmp_path / "missing.db").exists()
