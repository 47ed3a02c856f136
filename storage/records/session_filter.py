"""The filter of sessions, and its conditions in SQL."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.list_parameters import contains_all_of, is_any_of
from storage.database.tables.session import IS_NO_SUBAGENT, session
from storage.database.types import Instant, position_of
from storage.records.casefold import casefold
from storage.records.tags import tag_line
from storage.records.workspace_key import workspace_key


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
