"""How many sessions have each value of an attribute."""

import functools
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.visitors import iterate

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.number_sets import is_dense, is_in_set, number_set
from storage.database.row_types import Wanted
from storage.database.tables.session import session
from storage.records.indexed_sessions import TIMES, indexed_sessions
from storage.records.page import SharedRead
from storage.records.session_filter import SessionFilter, conditions, narrowing
from storage.records.tags import tags_of

TOTAL = ""
SOURCE = "source"
MODEL = "model"
WORKSPACE = "workspace_key"
TAGS = "tag_lines"
_ATTRIBUTES = (SOURCE, MODEL, WORKSPACE, TAGS)
_NUMBERS, _NUMBER_SET = "numbers", "number_set"
# The columns that are compared by counts for which SQLite has an index of fewer columns.
_IN_SMALL_INDEXES = (set(), {"is_archived"}, *({"is_archived", time} for time in TIMES))


class Facet(NamedTuple):
    """A value, and how many sessions have it."""

    value: str
    session_count: int


class _AttributeCount(NamedTuple):
    """How many sessions have a value of an attribute; `shown` stands for equal values."""

    attribute: str
    value: str
    shown: str
    session_count: int


class CountedSessions:
    """The sessions that pass a filter, and have one of the numbers unless these are None.

    One statement counts them by all attributes in `wanted`, which is None for all. Its methods raise Unavailable.
    """

    def __init__(
        self, database: Database, session_filter: SessionFilter, numbers: Sequence[int] | None, wanted: Wanted
    ) -> None:
        self._database = database
        self._filter = session_filter
        self._numbers = numbers
        self._attributes = tuple(name for name in _ATTRIBUTES if wanted is None or name in wanted)
        self._read: SharedRead[str, Any] = SharedRead(self._count)

    async def total(self) -> int:
        """Their number."""
        total = await self._read.get(TOTAL)
        assert isinstance(total, int)
        return total

    async def facets(self, name: str, size: int | None = None) -> list[Facet]:
        """The values of an attribute and how many of them have each, most first; empty values are left out."""
        facets = await self._read.get(name)
        assert isinstance(facets, list)
        return facets[:size]

    async def _count(self) -> dict[str, Any]:
        archived, values = narrowing(self._filter)
        if self._numbers is not None and is_dense(self._numbers):
            values[_NUMBER_SET] = number_set(self._numbers, is_sqlite=self._database.is_sqlite)
        elif self._numbers is not None:
            values[_NUMBERS] = self._numbers
        select = _counts(archived, tuple(values), self._attributes, is_sqlite=self._database.is_sqlite)
        found: dict[str, Any] = {TOTAL: 0, **{name: [] for name in self._attributes}}
        by_tag: Counter[str] = Counter()
        for attribute, value, shown, count in await self._database.read(select, **values):
            if attribute == TOTAL:
                found[TOTAL] = count
            elif attribute == TAGS:
                by_tag.update(dict.fromkeys(tags_of(value), count))
            else:
                found[attribute].append(Facet(shown, count))
        found[TAGS] = [Facet(*one) for one in by_tag.items()]
        for name in self._attributes:
            found[name].sort(key=_most_first)
        return found


def _most_first(facet: Facet) -> tuple[int, str]:
    return -facet.session_count, facet.value


def _as_likely(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition in a form for which PostgreSQL expects that half of the rows meet it.

    For most filters it would expect few rows, and sort many rows instead of hashing them.
    """
    return sa.case((condition, sa.true()), else_=sa.false())


@functools.lru_cache(maxsize=256)
def _counts(
    archived: str, names: tuple[str, ...], attributes: tuple[str, ...], *, is_sqlite: bool
) -> CompiledSelect[_AttributeCount]:
    filters = dict.fromkeys(name for name in names if name not in (_NUMBERS, _NUMBER_SET))
    is_counted = conditions(archived, filters)
    if not is_sqlite:
        # The conditions of the filters come last.
        first = len(is_counted) - len(filters)
        is_counted[first:] = map(_as_likely, is_counted[first:])
    if _NUMBERS in names:
        is_counted.append(is_any_of(session.c.number, _NUMBERS))
    if _NUMBER_SET in names:
        is_counted.append(is_in_set(session.c.number, _NUMBER_SET))
    groups = _groups(is_counted, attributes, is_sqlite=is_sqlite)
    total = sa.func.coalesce(sa.func.sum(groups.c.size), sa.literal_column("0"))
    count = sa.cast(total, sa.BigInteger()).label("session_count")
    nothing = sa.literal_column("''", sa.Text())
    parts = [
        sa.select(nothing.label("attribute"), nothing.label("value"), nothing.label("shown"), count).select_from(groups)
    ]
    for name in attributes:
        value = groups.c[name]
        # A directory in any of its spellings.
        spelling = sa.func.min(groups.c.workspace) if name == WORKSPACE else value
        attribute = sa.literal_column(f"'{name}'", sa.Text())
        part = sa.select(attribute.label("attribute"), value.label("value"), spelling.label("shown"), count)
        parts.append(part.where(value != nothing).group_by(value))
    every = sa.union_all(*parts).subquery("every")
    statement = sa.select(*(every.c[name] for name in _AttributeCount._fields))
    return CompiledSelect(statement, _AttributeCount, _AttributeCount._fields, is_sqlite=is_sqlite)


def _compared(is_counted: Sequence[ColumnElement[bool]]) -> set[str]:
    """The names of the columns that conditions compare. IS_NO_SUBAGENT is not a column."""
    elements = (element for condition in is_counted for element in iterate(condition))
    return {element.name for element in elements if isinstance(element, sa.Column)}


def _groups(is_counted: Sequence[ColumnElement[bool]], attributes: tuple[str, ...], *, is_sqlite: bool) -> sa.CTE:
    """How many sessions have the same values of all attributes: groups, far fewer than sessions, to count in."""
    names = [*attributes, *(["workspace"] if WORKSPACE in attributes else [])]
    # SQLite reads the groups from the index `session_facets` in its order, without sorting them.
    order = ["is_archived", "kind"] if is_sqlite and attributes else []
    one = sa.literal_column("1", sa.Integer()).label("one")
    columns = [one, *(session.c[name] for name in (*order, *names))]
    if is_sqlite and not attributes and _compared(is_counted) in _IN_SMALL_INDEXES:
        found: sa.Select[Any] | sa.CompoundSelect[Any] = sa.select(one).select_from(session).where(*is_counted)
    else:
        found = indexed_sessions(columns, is_counted, is_sqlite=is_sqlite)
    chosen = found.subquery("chosen")
    workspace = [sa.func.min(chosen.c.workspace).label("workspace")] if WORKSPACE in attributes else []
    values = [chosen.c[name] for name in attributes]
    groups = sa.select(sa.func.count().label("size"), *values, *workspace).select_from(chosen)
    if attributes:
        groups = groups.group_by(*(chosen.c[name] for name in (*order, *attributes)))
    return groups.cte("groups").prefix_with("MATERIALIZED")
