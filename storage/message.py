"""Messages: pages of many sessions' transcripts in one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.content_block import ContentBlock, joined_text, read_blocks
from storage.database import Database
from storage.errors import Unreadable
from storage.jsontext import load
from storage.page import Page, PageRequest, Scope, Together, known
from storage.positions import Range, owners_by_page
from storage.tables import message


class MessageRow(NamedTuple):
    """A message as clients see it. `content` is JSON text."""

    session_id: str
    position: int
    role: str
    created_at: datetime | None
    content: str

    @property
    def id(self) -> str:
        """Unique across sessions: a session's id holds no colon."""
        return f"{self.session_id}:{self.position}"

    def blocks(self) -> list[ContentBlock]:
        """What it says, block by block. Raises Unreadable."""
        try:
            return read_blocks(load(self.content))
        except ValueError:
            raise Unreadable(f"Message {self.position} of the session could not be understood.") from None

    def text(self) -> str:
        """The text blocks joined by newlines. Raises Unreadable."""
        return joined_text(self.blocks())


class Transcript(NamedTuple):
    """A session whose messages are wanted."""

    session_id: str
    message_count: int


_columns = [message.c[name] for name in MessageRow._fields]


async def message_pages(
    database: Database, transcripts: Sequence[Transcript], request: PageRequest, roles: Sequence[str] | None
) -> list[Page[MessageRow]]:
    """A page of each transcript, in their order: one statement. Raises InvalidCursor and Unavailable."""
    wanted = None if roles is None else sorted(set(roles))
    ranges = [_range(transcript, request, wanted) for transcript in transcripts]
    statement = _contiguous(request, ranges) if wanted is None else _by_roles(request, ranges, wanted)
    rows: dict[str, list[MessageRow]] = {transcript.session_id: [] for transcript in transcripts}
    async with database.read() as connection:
        for row in await connection.execute(statement):
            rows[row.session_id].append(MessageRow._make(row))
    extents = Together(lambda: _read_extents(database, transcripts, wanted))
    return [
        _page(request, wanted, transcript, span, sorted(rows[transcript.session_id], key=_position), extents)
        for transcript, span in zip(transcripts, ranges, strict=True)
    ]


async def messages_at(database: Database, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], MessageRow]:
    """The messages at these places (session id, position), by place; one statement. Raises Unavailable."""
    by_session: dict[str, list[int]] = {}
    for session_id, position in places:
        by_session.setdefault(session_id, []).append(position)
    statement = sa.select(*_columns).where(
        sa.or_(
            *(
                sa.and_(message.c.session_id == session_id, message.c.position.in_(positions))
                for session_id, positions in by_session.items()
            )
        )
    )
    async with database.read() as connection:
        rows = await connection.execute(statement)
    return {(row.session_id, row.position): MessageRow._make(row) for row in rows}


def _position(row: MessageRow) -> int:
    return row.position


def _scope(session_id: str, roles: list[str] | None) -> Scope:
    return Scope("messages", session_id, roles)


def _range(transcript: Transcript, request: PageRequest, roles: list[str] | None) -> Range:
    session_id, count = transcript
    return Range.of(session_id, count, _scope(session_id, roles), request)


def _contiguous(request: PageRequest, ranges: list[Range]) -> sa.Select[Any]:
    """Positions have no gaps, so a page is a range of them."""
    return sa.select(*_columns).where(
        sa.or_(
            sa.false(),
            *(
                sa.and_(message.c.session_id.in_(owners), message.c.position >= start, message.c.position < end)
                for (start, end), owners in owners_by_page(ranges, request).items()
                if start < end
            ),
        )
    )


def _by_roles(request: PageRequest, ranges: list[Range], roles: list[str]) -> sa.Select[Any]:
    """One limited walk along the key for each session."""
    walks = []
    for span in ranges:
        order = message.c.position.desc() if request.is_backward else message.c.position.asc()
        walk = (
            sa.select(*_columns)
            .where(message.c.session_id == span.owner, message.c.role.in_(roles))
            .where(message.c.position >= span.start, message.c.position < span.end)
            .order_by(order)
            .limit(request.size + 1)
            .subquery()
        )
        walks.append(sa.select(walk))
    return sa.select(sa.union_all(*walks).subquery())


def _page(
    request: PageRequest,
    roles: list[str] | None,
    transcript: Transcript,
    span: Range,
    rows: list[MessageRow],
    extents: Together[str, "_Extent"],
) -> Page[MessageRow]:
    scope = _scope(transcript.session_id, roles)

    def cursor_of(row: MessageRow) -> str:
        return scope.cursor((row.position,))

    if roles is None:
        start, end = span.page(request)
        return Page(
            rows,
            cursor_of,
            lambda: known(start > 0),
            lambda: known(end < transcript.message_count),
            lambda: known(transcript.message_count),
        )
    has_more = len(rows) > request.size
    if has_more:
        rows = rows[1:] if request.is_backward else rows[:-1]

    async def has_previous() -> bool:
        if span.start == 0 or (has_more and request.is_backward):
            return has_more and request.is_backward
        told = await extents.get(transcript.session_id)
        return told is not None and told.first < (rows[0].position if rows else span.start)

    async def has_next() -> bool:
        if span.end == transcript.message_count or (has_more and not request.is_backward):
            return has_more and not request.is_backward
        told = await extents.get(transcript.session_id)
        return told is not None and told.last > (rows[-1].position if rows else span.end - 1)

    async def count() -> int:
        told = await extents.get(transcript.session_id)
        return 0 if told is None else told.total

    return Page(rows, cursor_of, has_previous, has_next, count)


class _Extent(NamedTuple):
    """How many messages there are by some roles, and where the first and the last of them stand."""

    total: int
    first: int
    last: int


async def _read_extents(
    database: Database, transcripts: Sequence[Transcript], roles: list[str] | None
) -> dict[str, _Extent]:
    statement = (
        sa.select(
            message.c.session_id, sa.func.count(), sa.func.min(message.c.position), sa.func.max(message.c.position)
        )
        .where(message.c.session_id.in_([transcript.session_id for transcript in transcripts]))
        .where(message.c.role.in_(roles or []))
        .group_by(message.c.session_id)
    )
    async with database.read() as connection:
        return {session_id: _Extent(*told) for session_id, *told in (await connection.execute(statement)).all()}
