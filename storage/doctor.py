"""What is wrong with a database: rows that contradict each other, an index that contradicts the rows, stuck tasks.

Sessions are read one by one and their messages in batches, so memory stays small. What looks wrong is looked at again
under a lock, so that a session that is being written is no finding.
"""

import sqlite3
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.content_block import ContentBlock, read_blocks
from storage.database import Database, Transaction
from storage.document import stored_role
from storage.jsontext import load
from storage.migrations import is_current
from storage.search.index import forget_session, in_span, index_messages, index_title
from storage.search.parts import (
    TITLE_POSITION,
    PartRow,
    first_id,
    id_span,
    message_rows,
    message_tokens,
    part_rows,
    session_of,
)
from storage.search.tokens import token_text
from storage.seeding.transcript import own_item_count
from storage.tables import message, search_part, session
from storage.thread_checks import thread_checks
from storage.tool_links import ToolLinks, note

_BATCH = 100


class Finding(NamedTuple):
    """Something wrong, in a line."""

    text: str
    is_repaired: bool = False


class _Batch(NamedTuple):
    """Messages that follow each other, and their blocks; None for a message that cannot be understood."""

    rows: list[Any]
    blocks: list[list[ContentBlock] | None]
    is_last: bool

    def tokens(self) -> list[str]:
        return ["" if blocks is None else message_tokens(blocks) for blocks in self.blocks]


_sessions = sa.select(
    session.c.number, session.c.id, session.c.title, session.c.message_count, session.c.item_count
).order_by(session.c.number)
_parts = sa.select(*(search_part.c[name] for name in PartRow._fields)).where(*in_span).order_by(search_part.c.id)
_messages = (
    sa.select(message.c.position, message.c.role, message.c.extra, message.c.tool_links, message.c.content)
    .where(message.c.session_id == sa.bindparam("session_id"), message.c.position >= sa.bindparam("start"))
    .order_by(message.c.position)
    .limit(_BATCH)
)
_is_stray = sa.not_(sa.exists().where(session.c.number == session_of(search_part.c.id)))


async def examine(database: Database, *, repair: bool = False) -> AsyncIterator[Finding]:
    """Everything that is wrong. With `repair` the search index is made anew where it is. Raises Unavailable."""
    if not await is_current(database):
        yield Finding("The database is not in the form that this version reads; run `reprise migrate`.")
        return
    if database.is_sqlite and not await _is_index_whole(database):
        if repair:
            async with database.write() as transaction:
                await transaction.execute(sa.text("INSERT INTO search_index(search_index) VALUES ('rebuild')"))
        yield Finding("The search index differs from the words it is made of.", repair)
    async for finding in _examine_sessions(database, repair):
        yield finding
    async for finding in _examine_tasks(database):
        yield finding


async def _is_index_whole(database: Database) -> bool:
    check = sa.text("INSERT INTO search_index(search_index, rank) VALUES ('integrity-check', 1)")
    try:
        async with database.write() as transaction:
            await transaction.execute(check)
    except sa.exc.DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        return False
    return True


async def _examine_sessions(database: Database, repair: bool) -> AsyncIterator[Finding]:
    end_of_last = 0
    async for row in _all_sessions(database):
        start, end = id_span(row.number)
        async for finding in _examine_strays(database, end_of_last, start, repair):
            yield finding
        end_of_last = end
        async with database.read() as connection:
            is_suspect = bool([text async for text in _contradictions(connection, row)])
        if is_suspect:
            for finding in await _examine_locked(database, row.number, repair):
                yield finding
    async for finding in _examine_strays(database, end_of_last, 2**63 - 1, repair):
        yield finding


async def _all_sessions(database: Database) -> AsyncIterator[Any]:
    number = 0
    while True:
        async with database.read() as connection:
            rows = (await connection.execute(_sessions.where(session.c.number > number).limit(_BATCH))).all()
        for row in rows:
            yield row
        if len(rows) < _BATCH:
            return
        number = rows[-1].number


async def _examine_strays(database: Database, start: int, end: int, repair: bool) -> AsyncIterator[Finding]:
    if start == end:
        return
    async with database.write() if repair else database.read() as connection:
        span = {"start": start, "end": end}
        found = await connection.execute(
            sa.select(sa.func.count()).select_from(search_part).where(*in_span, _is_stray), span
        )
        count = found.scalar_one()
        if count and repair:
            await connection.execute(sa.delete(search_part).where(*in_span, _is_stray), span)
    if count:
        yield Finding(f"The search index holds {count} entries of sessions that are not there.", repair)


async def _examine_locked(database: Database, number: int, repair: bool) -> list[Finding]:
    async with database.write() as transaction:
        if not transaction.is_sqlite:
            # What is read here takes as long as the session makes it.
            await transaction.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        row = (await transaction.execute(_sessions.where(session.c.number == number).with_for_update())).first()
        if row is None:
            return []
        found = [contradiction async for contradiction in _contradictions(transaction.connection, row)]
        does_repair = repair and any(contradiction.is_of_index for contradiction in found)
        if does_repair:
            await _index_anew(transaction, row)
    return [Finding(f"Session {row.id}: {text}", does_repair and is_of_index) for text, is_of_index in found]


class _Contradiction(NamedTuple):
    text: str
    is_of_index: bool = False


async def _contradictions(connection: AsyncConnection, row: Any) -> AsyncIterator[_Contradiction]:
    """What is wrong with a session and its messages."""
    count = wrong_parts = item_count = 0
    notes: list[tuple[int, str | None]] = []
    async for batch in _batches(connection, row.id):
        start, count = count, count + len(batch.rows)
        if [one.position for one in batch.rows] != list(range(start, count)):
            yield _Contradiction(f"positions of messages have gaps after {start}.")
            return
        for one, blocks in zip(batch.rows, batch.blocks, strict=True):
            if blocks is None:
                yield _Contradiction(f"message {one.position} cannot be understood.")
                return
            item_count += own_item_count(stored_role(one.role, one.extra), blocks)
            notes.append((one.position, note(blocks)))
            if notes[-1][1] != one.tool_links:
                yield _Contradiction(f"message {one.position} has other calls and results than are noted.")
        end = TITLE_POSITION if batch.is_last else min(count, TITLE_POSITION)
        wrong_parts += await _differences(
            connection,
            first_id(row.number, min(start, TITLE_POSITION)),
            first_id(row.number, end),
            message_rows(row.number, start, batch.tokens()),
        )
    title = part_rows(row.number, TITLE_POSITION, token_text(row.title))
    wrong_parts += await _differences(connection, first_id(row.number, TITLE_POSITION), id_span(row.number)[1], title)
    if count != row.message_count:
        yield _Contradiction(f"message_count is {row.message_count} and there are {count} messages.")
    item_count += ToolLinks(notes).orphan_count
    if item_count != row.item_count:
        yield _Contradiction(f"item_count is {row.item_count} and its messages make {item_count} items.")
    if wrong_parts:
        yield _Contradiction(f"{wrong_parts} entries of the search index differ from its text.", is_of_index=True)


async def _differences(connection: AsyncConnection, start: int, end: int, expected: list[PartRow]) -> int:
    rows = await connection.execute(_parts, {"start": start, "end": end})
    return len({PartRow._make(row) for row in rows}.symmetric_difference(expected))


async def _batches(connection: AsyncConnection, session_id: str) -> AsyncIterator[_Batch]:
    start = 0
    is_last = False
    while not is_last:
        rows = list((await connection.execute(_messages, {"session_id": session_id, "start": start})).all())
        is_last = len(rows) < _BATCH
        yield _Batch(rows, list(map(_blocks, rows)), is_last)
        start = rows[-1].position + 1 if rows else start


def _blocks(row: Any) -> list[ContentBlock] | None:
    try:
        stored_role(row.role, row.extra)
        return read_blocks(load(row.content))
    except ValueError:
        return None


async def _index_anew(transaction: Transaction, row: Any) -> None:
    await forget_session(transaction, row.number)
    await index_title(transaction, row.number, row.title)
    async for batch in _batches(transaction.connection, row.id):
        if batch.rows:
            await index_messages(transaction, row.number, batch.rows[0].position, batch.tokens())


async def _examine_tasks(database: Database) -> AsyncIterator[Finding]:
    for text, statement in thread_checks():
        async with database.read() as connection:
            rows = (await connection.execute(statement)).all()
        for row in rows:
            yield Finding(text.format(*row))
