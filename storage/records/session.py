"""Session rows, and pages of them."""

import functools
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

import sqlalchemy as sa

from storage.database.change_numbers import change_numbers
from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.row_types import Columns, Wanted, columns_for, reads_columns, select_columns
from storage.database.tables.change import change_counter
from storage.database.tables.session import IS_NO_SUBAGENT, session
from storage.errors import AmbiguousId
from storage.records.listing import Listing, ListPage, fetch_page
from storage.records.page import PageRequest, Scope
from storage.records.session_filter import SessionFilter, conditions, narrowing
from storage.records.tags import tags_of


class SessionRow(NamedTuple):
    """A saved session as clients see it."""

    id: str
    source: str
    title: str
    workspace: str
    model: str
    mode: str | None
    system_prompt: str | None
    is_archived: bool
    is_starred: bool
    is_automated: bool
    tag_lines: str
    note: str | None
    message_count: int
    prompt_count: int
    total_tokens: int
    created_at: datetime
    updated_at: datetime
    kind: str
    parent_id: str | None
    first_prompt: str | None
    agent_version: str | None
    git_branch: str | None
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    recorded_cost: float | None
    saved_at: datetime
    thread_id: str | None
    title_key: str
    number: int

    @property
    @reads_columns("tag_lines")
    def tags(self) -> list[str]:
        """The tags that people gave it, in the order in which they were given."""
        return tags_of(self.tag_lines)

    @property
    @reads_columns()
    def typename(self) -> str:
        """The name of the GraphQL type."""
        return "Session"


_ORDERS = {
    "UPDATED_AT": session.c.updated_at,
    "CREATED_AT": session.c.created_at,
    "SAVED_AT": session.c.saved_at,
    "TITLE": session.c.title_key,
    "MESSAGE_COUNT": session.c.message_count,
    "TOTAL_TOKENS": session.c.total_tokens,
}
CHANGE_SEQ = "change_seq"
LAST_CHANGE = sa.select(change_counter.c.last).scalar_subquery()


class _NamedRow(NamedTuple):
    id: str
    is_subagent: int


MIN_PREFIX_LENGTH = 8
"""Characters of the beginning of an id that names a session."""


async def named_sessions(
    database: Database, ids: Sequence[str], wanted: Wanted = None
) -> dict[str, SessionRow | AmbiguousId]:
    """The sessions by their ids, or by the beginnings of their ids, without those that do not exist.

    A subagent is named by a beginning that no other session has: the ids of subagents begin as their parents' do.
    AmbiguousId takes the place of a session where several ids begin so. Raises Unavailable.
    """
    found: dict[str, SessionRow | AmbiguousId] = {**await sessions_by_id(database, ids, wanted)}
    full: dict[str, str] = {}
    for prefix in ids:
        if prefix in found or len(prefix) < MIN_PREFIX_LENGTH:
            continue
        # No id has a character beyond "z".
        rows = await database.read(_by_prefix(is_sqlite=database.is_sqlite), prefix=prefix, end=f"{prefix}{{")
        if len({row.is_subagent for row in rows}) < len(rows):
            found[prefix] = AmbiguousId(f"The ids of several sessions begin with {prefix}; give more of it.")
        elif rows:
            full[prefix] = rows[0].id
    if full:
        rows_by_id = await sessions_by_id(database, list(full.values()), wanted)
        found |= {prefix: rows_by_id[id] for prefix, id in full.items() if id in rows_by_id}
    return found


@functools.lru_cache
def _by_prefix(*, is_sqlite: bool) -> CompiledSelect[_NamedRow]:
    start, end = (sa.bindparam(name, type_=session.c.id.type) for name in ("prefix", "end"))
    no, yes = (sa.literal_column(value, sa.Integer()) for value in "01")
    is_subagent = sa.case((IS_NO_SUBAGENT, no), else_=yes).label("is_subagent")
    statement = (
        sa.select(session.c.id, is_subagent)
        .where(session.c.id > start, session.c.id < end)
        .order_by(is_subagent, session.c.id)
        .limit(sa.literal_column("2"))
    )
    return CompiledSelect(statement, _NamedRow, _NamedRow._fields, is_sqlite=is_sqlite)


@functools.lru_cache(maxsize=64)
def _by_id(columns: Columns, *, is_sqlite: bool) -> CompiledSelect[SessionRow]:
    statement = sa.select(*select_columns(session, columns)).where(is_any_of(session.c.id, "ids"))
    return CompiledSelect(statement, SessionRow, columns, is_sqlite=is_sqlite)


async def sessions_by_id(database: Database, ids: Sequence[str], wanted: Wanted = None) -> dict[str, SessionRow]:
    """The sessions with these ids by id, without those that do not exist. Raises Unavailable."""
    select = _by_id(columns_for(SessionRow, wanted, ("id",)), is_sqlite=database.is_sqlite)
    return {row.id: row for row in await database.read(select, ids=ids)}


async def session_page(
    database: Database,
    request: PageRequest,
    session_filter: SessionFilter,
    field: str,
    direction: str,
    wanted: Wanted = None,
    *,
    has_change_seq: bool = False,
) -> ListPage:
    """A page of the sessions sorted by a field, then by id. Raises InvalidCursor and Unavailable.

    `has_change_seq` also reads the number of the last change, in the same statement.
    """
    archived, values = narrowing(session_filter)
    scope = Scope("sessions", field, session_filter, direction)
    listing = _listing(archived, tuple(values), field, direction)
    read = partial(fetch_page, database, listing, values, request, scope, wanted, has_extra=has_change_seq)
    page = await read()
    if not has_change_seq:
        return page
    last = None
    if not page.nodes:
        # An empty page has no row with the number. Read it before the page, which must show all changes up to it.
        last = (await change_numbers(database)).last
        page = await read()
    page.change_seq = page.nodes[0].change_seq if page.nodes else last
    return page


@functools.lru_cache(maxsize=256)
def _listing(archived: str, names: tuple[str, ...], field: str, direction: str) -> Listing:
    return Listing(
        row_type=SessionRow,
        source=session,
        columns={**session.c, CHANGE_SEQ: LAST_CHANGE},
        condition=sa.and_(sa.true(), *conditions(archived, dict.fromkeys(names))),
        order=(_ORDERS[field], session.c.id),
        is_descending=direction == "DESC",
        extra=CHANGE_SEQ,
    )
