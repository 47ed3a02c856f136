"""`reprise doctor` reports what is wrong in the database, and rebuilds the search index on request."""

import asyncio
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from app import main
from storage.database.database import Database
from tests.support.documents import user, zagens


@pytest.fixture(autouse=True)
def _database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRISE_DATABASE_URL", database_url)


def reprise(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def damage(database_url: str, statement: str) -> None:
    async def run() -> None:
        async with Database(database_url) as database, database.write() as transaction:
            await transaction.execute(sa.text(statement))

    asyncio.run(run())


def test_a_line_for_each_finding_and_a_status(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(zagens("a", messages=[user("x")])), encoding="utf-8")
    assert reprise("import", path).exit_code == 0
    result = reprise("doctor")
    assert (result.exit_code, result.stdout) == (0, "No errors found.\n")

    damage(database_url, "DELETE FROM search_segment")
    damage(database_url, "UPDATE session SET thread_id = 'gone'")
    result = reprise("doctor")
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["Session a", "Session a"]

    result = reprise("doctor", "--repair")
    assert result.exit_code == 1
    assert [line.endswith("Repaired.") for line in result.stdout.splitlines()] == [True, False]

    damage(database_url, "UPDATE session SET thread_id = NULL")
    damage(database_url, "DELETE FROM search_segment")
    assert reprise("doctor", "--repair").exit_code == 0
    assert reprise("doctor").exit_code == 0


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    damage(database_url, "UPDATE alembic_version SET version_num = 'newer'")
    assert reprise("doctor").exit_code == 1
