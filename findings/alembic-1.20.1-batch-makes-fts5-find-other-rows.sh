#!/usr/bin/env bash
# PyPI alembic 1.20.1 (SQLAlchemy 2.1.9) with SQLite's FTS5.
#
# batch_alter_table() changes a SQLite table by copying it to a new one. Two things that a full-text index over that table
# depends on are lost, without a warning:
# - the copy is an INSERT ... SELECT of the columns, so a table whose primary key is text (a message's UUID) gets new rowids,
#   numbered from 1 without gaps. An external-content FTS5 table joins by rowid: as soon as one row had ever been deleted,
#   each hit shows another message than the one that matched;
# - triggers of the old table are dropped with it, so what is written after the migration is never indexed.
# Where the batch holds nothing but add_column, plain ALTER TABLE is used and all is well: the same migration file is
# harmless or harmful depending on what else is in the block.
#
# Why it matters: a search over transcripts goes on answering after the migration, with wrong messages, and a permission or
# a deletion that follows a search hit goes to the wrong row. Afterwards rebuild the index and create the triggers again, or
# give the table an integer key of its own and name it in content_rowid.
#
# Seen:
#   before:                pears -> pears, plums -> plums, quinces -> quinces, figs -> nothing; triggers: 2
#   after add_column:      pears -> pears, plums -> plums, quinces -> quinces, figs -> nothing; triggers: 2
#   after alter_column:    pears -> plums, plums -> quinces, quinces -> nothing, figs -> nothing; triggers: 0
#   after the next insert: pears -> plums, plums -> quinces, quinces -> figs, figs -> nothing; triggers: 0
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check alembic==1.20.1 sqlalchemy==2.1.9
cat >run.py <<'EOF'
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

engine = sa.create_engine("sqlite:///messages.db")
SCHEMA = [
    "CREATE TABLE message (id TEXT PRIMARY KEY, body TEXT NOT NULL)",
    "CREATE VIRTUAL TABLE message_fts USING fts5(body, content='message')",
    "CREATE TRIGGER message_added AFTER INSERT ON message BEGIN"
    " INSERT INTO message_fts(rowid, body) VALUES (new.rowid, new.body); END",
    "CREATE TRIGGER message_gone AFTER DELETE ON message BEGIN"
    " INSERT INTO message_fts(message_fts, rowid, body) VALUES ('delete', old.rowid, old.body); END",
]
SEARCH = "SELECT m.body FROM message_fts f JOIN message m ON m.rowid = f.rowid WHERE message_fts MATCH ?"


def show(when: str) -> None:
    with engine.connect() as connection:
        hits = []
        for word in ("pears", "plums", "quinces", "figs"):
            found = connection.exec_driver_sql(SEARCH, (word,)).scalars().all()
            hits.append(f"{word} -> {', '.join(found) or 'nothing'}")
        triggers = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").scalar()
    print(f"{when + ':':22} {', '.join(hits)}; triggers: {triggers}")


with engine.begin() as connection:
    for statement in SCHEMA:
        connection.exec_driver_sql(statement)
    for body in ("apples", "pears", "plums", "quinces"):
        connection.exec_driver_sql("INSERT INTO message VALUES (?, ?)", ("id-" + body, body))
    connection.exec_driver_sql("DELETE FROM message WHERE body = 'apples'")
show("before")
with engine.begin() as connection:
    with Operations(MigrationContext.configure(connection)).batch_alter_table("message") as batch:
        batch.add_column(sa.Column("role", sa.Text()))
show("after add_column")
with engine.begin() as connection:
    with Operations(MigrationContext.configure(connection)).batch_alter_table("message") as batch:
        batch.alter_column("body", nullable=True)
show("after alter_column")
with engine.begin() as connection:
    connection.exec_driver_sql("INSERT INTO message (id, body) VALUES ('id-figs', 'figs')")
show("after the next insert")
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
before:                pears -> pears, plums -> plums, quinces -> quinces, figs -> nothing; triggers: 2
after add_column:      pears -> pears, plums -> plums, quinces -> quinces, figs -> nothing; triggers: 2
after alter_column:    pears -> plums, plums -> quinces, quinces -> nothing, figs -> nothing; triggers: 0
after the next insert: pears -> plums, plums -> quinces, quinces -> figs, figs -> nothing; triggers: 0
EOF
cmp report expected
