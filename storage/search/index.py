"""Keeping the index in step: called in the transactions that change what is indexed."""

from typing import Any

import sqlalchemy as sa

from storage.database import Transaction
from storage.search.parts import TITLE_POSITION, PartRow, first_id, id_span, message_rows, part_rows
from storage.search.tokens import token_text
from storage.tables import search_part, session

in_span = (search_part.c.id >= sa.bindparam("start"), search_part.c.id < sa.bindparam("end"))
"""What holds for the parts with ids from `start` on and before `end`."""

_remove = sa.delete(search_part).where(*in_span)

_take_in = sa.text(
    "INSERT INTO search_index(rowid, tokens) SELECT id, tokens FROM search_part WHERE id >= :start AND id < :end"
)


def next_number(transaction: Transaction) -> sa.ColumnElement[Any]:
    """The number of a session that is being added."""
    if transaction.is_sqlite:
        return sa.select(sa.func.coalesce(sa.func.max(session.c.number), 0) + 1).scalar_subquery()
    return sa.func.nextval("session_number")


async def index_session(transaction: Transaction, number: int, title: str, tokens: list[str]) -> None:
    """Add a new session: its title, and its messages by their tokens."""
    rows = message_rows(number, 0, tokens)
    await _add(transaction, rows + part_rows(number, TITLE_POSITION, token_text(title)))


async def index_title(transaction: Transaction, number: int, title: str) -> None:
    """Make a session's title what is found."""
    start, end = first_id(number, TITLE_POSITION), id_span(number)[1]
    await transaction.execute(_remove, {"start": start, "end": end})
    await _add(transaction, part_rows(number, TITLE_POSITION, token_text(title)))


async def index_messages(transaction: Transaction, number: int, start: int, tokens: list[str]) -> None:
    """Add messages, the first of which stands at position `start`, by their tokens."""
    await _add(transaction, message_rows(number, start, tokens))


async def forget_messages(transaction: Transaction, number: int) -> None:
    """Remove a session's messages."""
    await transaction.execute(_remove, {"start": id_span(number)[0], "end": first_id(number, TITLE_POSITION)})


async def forget_session(transaction: Transaction, number: int) -> None:
    """Remove a session's messages and title."""
    start, end = id_span(number)
    await transaction.execute(_remove, {"start": start, "end": end})


async def _add(transaction: Transaction, rows: list[PartRow]) -> None:
    """Add parts that follow each other."""
    await transaction.insert(search_part, PartRow._fields, rows)
    if rows and transaction.is_sqlite:
        # All at once: a trigger would have FTS5 write to the file for each of them.
        await transaction.execute(_take_in, {"start": rows[0].id, "end": rows[-1].id + 1})
