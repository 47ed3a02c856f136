"""Migrations create the tables of the models, and refuse databases that they cannot upgrade."""

import asyncio
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import storage.database.migrations
from storage.database.database import Database
from storage.database.migrations import is_current, migrate
from storage.database.revisions import known_revisions, newest_revision
from storage.database.tables.metadata import metadata
from storage.errors import UnsupportedDatabase

# Not in the models: SQLite's counter of session numbers and its index of facets, and the lock of migrations.
NOT_IN_MODELS = ("session_number", "session_facets", "reprise_migration_lock")


def difference(connection: sa.Connection) -> list[Any]:
    def include(_: object, name: str | None, *__: object) -> bool:
        return not (name or "").startswith(NOT_IN_MODELS)

    options = {"compare_type": True, "include_object": include}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


async def test_the_newest_revision_equals_the_models(database_url: str) -> None:
    async with Database(database_url) as database:
        async with database.snapshot() as connection:
            assert await connection.connection.run_sync(difference) == []
        assert await is_current(database)


async def test_indexes_of_the_newest_revision_have_the_conditions_of_the_models(database_url: str) -> None:
    """Alembic compares the columns of indexes, and not for which rows they are."""
    async with Database(database_url, listens=False) as database, database.write() as transaction:
        migrated, of_models = await transaction.connection.run_sync(index_conditions)

    assert of_models == migrated
    assert of_models.keys() >= {"session_is_archived_created_at", "session_is_archived_updated_at"}


def index_conditions(connection: sa.Connection) -> tuple[dict[str, str], dict[str, str]]:
    """The conditions of the partial indexes by name, in the database and in tables created from the models."""
    for index in [index for table in metadata.tables.values() for index in table.indexes if index.info]:
        index.dialect_options[connection.dialect.name]["where"] = index.info["where"]
    if connection.dialect.name == "sqlite":
        engine = sa.create_engine("sqlite://")
        with engine.begin() as created:
            metadata.create_all(created)
            found = conditions_in(connection), conditions_in(created)
        engine.dispose()
        return found
    connection.execute(sa.schema.CreateSchema("models"))
    metadata.create_all(connection.execution_options(schema_translate_map={None: "models"}))
    return conditions_in(connection), conditions_in(connection, "models")


def conditions_in(connection: sa.Connection, schema: str | None = None) -> dict[str, str]:
    """The conditions of the partial indexes by name."""
    key = f"{connection.dialect.name}_where"
    indexes = sa.inspect(connection).get_multi_indexes(schema).values()
    found = {str(index["name"]): index.get("dialect_options", {}) for table in indexes for index in table}
    known = {name: options for name, options in found.items() if not name.startswith(NOT_IN_MODELS)}
    return {name: str(options[key]) for name, options in known.items() if key in options}


def test_the_revisions_taken_from_file_names_are_those_of_alembic() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(storage.database.migrations.__file__).parent))
    scripts = ScriptDirectory.from_config(config)
    assert {script.revision for script in scripts.walk_revisions()} == known_revisions()
    assert scripts.get_current_head() == newest_revision()


@pytest.mark.slow
def test_alembic_is_not_loaded_for_an_up_to_date_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'reprise.sqlite'}"
    for is_first in (True, False):
        script = (
            "import asyncio, sys, app; from storage.database.migrations import migrate; "
            f"asyncio.run(migrate({url!r})); print('alembic' in sys.modules)"
        )
        ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert ended.stdout.strip() == str(is_first)


def test_a_new_sqlite_file_has_large_pages(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    asyncio.run(migrate(f"sqlite:///{path}"))

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA page_size").fetchone() == (16384,)


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    await migrate(database_url)
    await migrate(database_url)

    async with Database(database_url) as database:
        assert await is_current(database)


async def test_a_database_of_the_first_revision_gets_what_later_ones_add(database_url: str) -> None:
    async with Database(database_url) as database:
        async with database.write() as transaction:
            await transaction.execute(sa.text("DROP INDEX session_parser_version"))
            await transaction.execute(sa.text("UPDATE alembic_version SET version_num = '0401'"))
        assert not await is_current(database)

        await migrate(database_url)

        async with database.snapshot() as connection:
            assert await connection.connection.run_sync(difference) == []
        assert await is_current(database)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_database_that_is_up_to_date_is_not_written(database_url: str) -> None:
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        await migrate(database_url)


@pytest.mark.parametrize("revision", ["0001", "0101", "0201", "0301"])
async def test_a_database_of_an_earlier_version_is_refused_with_a_way_to_move_it(
    database_url: str, revision: str
) -> None:
    async with Database(database_url) as database:
        async with database.write() as transaction:
            await transaction.execute(sa.text(f"UPDATE alembic_version SET version_num = '{revision}'"))
        assert not await is_current(database)

        with pytest.raises(UnsupportedDatabase, match=r"earlier version.* export .* import"):
            await migrate(database_url)

        async with database.snapshot() as connection:
            assert await connection.connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == revision


def test_revisions_import_no_code_of_the_project() -> None:
    for path in Path(storage.database.migrations.__file__).parent.glob("versions/*.py"):
        imports = re.findall(r"^ *(?:from|import) (\w+)", path.read_text("utf-8"), re.MULTILINE)
        assert {"alembic"} <= set(imports) <= {"alembic", "sqlalchemy"}, path


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_concurrent_migrations_of_an_empty_database_all_succeed(database_url: str) -> None:
    async with Database(database_url) as database:
        # Repeated, since the order of their steps is random.
        for _ in range(5):
            async with database.write() as transaction:
                await transaction.execute(sa.text("DROP SCHEMA public CASCADE"))
                await transaction.execute(sa.text("CREATE SCHEMA public"))

            await asyncio.gather(*(migrate(database_url) for _ in range(8)))

            assert await is_current(database)


@pytest.mark.parametrize(
    "statements",
    [
        "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('9999')",
        "CREATE TABLE recipe (title TEXT)",
    ],
    ids=["newer", "another program's"],
)
def test_a_file_of_a_newer_version_or_another_program_is_refused_unchanged(tmp_path: Path, statements: str) -> None:
    path = tmp_path / "database.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(statements)
    before = path.read_bytes()

    with pytest.raises(UnsupportedDatabase):
        asyncio.run(migrate(f"sqlite:///{path}"))

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


async def test_a_file_that_is_not_a_database_is_refused_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Not a database, and long enough to be looked at.\n" * 4, "utf-8")

    with pytest.raises(UnsupportedDatabase):
        await migrate(f"sqlite:///{path}")

    assert path.read_text("utf-8").startswith("Not a database")
