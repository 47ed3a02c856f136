"""Session rows, and pages of them with filters."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.change_numbers import change_numbers
from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.list_parameters import contains_all_of, is_any_of
from storage.database.row_types import Columns, Wanted, columns_for, reads_columns, select_columns
from storage.database.tables.change import change_counter
from storage.database.tables.session import IS_NO_SUBAGENT, session
from storage.database.types import Instant, position_of
from storage.errors import AmbiguousId
from storage.records.casefold import casefold
from storage.records.listing import Listing, ListPage, fetch_page
from storage.records.page import PageRequest, Scope
from storage.records.tags import tag_line, tags_of
from storage.records.workspace_key import workspace_key


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


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open span of time; None means unbounded."""

    start: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Conditions on sessions, where None means no condition. `archived` is ACTIVE, ARCHIVED or ANY.

    Without `kinds`, subagents are left out. A session must have all of `tags`, and one of the values of other lists.
    """

    archived: str = "ACTIVE"
    title_contains: str | None = None
    workspaces: Sequence[str] | None = None
    workspace_within: str | None = None
    models: Sequence[str] | None = None
    sources: Sequence[str] | None = None
    created_at: Span | None = None
    updated_at: Span | None = None
    saved_at: Span | None = None
    kinds: Sequence[str] | None = None
    is_starred: bool | None = None
    is_automated: bool | None = None
    tags: Sequence[str] | None = None
    modes: Sequence[str] | None = None
    min_prompts: int | None = None


NO_FILTER = SessionFilter()
"""The filter of most lists."""


def _begins_with(text: ColumnElement[str], beginning: ColumnElement[str]) -> ColumnElement[bool]:
    return sa.func.substr(text, 1, sa.func.length(beginning)) == beginning


_ORDERS = {
    "UPDATED_AT": session.c.updated_at,
    "CREATED_AT": session.c.created_at,
    "SAVED_AT": session.c.saved_at,
    "TITLE": session.c.title_key,
    "MESSAGE_COUNT": session.c.message_count,
    "TOTAL_TOKENS": session.c.total_tokens,
}
_CONDITIONS: dict[str, Callable[[str, Any], ColumnElement[bool]]] = {
    "title_contains": lambda name, value: position_of(sa.bindparam(name, value, sa.Text()), session.c.title_folded) > 0,
    "workspaces": lambda name, value: is_any_of(session.c.workspace_key, name, value),
    "workspace_within": lambda name, value: _begins_with(
        session.c.workspace_key + "/", sa.bindparam(name, value, sa.Text())
    ),
    "models": lambda name, value: is_any_of(session.c.model, name, value),
    "sources": lambda name, value: is_any_of(session.c.source, name, value),
    "kinds": lambda name, value: is_any_of(session.c.kind, name, value),
    "modes": lambda name, value: is_any_of(session.c.mode, name, value),
    "is_starred": lambda name, value: session.c.is_starred == sa.bindparam(name, value, sa.Boolean()),
    "is_automated": lambda name, value: session.c.is_automated == sa.bindparam(name, value, sa.Boolean()),
    "tags": lambda name, value: contains_all_of(session.c.tag_lines, name, value),
    "min_prompts": lambda name, value: session.c.prompt_count >= sa.bindparam(name, value, sa.Integer()),
    "created_from": lambda name, value: session.c.created_at >= sa.bindparam(name, value, Instant()),
    "created_until": lambda name, value: session.c.created_at < sa.bindparam(name, value, Instant()),
    "updated_from": lambda name, value: session.c.updated_at >= sa.bindparam(name, value, Instant()),
    "updated_until": lambda name, value: session.c.updated_at < sa.bindparam(name, value, Instant()),
    "saved_from": lambda name, value: session.c.saved_at >= sa.bindparam(name, value, Instant()),
    "saved_until": lambda name, value: session.c.saved_at < sa.bindparam(name, value, Instant()),
}
_NO_SPAN = Span()
CHANGE_SEQ = "change_seq"
LAST_CHANGE = sa.select(change_counter.c.last).scalar_subquery()


class _IdRow(NamedTuple):
    id: str


MIN_PREFIX_LENGTH = 8
"""Characters of the beginning of an id that names a session."""


async def named_sessions(
    database: Database, ids: Sequence[str], wanted: Wanted = None
) -> dict[str, SessionRow | AmbiguousId]:
    """The sessions by their ids, or by the beginnings of their ids, without those that do not exist.

    AmbiguousId takes the place of a session where several ids begin so. Raises Unavailable.
    """
    found: dict[str, SessionRow | AmbiguousId] = {**await sessions_by_id(database, ids, wanted)}
    full: dict[str, str] = {}
    for prefix in ids:
        if prefix in found or len(prefix) < MIN_PREFIX_LENGTH:
            continue
        # No id has a character beyond "z".
        rows = await database.read(_by_prefix(is_sqlite=database.is_sqlite), prefix=prefix, end=f"{prefix}{{")
        if len(rows) > 1:
            found[prefix] = AmbiguousId(f"The ids of several sessions begin with {prefix}; give more of it.")
        elif rows:
            full[prefix] = rows[0].id
    if full:
        rows_by_id = await sessions_by_id(database, list(full.values()), wanted)
        found |= {prefix: rows_by_id[id] for prefix, id in full.items() if id in rows_by_id}
    return found


@functools.lru_cache
def _by_prefix(*, is_sqlite: bool) -> CompiledSelect[_IdRow]:
    start, end = (sa.bindparam(name, type_=session.c.id.type) for name in ("prefix", "end"))
    statement = (
        sa.select(session.c.id)
        .where(session.c.id > start, session.c.id < end)
        .order_by(session.c.id)
        .limit(sa.literal_column("2"))
    )
    return CompiledSelect(statement, _IdRow, _IdRow._fields, is_sqlite=is_sqlite)


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
    values = _filter_values(session_filter)
    scope = Scope("sessions", field, session_filter, direction)
    listing = _listing(session_filter.archived, tuple(values), field, direction)
    read = partial(fetch_page, database, listing, values, request, scope, wanted, has_extra=has_change_seq)
    page = await read()
    if not has_change_seq:
        return page
    last = None
    if not page.nodes:
        # There is no row to hold it. It is read before the page, which must show all changes up to it.
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


def narrowing(session_filter: SessionFilter) -> tuple[str, dict[str, Any]]:
    """The arguments of `conditions` for a filter."""
    return session_filter.archived, _filter_values(session_filter)


def _filter_values(session_filter: SessionFilter) -> dict[str, Any]:
    """The values of a filter's conditions by the names of their parameters."""
    if session_filter is NO_FILTER:
        return {}
    created, updated = session_filter.created_at or _NO_SPAN, session_filter.updated_at or _NO_SPAN
    saved = session_filter.saved_at or _NO_SPAN
    values = {
        "title_contains": casefold(session_filter.title_contains) if session_filter.title_contains else None,
        "workspaces": None
        if session_filter.workspaces is None
        else sorted({workspace_key(one) for one in session_filter.workspaces}),
        "workspace_within": None
        if session_filter.workspace_within is None
        else workspace_key(session_filter.workspace_within).rstrip("/") + "/",
        "models": session_filter.models,
        "sources": session_filter.sources,
        "kinds": session_filter.kinds,
        "modes": session_filter.modes,
        "is_starred": session_filter.is_starred,
        "is_automated": session_filter.is_automated,
        "tags": None if session_filter.tags is None else [tag_line(tag) for tag in session_filter.tags],
        "min_prompts": session_filter.min_prompts,
        "created_from": created.start,
        "created_until": created.until,
        "updated_from": updated.start,
        "updated_until": updated.until,
        "saved_from": saved.start,
        "saved_until": saved.until,
    }
    return {name: value for name, value in values.items() if value is not None}


def conditions(archived: str, values: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The conditions on the table `session`, with these values of their parameters."""
    found = [_CONDITIONS[name](name, value) for name, value in values.items()]
    if "kinds" not in values:
        found.insert(0, IS_NO_SUBAGENT)
    if archived != "ANY":
        # Not a parameter: a plan for both values could not use an index that begins with it.
        wanted: ColumnElement[bool] = sa.literal_column("true" if archived == "ARCHIVED" else "false")
        is_archived: ColumnElement[bool] = session.c.is_archived
        if "kinds" in values:
            # The indexes that begin with it and have an order do not apply, and SQLite must not take that of facets.
            is_archived = sa.func.coalesce(is_archived, is_archived)
        found.insert(0, is_archived == wanted)
    return found
