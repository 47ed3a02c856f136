"""Row classes with a subset of a row type's columns, so that statements select only the requested columns.

A row type is a NamedTuple with an attribute for each column. Its classes also have its properties and methods;
`reads_columns` declares which columns these need.
"""

import functools
from collections.abc import Callable, Iterable
from datetime import datetime
from operator import itemgetter
from types import FunctionType
from typing import Any, NamedTuple, TypeAlias, TypeVar

Wanted: TypeAlias = frozenset[str] | None
"""The requested attributes of a row; None for all."""

Columns: TypeAlias = tuple[str, ...]


class AttributeSource(NamedTuple):
    """How an attribute is made: the value at an index of the row, or a function of the values at several.

    `is_there` means that it is never null, `is_instant` that the value is the text of an instant, `is_int32` that the
    database stores it as an integer of 32 bits.
    """

    maker: Callable[..., object] | None
    places: tuple[int, ...]
    is_there: bool
    is_instant: bool = False
    is_int32: bool = False


F = TypeVar("F", bound=Callable[..., object])

_MAX_CACHED = 512


def reads_columns(*columns: str, by: Callable[..., object] | None = None) -> Callable[[F], F]:
    """Declare which columns a property's function or a method of a row type reads.

    `by` is a function that computes the property from their values and never returns None, if there is one.
    """

    def declare(function: F) -> F:
        _READS[function] = columns
        if by is not None:
            _MAKERS[function] = by
        return function

    return declare


_READS: dict[object, Columns] = {}
_MAKERS: dict[object, Callable[..., object]] = {}


@functools.lru_cache(maxsize=_MAX_CACHED)
def columns_for(row_type: Any, wanted: Wanted, also: Columns = ()) -> Columns:
    """The columns of the attributes `wanted` and those named in `also`, in the order of the row type."""
    fields: Columns = row_type._fields
    if wanted is None:
        return fields
    added = vars(row_type)
    needed = set(also)
    for name in wanted:
        function = getattr(added.get(name), "fget", added.get(name))
        needed.update(_READS.get(function, (name,)))
    return tuple(name for name in fields if name in needed)


@functools.lru_cache(maxsize=_MAX_CACHED)
def narrow_type(
    row_type: Any,
    columns: Columns,
    never_null: frozenset[str] = frozenset(),
    instants: frozenset[str] = frozenset(),
    flags: frozenset[str] = frozenset(),
    int32: frozenset[str] = frozenset(),
    *,
    is_record: bool,
) -> type[Any]:
    """A class like `row_type` with only these columns: a subclass of asyncpg.Record, or of tuple.

    Columns in `instants` hold texts, and columns in `flags` 0 or 1; their attributes convert them on access. Columns in
    `int32` hold integers of 32 bits. The class attribute `columns` has the names in order. `made_of` maps attributes to
    their sources, for code that reads many rows without attribute access.
    """
    added = {
        name: value
        for name, value in vars(row_type).items()
        if isinstance(value, property | FunctionType) and not name.startswith("_")
    }
    columns_at = {
        name: property(_getter(index, datetime.fromisoformat if name in instants else bool if name in flags else None))
        for index, name in enumerate(columns)
    }
    made_of = {
        name: AttributeSource(
            bool if name in flags else None, (index,), name in never_null, name in instants, name in int32
        )
        for index, name in enumerate(columns)
    }
    for name, value in added.items():
        function = getattr(value, "fget", None)
        if function in _MAKERS and set(_READS[function]) <= set(columns) - instants:
            made_of[name] = AttributeSource(_MAKERS[function], tuple(map(columns.index, _READS[function])), True)
    base: type[Any] = _record() if is_record else tuple
    fixed = {"__slots__": (), "columns": columns, "made_of": made_of}
    return type(row_type.__name__, (base,), {**fixed, **added, **columns_at})


def _record() -> type[Any]:
    # Imported only for PostgreSQL, see `postgresql.py`.
    import asyncpg

    record: type[Any] = asyncpg.Record
    return record


def _getter(index: int, convert: Callable[[Any], object] | None) -> Callable[[Any], object]:
    if convert is None:
        return itemgetter(index)

    def get(row: Any) -> object:
        value = row[index]
        return None if value is None else convert(value)

    return get


def select_columns(table: Any, columns: Iterable[str]) -> list[Any]:
    """The columns of a table with these names."""
    return [table.c[name] for name in columns]
