"""Keeping the index in step: called in the transactions that change what is indexed."""

from typing import Any

import sqlalchemy as sa

from storage.database import Transaction
from storage.search.parts import TITLE_POSITION, PartRow, first_id, id_span, message_rows, part_rows
from storage.search.tokens import token_text
from storage.tables import search_part, session

_remove = sa.delete(search_part).where(
    search_part.c.id >= sa.bindparam("start"), search_part.c.id < sa.bindparam("end")
)


def next_number(transaction: Transaction) -> sa.ColumnElement[Any]:
    """The number of a session that is being added."""
    if transaction.is_sqlite:
        return sa.select(sa.func.coalesce(sa.func.max(session.c.number), 0) + 1).scalar_subquery()
    return sa.func.nextval("session_number")


async def index_title(transaction: Transaction, number: int, title: str) -> None:
    """Make a session's title what is found."""
    start, end = first_id(number, TITLE_POSITION), id_span(number)[1]
    await transaction.execute(_remove, {"start": start, "end": end})
    await transaction.insert(search_part, PartRow._fields, part_rows(number, TITLE_POSITION, token_text(title)))


async def index_messages(transaction: Transaction, number: int, start: int, tokens: list[str]) -> None:
    """Add messages, the first of which stands at position `start`, by their tokens."""
    await transaction.insert(search_part, PartRow._fields, message_rows(number, start, tokens))


async def forget_messages(transaction: Transaction, number: int) -> None:
    """Remove a session's messages."""
    await transaction.execute(_remove, {"start": id_span(number)[0], "end": first_id(number, TITLE_POSITION)})


async def forget_session(transaction: Transaction, number: int) -> None:
    """Remove a session's messages and title."""
    start, end = id_span(number)
    await transaction.execute(_remove, {"start": start, "end": end})
