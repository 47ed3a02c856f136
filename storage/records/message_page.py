"""Pages of the messages of many sessions, each read by one statement."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.row_types import Columns, Wanted, columns_for, select_columns
from storage.database.tables.message import message
from storage.records.message import MessageRow, MessageSelect
from storage.records.page import Page, PageRequest, Scope, SharedRead
from storage.records.position_page import PositionPage, rows_by_owner
from storage.records.position_range import PositionRange, position_table


class MessageFilter(NamedTuple):
    """A filter of messages by their roles, and by whether they are injected.

    None means all.
    """

    roles: tuple[str, ...] | None
    is_injected: bool | None = None


class RequestedTranscript(NamedTuple):
    """A session whose messages are requested."""

    session_id: str
    message_count: int


async def message_pages(
    database: Database,
    transcripts: Sequence[RequestedTranscript],
    request: PageRequest,
    chosen: MessageFilter | None,
    wanted: Wanted = None,
    max_characters: int | None = None,
) -> list[Page[MessageRow]]:
    """A page of the chosen messages of each transcript, by one statement. Raises InvalidCursor and Unavailable.

    Raises TooLarge, without reading them, when the contents of all pages have more than `max_characters`.
    """
    ranges = [_range(transcript, request, chosen) for transcript in transcripts]
    spans = [span.page(request) if chosen is None else (span.start, span.end) for span in ranges]
    columns = columns_for(MessageRow, wanted, ("session_id", "position"))
    is_bounded = max_characters is not None and "content" in columns
    select = _pages(
        columns,
        is_bounded=is_bounded,
        conditions=_condition_names(chosen),
        is_backward=request.is_backward,
        is_sqlite=database.is_sqlite,
    )
    values: dict[str, Any] = {
        "owner": [transcript.session_id for transcript in transcripts],
        "start": [start for start, _ in spans],
        "end": [end for _, end in spans],
        "roles": chosen and chosen.roles,
        "size": request.size + 1,
        "max_characters": max_characters,
    }
    rows = await select.read(database, values)
    found = rows_by_owner(rows, values["owner"], columns, itemgetter(columns.index("session_id")))
    if chosen is None:
        return [
            _PageOfAll(found[transcript.session_id], start, end < transcript.message_count, transcript)
            for transcript, (start, end) in zip(transcripts, spans, strict=True)
        ]
    extents = SharedRead(lambda: _read_extents(database, transcripts, chosen))
    return [
        _ChosenPage(
            found[transcript.session_id], transcript, request, _scope(transcript.session_id, chosen), span, extents
        )
        for transcript, span in zip(transcripts, ranges, strict=True)
    ]


@functools.lru_cache(maxsize=64)
def _pages(
    columns: Columns, *, is_bounded: bool, conditions: tuple[str, ...], is_backward: bool, is_sqlite: bool
) -> MessageSelect:
    """The messages of many transcripts in ranges of positions, or the first `size` that meet conditions in them."""
    select = functools.partial(_select_pages, conditions=conditions, is_backward=is_backward, is_sqlite=is_sqlite)
    return MessageSelect(
        select(lambda table: select_columns(table, columns)),
        select(lambda table: [sa.func.sum(table.c.size)]),
        columns,
        is_bounded=is_bounded,
        is_sqlite=is_sqlite,
    )


def _select_pages(
    expressions: Callable[[sa.FromClause], list[Any]],
    *,
    conditions: tuple[str, ...],
    is_backward: bool,
    is_sqlite: bool,
) -> sa.Select[Any]:
    ranges = position_table("start", "end", is_sqlite=is_sqlite)
    start, end = ranges.numbers
    is_of_owner = message.c.session_id == ranges.owner
    is_within = sa.and_(is_of_owner, message.c.position >= start, message.c.position < end)
    if not conditions:
        # Positions have no gaps, so a page is a range of them.
        return sa.select(*expressions(message)).join_from(ranges.source, message, is_within)
    # For each session a scan of the primary key with a limit.
    scan = (
        sa.select(message)
        .where(is_within, *(_CONDITIONS[name]() for name in conditions))
        .order_by(message.c.position.desc() if is_backward else message.c.position.asc())
        .limit(sa.bindparam("size", type_=sa.Integer()))
        .correlate(ranges.source)
    )
    if is_sqlite:
        is_chosen = message.c.position.in_(scan.with_only_columns(message.c.position))
        return sa.select(*expressions(message)).join_from(ranges.source, message, sa.and_(is_of_owner, is_chosen))
    scanned = scan.lateral("scanned")
    return sa.select(*expressions(scanned)).join_from(ranges.source, scanned, sa.true())


def _condition_names(chosen: MessageFilter | None) -> tuple[str, ...]:
    """The names of a filter's conditions."""
    if chosen is None:
        return ()
    roles = () if chosen.roles is None else ("roles",)
    return roles if chosen.is_injected is None else (*roles, "injected" if chosen.is_injected else "not injected")


_CONDITIONS: dict[str, Callable[[], ColumnElement[bool]]] = {
    "roles": lambda: is_any_of(message.c.role, "roles"),
    "injected": lambda: message.c.is_injected == sa.literal_column("true"),
    "not injected": lambda: message.c.is_injected == sa.literal_column("false"),
}


def _scope(session_id: str, chosen: MessageFilter | None) -> Scope:
    return Scope("messages", session_id, chosen)


def _range(transcript: RequestedTranscript, request: PageRequest, chosen: MessageFilter | None) -> PositionRange:
    session_id, count = transcript
    return PositionRange.of(count, lambda: _scope(session_id, chosen), request)


@dataclass(eq=False)
class _PageOfAll(PositionPage[MessageRow]):
    """A page of the messages of all roles, which is a range of positions."""

    transcript: RequestedTranscript

    async def total_count(self) -> int:
        return self.transcript.message_count

    @functools.cached_property
    def scope(self) -> Scope:
        return _scope(self.transcript.session_id, None)


class _Extent(NamedTuple):
    """The number of a session's chosen messages, and the positions of the first and the last."""

    session_id: str
    total: int
    first: int
    last: int


@dataclass(eq=False)
class _ChosenPage(Page[MessageRow]):
    """A page of the messages that pass a filter, made of one row more than it has if more follow."""

    nodes: list[MessageRow]
    transcript: RequestedTranscript
    request: PageRequest
    scope: Scope
    span: PositionRange
    extents: SharedRead[str, _Extent]

    def __post_init__(self) -> None:
        self.has_more = len(self.nodes) > self.request.size
        if self.has_more:
            self.nodes = self.nodes[1:] if self.request.is_backward else self.nodes[:-1]

    def cursor(self, row: MessageRow) -> str:
        return self.scope.cursor((row.position,))

    async def has_previous_page(self) -> bool:
        is_known = self.has_more and self.request.is_backward
        if self.span.start == 0 or is_known:
            return is_known
        extent = await self._extent()
        return extent is not None and extent.first < (self.nodes[0].position if self.nodes else self.span.start)

    async def has_next_page(self) -> bool:
        is_known = self.has_more and not self.request.is_backward
        if self.span.end == self.transcript.message_count or is_known:
            return is_known
        extent = await self._extent()
        return extent is not None and extent.last > (self.nodes[-1].position if self.nodes else self.span.end - 1)

    async def total_count(self) -> int:
        extent = await self._extent()
        return 0 if extent is None else extent.total

    async def _extent(self) -> _Extent | None:
        return await self.extents.get(self.transcript.session_id)


@functools.lru_cache
def _extents(conditions: tuple[str, ...], *, is_sqlite: bool) -> CompiledSelect[_Extent]:
    position = message.c.position
    statement = (
        sa.select(message.c.session_id, sa.func.count(), sa.func.min(position), sa.func.max(position))
        .where(is_any_of(message.c.session_id, "session_ids"), *(_CONDITIONS[name]() for name in conditions))
        .group_by(message.c.session_id)
    )
    return CompiledSelect(statement, _Extent, _Extent._fields, is_sqlite=is_sqlite)


async def _read_extents(
    database: Database, transcripts: Sequence[RequestedTranscript], chosen: MessageFilter
) -> dict[str, _Extent]:
    ids = [transcript.session_id for transcript in transcripts]
    select = _extents(_condition_names(chosen), is_sqlite=database.is_sqlite)
    rows = await database.read(select, session_ids=ids, roles=chosen.roles)
    return {row.session_id: row for row in rows}
