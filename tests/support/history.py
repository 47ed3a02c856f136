"""The history of resume tasks: triggers record every state in which a task was committed."""

from typing import NamedTuple

import sqlalchemy as sa

from storage.database.database import Database

_COLUMNS = """
    thread_id text, session_id text, state text, attempt integer, revision integer, items_written integer,
    items_total integer, items integer, seeding integer, owner text, at double precision
"""
_RECORD = """
    INSERT INTO task_history (
        thread_id, session_id, state, attempt, revision, items_written, items_total, items, seeding, owner, at
    ) VALUES (
        NEW.thread_id, NEW.session_id, NEW.state, NEW.attempt, NEW.revision, NEW.items_written, NEW.items_total,
        (SELECT count(*) FROM thread_item WHERE thread_id = NEW.thread_id),
        (SELECT count(*) FROM resume_task WHERE state = 'SEEDING'),
        NEW.owner, {now}
    );
"""
_SQLITE_RECORD = _RECORD.format(now="(julianday('now') - 2440587.5) * 86400")
_POSTGRESQL_RECORD = _RECORD.format(now="extract(epoch FROM clock_timestamp())")
_SQLITE = [
    f"CREATE TABLE task_history (id integer PRIMARY KEY, {_COLUMNS})",
    f"CREATE TRIGGER task_inserted AFTER INSERT ON resume_task BEGIN {_SQLITE_RECORD} END",
    f"CREATE TRIGGER task_updated AFTER UPDATE ON resume_task BEGIN {_SQLITE_RECORD} END",
]
_POSTGRESQL = [
    f"CREATE TABLE task_history (id bigserial PRIMARY KEY, {_COLUMNS})",
    "CREATE FUNCTION record_task() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN {_POSTGRESQL_RECORD} RETURN NULL; END $$",
    "CREATE TRIGGER task_written AFTER INSERT OR UPDATE ON resume_task FOR EACH ROW EXECUTE FUNCTION record_task()",
]


class Moment(NamedTuple):
    """A task after one transaction.

    `items` counts the rows of its thread, `seeding` all tasks in state SEEDING; `owner` is the claim that held the
    task, `at` the time in seconds since 1970.
    """

    thread_id: str
    session_id: str
    state: str
    attempt: int
    revision: int
    items_written: int
    items_total: int
    items: int
    seeding: int
    owner: str | None
    at: float


async def record_history(database: Database) -> None:
    """Create the triggers that record states from now on."""
    async with database.write() as transaction:
        for statement in _SQLITE if database.is_sqlite else _POSTGRESQL:
            await transaction.connection.exec_driver_sql(statement)


async def histories(database: Database) -> dict[str, list[Moment]]:
    """The moments of each thread in order of commit."""
    found: dict[str, list[Moment]] = {}
    statement = sa.text(f"SELECT {', '.join(Moment._fields)} FROM task_history ORDER BY id")
    async with database.snapshot() as connection:
        for row in await connection.execute(statement):
            found.setdefault(row.thread_id, []).append(Moment._make(row))
    return found
