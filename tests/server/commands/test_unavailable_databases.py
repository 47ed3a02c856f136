"""Commands on databases that cannot be used: one line that says why, and nothing is created."""

import asyncio
import json
import uuid
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner, Result
from sqlalchemy.engine import make_url

from app import main
from tests.support.documents import user, zagens

COMMANDS = [["migrate"], ["export", "a"], ["doctor"], ["import"], ["seed"], ["serve", "--port", "0"]]


def reprise(url: str, *arguments: str) -> Result:
    return CliRunner(env={"REPRISE_DATABASE_URL": url}).invoke(main, arguments)


@pytest.fixture
def document(tmp_path: Path) -> str:
    path = tmp_path / "documents" / "a.json"
    path.parent.mkdir()
    path.write_text(json.dumps(zagens("a", messages=[user("x")])), "utf-8")
    return str(path)


def refused(url: str, command: list[str], document: str) -> str:
    """The line that a command ends with."""
    result = reprise(url, *command, *([document] if command == ["import"] else []))
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    [line] = result.stderr.splitlines()
    return line


@pytest.mark.parametrize("command", [["migrate"], ["doctor"], ["serve", "--port", "0"]], ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"database": "no_such_database"}, 'database "no_such_database" does not exist'),
        ({"username": "no_such_role"}, 'role "no_such_role" does not exist'),
        ({"username": "weak_role"}, "no schema has been selected to create in"),
        ({"host": "127.0.0.1", "port": 1, "query": {}}, "Connect call failed"),
    ],
    ids=["database", "role", "privileges", "port"],
)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_wrong_address_of_postgresql_is_one_line(
    database_url: str, command: list[str], change: dict[str, Any], reason: str
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    if not await connection.fetch("SELECT FROM pg_roles WHERE rolname = 'weak_role'"):
        await connection.execute("CREATE ROLE weak_role LOGIN")
    await connection.close()
    url = make_url(database_url).set(**change).render_as_string(hide_password=False)
    if command == ["doctor"] and change == {"username": "weak_role"}:
        pytest.skip("It only reads, and finds no tables.")

    line = await asyncio.to_thread(refused, url, command, "")

    assert line.startswith("Error: The database is not available: ")
    assert reason in line


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("name", ["file/reprise.db", "folder"])
def test_a_wrong_path_of_sqlite_is_one_line(tmp_path: Path, name: str, command: list[str], document: str) -> None:
    (tmp_path / "file").write_text("Not a folder.", "utf-8")
    (tmp_path / "folder").mkdir()
    assert name.split("/")[0] in refused(f"sqlite:///{tmp_path / name}", command, document)


@pytest.mark.parametrize("command", [["export", "a"], ["doctor"], ["doctor", "--repair"]])
def test_a_missing_file_is_not_created_by_commands_that_only_read(tmp_path: Path, command: list[str]) -> None:
    path = tmp_path / "data" / "reprise.db"
    result = reprise(f"sqlite:///{path}", *command)
    assert (result.exit_code, result.stderr) == (1, f"Error: There is no database at {path}.\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["migrate"], ["import"], ["serve", "--port", "0"]], ids=lambda command: command[0])
@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_postgresql_database_in_another_encoding_is_refused_and_left_empty(
    postgres_url: str, document: str, encoding: str, command: list[str]
) -> None:
    name = f"reprise_test_{uuid.uuid4().hex[:12]}"
    url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    asyncio.run(run(postgres_url, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'"))
    try:
        line = refused(url, command, document)
        tables = asyncio.run(run(url, "SELECT FROM pg_tables WHERE schemaname = 'public'"))
    finally:
        asyncio.run(run(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))

    assert f"encoding {encoding}" in line
    assert tables == []


async def run(url: str, statement: str) -> list[Any]:
    """The rows of a statement on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        rows: list[Any] = await connection.fetch(statement)
        return rows
    finally:
        await connection.close()
