"""Messages: pages of many sessions' transcripts in one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.content_block import ContentBlock, joined_text, read_blocks
from storage.database import Database
from storage.errors import Unreadable
from storage.jsontext import load
from storage.page import Page, PageRequest, Scope, known
from storage.positions import Range
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
    statement = _contiguous(request, ranges) if wanted is None else _by_roles(database, request, ranges, wanted)
    rows: dict[str, list[MessageRow]] = {transcript.session_id: [] for transcript in transcripts}
    async with database.read() as connection:
        for row in await connection.execute(statement):
            rows[row.session_id].append(MessageRow._make(row))
    return [
        _page(database, request, wanted, transcript, span, sorted(rows[transcript.session_id], key=_position))
        for transcript, span in zip(transcripts, ranges, strict=True)
    ]


def _position(row: MessageRow) -> int:
    return row.position


def _scope(session_id: str, roles: list[str] | None) -> Scope:
    return Scope("messages", session_id, roles)


def _range(transcript: Transcript, request: PageRequest, roles: list[str] | None) -> Range:
    scope = _scope(transcript.session_id, roles)
    return Range.between(
        transcript.session_id,
        transcript.message_count,
        after=None if request.after is None else int(scope.key(request.after, (int,))[0]),
        before=None if request.before is None else int(scope.key(request.before, (int,))[0]),
    )


def _contiguous(request: PageRequest, ranges: list[Range]) -> sa.Select[Any]:
    """Positions have no gaps, so a page is a range of them; ranges that are equal share a condition."""
    by_span: dict[tuple[int, int], list[str]] = {}
    for span in ranges:
        by_span.setdefault(span.page(request), []).append(span.owner)
    return sa.select(*_columns).where(
        sa.or_(
            sa.false(),
            *(
                sa.and_(message.c.session_id.in_(owners), message.c.position >= start, message.c.position < end)
                for (start, end), owners in by_span.items()
                if start < end
            ),
        )
    )


def _by_roles(database: Database, request: PageRequest, ranges: list[Range], roles: list[str]) -> sa.Select[Any]:
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
    database: Database,
    request: PageRequest,
    roles: list[str] | None,
    transcript: Transcript,
    span: Range,
    rows: list[MessageRow],
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
    of_roles = (message.c.session_id == transcript.session_id, message.c.role.in_(roles))

    async def exists(*conditions: Any) -> bool:
        statement = sa.select(sa.literal(1)).where(*of_roles, *conditions).limit(1)
        async with database.read() as connection:
            return (await connection.execute(statement)).first() is not None

    async def has_previous() -> bool:
        if has_more and request.is_backward:
            return True
        return await exists(message.c.position < (rows[0].position if rows else span.start))

    async def has_next() -> bool:
        if has_more and not request.is_backward:
            return True
        return await exists(message.c.position > rows[-1].position if rows else message.c.position >= span.end)

    async def count() -> int:
        async with database.read() as connection:
            total = await connection.execute(sa.select(sa.func.count()).select_from(message).where(*of_roles))
            return int(total.scalar_one())

    return Page(rows, cursor_of, has_previous, has_next, count)
