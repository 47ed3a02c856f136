"""What an agent recorded of a session beside its messages, for many sessions by one statement."""

import asyncio
import functools
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.tables.session import session
from storage.errors import TooLarge, Unreadable
from storage.json_codec import dump, load

_LONG = 256 * 1024
"""The length from which metadata is not parsed on the event loop."""


class _HeaderRow(NamedTuple):
    id: str
    parser_version: int
    header: str


class _TotalRow(NamedTuple):
    size: int | None


@functools.lru_cache
def _headers(*, is_sqlite: bool) -> tuple[CompiledSelect[_HeaderRow], CompiledSelect[_TotalRow]]:
    # PostgreSQL knows the number of bytes without reading the text.
    size = sa.func.length(session.c.header) if is_sqlite else sa.func.octet_length(session.c.header)
    is_chosen = is_any_of(session.c.id, "ids")
    total = sa.select(sa.func.sum(size)).where(is_chosen).correlate(None)
    rows = sa.select(session.c.id, session.c.parser_version, session.c.header).where(
        is_chosen, total.scalar_subquery() <= sa.bindparam("max_characters", type_=sa.BigInteger())
    )
    return (
        CompiledSelect(rows, _HeaderRow, _HeaderRow._fields, is_sqlite=is_sqlite),
        CompiledSelect(total, _TotalRow, _TotalRow._fields, is_sqlite=is_sqlite),
    )


async def session_metadata(database: Database, ids: Sequence[str], max_characters: int) -> dict[str, str]:
    """JSON text by session id, without the sessions that do not exist. Raises Unreadable and Unavailable.

    Raises TooLarge, without reading them, when all together have more than `max_characters`.
    """
    headers, total = _headers(is_sqlite=database.is_sqlite)
    rows = await database.read(headers, ids=ids, max_characters=max_characters)
    if not rows:
        [row] = await database.read(total, ids=ids)
        if (row.size or 0) > max_characters:
            raise TooLarge(f"The metadata have {row.size:,} characters.")
    if sum(len(row.header) for row in rows) > _LONG:
        return await asyncio.to_thread(_by_id, rows)
    return _by_id(rows)


def _by_id(rows: Sequence[_HeaderRow]) -> dict[str, str]:
    return {row.id: _recorded(row) for row in rows}


def _recorded(row: _HeaderRow) -> str:
    """The metadata that a format derived, or a document without null in place of its messages."""
    try:
        header = load(row.header)
    except ValueError:
        raise Unreadable("The stored session could not be understood.") from None
    if row.parser_version:
        return dump(header["metadata"])
    return dump({key: item for key, item in header.items() if key != "messages"})
