"""Rows that hold no more than what was asked for: classes with some of a row type's columns, made when they are needed.

A row type is a NamedTuple with an attribute for each column. Properties and methods that it adds are there in each of
its narrower classes too; `reads_columns` says which columns they need.
"""

import functools
from collections.abc import Callable, Iterable
from datetime import datetime
from operator import itemgetter
from types import FunctionType
from typing import Any, NamedTuple, TypeAlias, TypeVar

import asyncpg

Wanted: TypeAlias = frozenset[str] | None
"""The attributes of a row that will be looked at; None for all."""

Columns: TypeAlias = tuple[str, ...]


class AttributeSource(NamedTuple):
    """What an attribute is made of: the value at a place of the row, or a function of those at some places.

    `is_there` tells that it is never null, `is_instant` that the value is the text of an instant, the attribute itself.
    """

    maker: Callable[..., object] | None
    places: tuple[int, ...]
    is_there: bool
    is_instant: bool = False


F = TypeVar("F", bound=Callable[..., object])

_MOST_KEPT = 512


def reads_columns(*columns: str, by: Callable[..., object] | None = None) -> Callable[[F], F]:
    """Says which columns a property's function or a method of a row type looks at.

    `by` is what makes the property of their values, where that is one function, which never gives None.
    """

    def note(function: F) -> F:
        _READS[function] = columns
        if by is not None:
            _MAKERS[function] = by
        return function

    return note


_READS: dict[object, Columns] = {}
_MAKERS: dict[object, Callable[..., object]] = {}


@functools.lru_cache(maxsize=_MOST_KEPT)
def columns_for(row_type: Any, wanted: Wanted, also: Columns = ()) -> Columns:
    """The columns that hold the attributes `wanted`, and those named in `also`, in the row type's own order."""
    fields: Columns = row_type._fields
    if wanted is None:
        return fields
    added = vars(row_type)
    needed = set(also)
    for name in wanted:
        function = getattr(added.get(name), "fget", added.get(name))
        needed.update(_READS.get(function, (name,)))
    return tuple(name for name in fields if name in needed)


@functools.lru_cache(maxsize=_MOST_KEPT)
def narrow_type(
    row_type: Any,
    columns: Columns,
    never_null: frozenset[str] = frozenset(),
    instants: frozenset[str] = frozenset(),
    *,
    is_record: bool,
) -> type[Any]:
    """Like `row_type`, with these columns alone: a class that PostgreSQL's driver makes itself, or a tuple.

    Those in `instants` hold texts, of which the attributes make datetimes when they are looked at. Its `columns` are
    their names in order, and its `made_of` tells what attributes are made of: what looks at many rows need not go by
    the attributes.
    """
    added = {
        name: value
        for name, value in vars(row_type).items()
        if isinstance(value, property | FunctionType) and not name.startswith("_")
    }
    columns_at = {
        name: property(_instant_getter(place) if name in instants else itemgetter(place))
        for place, name in enumerate(columns)
    }
    made_of = {
        name: AttributeSource(None, (place,), name in never_null, name in instants)
        for place, name in enumerate(columns)
    }
    for name, value in added.items():
        function = getattr(value, "fget", None)
        if function in _MAKERS and set(_READS[function]) <= set(columns) - instants:
            made_of[name] = AttributeSource(_MAKERS[function], tuple(map(columns.index, _READS[function])), True)
    base: type[Any] = asyncpg.Record if is_record else tuple
    known = {"__slots__": (), "columns": columns, "made_of": made_of}
    return type(row_type.__name__, (base,), {**known, **added, **columns_at})


def _instant_getter(place: int) -> Callable[[Any], datetime | None]:
    def instant(row: Any) -> datetime | None:
        text = row[place]
        return None if text is None else datetime.fromisoformat(text)

    return instant


def select_columns(table: Any, columns: Iterable[str]) -> list[Any]:
    """The columns of a table, by name."""
    return [table.c[name] for name in columns]
