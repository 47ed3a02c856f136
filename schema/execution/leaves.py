"""How leaves become what the answer holds: values that graphql-core would give too, or that orjson writes as it would.

Of each selection of an object a function is made, in Python's own source text: that is what takes the time of a page.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any, NamedTuple

from graphql import GraphQLEnumType, GraphQLLeafType

_CHECKS: dict[str, tuple[str, ...]] = {
    "String": (),
    "ID": (),
    "Boolean": (),
    "JSON": (),
    "Int": ("if not -2147483648 <= {0} <= 2147483647: raise GivesUp",),
    "BigInt": ("if not -9007199254740991 <= {0} <= 9007199254740991: raise GivesUp",),
    "Float": ("if not isfinite({0}): raise GivesUp",),
    # Written by orjson.
    "DateTime": ("if {0}.tzinfo is not UTC: raise GivesUp",),
}
"""What must hold of a value, by the name of its scalar, for it to be the one that the scalar gives."""


class GivesUp(Exception):
    """There may be an error in the answer, or what a plan does not know how to say."""


Build = Callable[[Sequence[Any]], list[dict[str, Any]]]
"""Makes of each row an object of the answer."""

_NAMES = {"GivesUp": GivesUp, "UTC": UTC, "isfinite": math.isfinite}


class Leaf(NamedTuple):
    """An attribute of a row that becomes a leaf of that kind."""

    attribute: str
    kind: GraphQLLeafType
    is_required: bool


def build_function(typename: str, entries: Mapping[str, Leaf | str | None], row_type: type[Any]) -> Build:
    """A function that makes of rows of one type objects with these entries, by their keys and in their order.

    An entry is a leaf, the name of the type, or None for what is filled in later: null until then. The function raises
    GivesUp.
    """
    names: dict[str, Any] = {**_NAMES, "row_type": row_type}
    made_of = getattr(row_type, "made_of", {})
    reads: list[str] = []
    items: list[str] = []
    for number, (key, entry) in enumerate(entries.items()):
        if isinstance(entry, Leaf):
            value = f"v{number}"
            reads += [f"{value} = {_source(entry.attribute, made_of, names)}", *_checks(entry, value, names)]
            items.append(f"{key!r}: {value}")
        else:
            items.append(f"{key!r}: {entry!r}")
    lines = ["def build(rows):", "    made = []", "    for row in rows:"]
    lines += ["        if type(row) is not row_type: raise GivesUp"]
    lines += [f"        {line}" for line in reads]
    lines += [f"        made.append({{{', '.join(items)}}})", "    return made"]
    # Keys are names of GraphQL, as Python writes its strings; attributes are those of our own types.
    exec(compile("\n".join(lines), f"<plan of {typename}>", "exec"), names)
    build: Build = names["build"]
    return build


def _source(attribute: str, made_of: Mapping[str, Any], names: dict[str, Any]) -> str:
    """How an attribute of `row` is read: by its place where that is known, which takes half the time."""
    if attribute not in made_of:
        return f"row.{attribute}"
    maker, places = made_of[attribute]
    values = ", ".join(f"row[{place}]" for place in places)
    if maker is None:
        return values
    names[f"make_{attribute}"] = maker
    return f"make_{attribute}({values})"


def convert_function(kind: GraphQLLeafType) -> Callable[[Sequence[Any]], list[Any]]:
    """A function that makes of each value, none of them null, a leaf. It raises GivesUp."""
    names: dict[str, Any] = dict(_NAMES)
    lines = ["def convert(values):", "    made = []", "    for value in values:"]
    lines += [f"        {line}" for line in _checks(Leaf("value", kind, is_required=True), "value", names)]
    lines += ["        made.append(value)", "    return made"]
    exec(compile("\n".join(lines), f"<leaves of {kind.name}>", "exec"), names)
    convert: Callable[[Sequence[Any]], list[Any]] = names["convert"]
    return convert


def _checks(leaf: Leaf, value: str, names: dict[str, Any]) -> list[str]:
    """Lines that look at a value and turn it into what the answer holds."""
    kind = leaf.kind
    if isinstance(kind, GraphQLEnumType):
        table = f"names_of_{kind.name}"
        names[table] = _names(kind)
        lines = [f"{value} = {table}[{value}]"]
    else:
        lines = [line.format(value) for line in _CHECKS[kind.name]]
    if leaf.is_required:
        return [f"if {value} is None: raise GivesUp", *lines]
    return [f"if {value} is not None:", *(f"    {line}" for line in lines)] if lines else []


def _names(kind: GraphQLEnumType) -> Mapping[Any, str]:
    return {definition.value: name for name, definition in kind.values.items()}
