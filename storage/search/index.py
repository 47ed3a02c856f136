"""Keeping the index in step: called in the transactions that change what is indexed."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from storage.database import Transaction
from storage.search.parts import TITLE_POSITION, PartRow, first_id, id_span, message_rows, part_rows
from storage.search.tokens import token_text
from storage.tables import search_part, session

in_span = (search_part.c.id >= sa.bindparam("start"), search_part.c.id < sa.bindparam("end"))
"""What holds for the parts with ids from `start` on and before `end`."""

_remove = sa.delete(search_part).where(*in_span)

_newest = sa.select(sa.func.max(session.c.number))
_next = sa.select(sa.func.nextval("session_number")).select_from(
    sa.func.generate_series(1, sa.bindparam("count", type_=sa.Integer())).alias()
)
_take_in = sa.text(
    "INSERT INTO search_index(rowid, tokens) SELECT id, tokens FROM search_part WHERE id >= :start AND id < :end"
)


async def next_numbers(transaction: Transaction, count: int) -> Sequence[int]:
    """The numbers of sessions that are being added, rising."""
    if transaction.is_sqlite:
        newest = (await transaction.execute(_newest)).scalar() or 0
        return range(newest + 1, newest + 1 + count)
    return (await transaction.execute(_next, {"count": count})).scalars().all()


async def index_sessions(transaction: Transaction, sessions: Iterable[tuple[int, str, list[str]]]) -> None:
    """Add sessions whose numbers `next_numbers` gave: their titles, and their messages by their tokens."""
    rows: list[PartRow] = []
    for number, title, tokens in sessions:
        rows += message_rows(number, 0, tokens)
        rows += part_rows(number, TITLE_POSITION, token_text(title))
    await _add(transaction, rows)


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
    """Add parts in the order of their ids, with no others between."""
    await transaction.insert(search_part, PartRow._fields, rows)
    if rows and transaction.is_sqlite:
        # All at once: a trigger would have FTS5 write to the file for each of them.
        await transaction.execute(_take_in, {"start": rows[0].id, "end": rows[-1].id + 1})
