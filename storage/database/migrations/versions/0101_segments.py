"""The search index in segments of its own, the same on both databases."""

import secrets
from collections.abc import Iterator

import numpy as np
import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection

from storage.search.index.drafts import drafts_of
from storage.search.index.entries import Ids, Runs, entry_ids
from storage.search.query.entry_texts import message_texts

revision = "0101"
down_revision = "0001"

KEY_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

SQLITE_LEFTOVERS = ("DROP TABLE search_index", "DROP TABLE search_part")
POSTGRESQL_LEFTOVERS = ("DROP TABLE search_part", "DROP FUNCTION search_lexemes(text)")
# A number that was given once must not come back with another session; a sequence does that on PostgreSQL.
SQLITE_NUMBERS = (
    "CREATE TABLE session_number (last INTEGER NOT NULL)",
    "INSERT INTO session_number (last) SELECT coalesce(max(number), 0) FROM session",
)
# Bytes do not get shorter, and a look at the beginning of some need not read all.
POSTGRESQL_STORAGE = "ALTER TABLE search_block ALTER COLUMN data SET STORAGE EXTERNAL"

_MOST_MESSAGES = 10_000


def upgrade() -> None:
    """Index everything anew: the words are made from the messages by what is there now."""
    op.create_table(
        "search_segment",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("runs", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "search_block",
        sa.Column("segment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", KEY_TEXT, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("segment_id", "first"),
    )
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    statements = (*SQLITE_LEFTOVERS, *SQLITE_NUMBERS) if is_sqlite else (*POSTGRESQL_LEFTOVERS, POSTGRESQL_STORAGE)
    for statement in statements:
        op.execute(statement)
    _index_all(connection)


def _index_all(connection: Connection) -> None:
    ids: list[Ids] = []
    entries: list[list[str]] = []
    for number, session_id, title in connection.execute(sa.text("SELECT number, id, title FROM session")).all():
        ids.append(entry_ids(number, -1, 1))
        entries.append([title])
        for positions, texts in _messages(connection, session_id):
            ids.append(entry_ids(number, positions.start, len(positions)))
            entries += texts[: len(ids[-1])]
            if len(entries) >= _MOST_MESSAGES:
                _add(connection, np.concatenate(ids), entries)
                ids, entries = [], []
    if entries:
        _add(connection, np.concatenate(ids), entries)


def _messages(connection: Connection, session_id: str) -> Iterator[tuple[range, list[list[str]]]]:
    start = 0
    while True:
        rows = connection.execute(
            sa.text(
                "SELECT content FROM message WHERE session_id = :session_id AND position >= :start"
                " ORDER BY position LIMIT 1000"
            ),
            {"session_id": session_id, "start": start},
        ).scalars()
        texts = list(map(message_texts, rows))
        if not texts:
            return
        yield range(start, start + len(texts)), texts
        start += len(texts)


def _add(connection: Connection, ids: Ids, entries: list[list[str]]) -> None:
    start = 0
    for draft in drafts_of(entries):
        id = secrets.randbits(62)
        connection.execute(
            sa.text("INSERT INTO search_segment (id, size, weight, runs) VALUES (:id, :size, :weight, :runs)"),
            {
                "id": id,
                "size": draft.size,
                "weight": draft.weight,
                "runs": Runs.of(ids[start : start + draft.size]).stored(),
            },
        )
        connection.execute(
            sa.text("INSERT INTO search_block (segment_id, first, data) VALUES (:id, :first, :data)"),
            [{"id": id, "first": first, "data": data} for first, data in draft.blocks],
        )
        start += draft.size
