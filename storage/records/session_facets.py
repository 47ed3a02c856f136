"""How many sessions have each value of an attribute."""

import functools
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.tables import session
from storage.records.session import SessionFilter, conditions, narrowing
from storage.records.tags import tags_of

SOURCES = "sources"
MODELS = "models"
WORKSPACES = "workspaces"
_ALL = 2**31 - 1

# The column by which sessions are counted, and the value that stands for equal ones.
_COLUMNS: dict[str, tuple[ColumnElement[str], ColumnElement[str]]] = {
    SOURCES: (session.c.source, session.c.source),
    MODELS: (session.c.model, session.c.model),
    # A directory in any of its spellings.
    WORKSPACES: (session.c.workspace_key, sa.func.min(session.c.workspace)),
    "tags": (session.c.tag_lines, session.c.tag_lines),
}


class Facet(NamedTuple):
    """A value, and how many sessions have it."""

    value: str
    session_count: int


class _Total(NamedTuple):
    value: int


class CountedSessions(NamedTuple):
    """Which sessions are counted: those that pass a filter, and have one of the numbers unless these are None."""

    filter: SessionFilter
    numbers: Sequence[int] | None = None

    @property
    def _values(self) -> dict[str, Any]:
        values = narrowing(self.filter)[1]
        return values if self.numbers is None else {**values, "numbers": self.numbers}

    async def total(self, database: Database) -> int:
        """How many they are. Raises Unavailable."""
        values = self._values
        [row] = await database.read(_total(self.filter.archived, tuple(values), is_sqlite=database.is_sqlite), **values)
        return row.value

    async def facets(self, database: Database, name: str, size: int | None) -> list[Facet]:
        """The values that most of them have, most first; empty ones are left out. Raises Unavailable."""
        values = self._values
        select = _facets(self.filter.archived, tuple(values), name, is_sqlite=database.is_sqlite)
        return await database.read(select, **values, size=_ALL if size is None else size)

    async def tags(self, database: Database, size: int) -> list[Facet]:
        """The tags that most of them have, most first. Raises Unavailable."""
        counts: Counter[str] = Counter()
        for lines, count in await self.facets(database, "tags", None):
            for tag in tags_of(lines):
                counts[tag] += count
        return [Facet(*one) for one in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:size]]


def _conditions(archived: str, names: tuple[str, ...]) -> list[ColumnElement[bool]]:
    found = conditions(archived, dict.fromkeys(name for name in names if name != "numbers"))
    return [*found, is_any_of(session.c.number, "numbers")] if "numbers" in names else found


@functools.lru_cache(maxsize=64)
def _total(archived: str, names: tuple[str, ...], *, is_sqlite: bool) -> CompiledSelect[_Total]:
    statement = sa.select(sa.func.count().label("value")).select_from(session).where(*_conditions(archived, names))
    return CompiledSelect(statement, _Total, _Total._fields, is_sqlite=is_sqlite)


@functools.lru_cache(maxsize=256)
def _facets(archived: str, names: tuple[str, ...], name: str, *, is_sqlite: bool) -> CompiledSelect[Facet]:
    column, value = _COLUMNS[name]
    count = sa.func.count()
    columns: list[ColumnElement[Any]] = [value.label("value"), count.label("session_count")]
    statement = (
        sa.select(*columns)
        .where(*_conditions(archived, names), column != sa.literal_column("''"))
        .group_by(column)
        .order_by(count.desc(), column)
        .limit(sa.bindparam("size", type_=sa.Integer()))
    )
    return CompiledSelect(statement, Facet, Facet._fields, is_sqlite=is_sqlite)
