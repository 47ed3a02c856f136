"""How leaves become what the answer holds: values that graphql-core would give too, or that orjson writes as it would.

Of each selection of an object a function is made, in Python's own source text: that is what takes the time of a page.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any, NamedTuple, NoReturn

from graphql import GraphQLEnumType, GraphQLLeafType

_FITS = {
    "Int": "-2147483648 <= {0} <= 2147483647",
    "BigInt": "-9007199254740991 <= {0} <= 9007199254740991",
    "Float": "isfinite({0})",
    # Written by orjson.
    "DateTime": "{0}.tzinfo is UTC",
}
"""What must hold of a value, by the name of its scalar, for it to be the one that the scalar gives."""


class PlanBailout(Exception):
    """There may be an error in the answer, or what a plan does not know how to say."""


Build = Callable[[Sequence[Any]], list[dict[str, Any]]]
"""Makes of each row an object of the answer. Raises PlanBailout, and whatever a value that does not fit leads to."""


class Leaf(NamedTuple):
    """An attribute of a row that becomes a leaf of that kind."""

    attribute: str
    kind: GraphQLLeafType
    is_required: bool


def build_function(typename: str, entries: Mapping[str, Leaf | str | None], row_type: type[Any]) -> Build:
    """A function that makes of rows of one type objects with these entries, by their keys and in their order.

    An entry is a leaf, the name of the type, or None for what is filled in later: null until then.
    """
    names: dict[str, Any] = {**_NAMES, "row_type": row_type}
    # Where it is known at which places of a row its attributes are, they need not be looked up.
    made_of: Mapping[str, Any] = getattr(row_type, "made_of", {})
    columns: tuple[str, ...] = getattr(row_type, "columns", ())
    each = f"({''.join(f'c{place}, ' for place in range(len(columns)))})" if columns else "row"
    lines: list[str] = []
    items: list[str] = []
    for number, (key, entry) in enumerate(entries.items()):
        value = repr(entry)
        if isinstance(entry, Leaf):
            if source := made_of.get(entry.attribute):
                value = _source(entry.attribute, source, names)
            else:
                value = f"v{number}"
                lines.append(f"{value} = row.{entry.attribute}")
            is_there, is_instant = (source.is_there, source.is_instant) if source else (False, False)
            value = _leaf(entry, value, names, is_there=is_there, is_instant=is_instant)
        items.append(f"{key!r}: {value}")
    made = f"{{{', '.join(items)}}}"
    body = [f"    return [{made} for {each} in rows]"]
    if lines:
        lines = [f"{each} = row" for _ in columns[:1]] + lines
        body = ["    made = []", "    for row in rows:"]
        body += [f"        {line}" for line in lines]
        body += [f"        made.append({made})", "    return made"]
    # Keys are names of GraphQL, as Python writes its strings; attributes are those of our own types.
    text = "\n".join(["def build(rows):", "    if set(map(type, rows)) != {row_type}: give_up()", *body])
    exec(compile(text, f"<plan of {typename}>", "exec"), names)
    build: Build = names["build"]
    return build


def convert_function(kind: GraphQLLeafType) -> Callable[[Sequence[Any]], list[Any]]:
    """A function that makes of each value, none of them null, a leaf. It raises as a Build does."""
    names: dict[str, Any] = dict(_NAMES)
    leaf = _leaf(Leaf("", kind, is_required=True), "value", names, is_there=True)
    convert: Callable[[Sequence[Any]], list[Any]] = eval(f"lambda values: [{leaf} for value in values]", names)
    return convert


def _source(attribute: str, source: Any, names: dict[str, Any]) -> str:
    """An attribute, told from the columns of a row."""
    values = ", ".join(f"c{place}" for place in source.places)
    if source.maker is None:
        return values
    names[f"make_{attribute}"] = source.maker
    return f"make_{attribute}({values})"


def _leaf(leaf: Leaf, value: str, names: dict[str, Any], *, is_there: bool, is_instant: bool = False) -> str:
    """What the answer holds of a value, a name; `is_there` where it is known not to be null, `is_instant` where it is
    the text of an instant.
    """
    made = value
    if is_instant:
        # As the database has it: always with six digits of a second.
        made = f"{value}.replace('.000000Z', 'Z')"
    elif isinstance(leaf.kind, GraphQLEnumType):
        names[f"names_of_{leaf.kind.name}"] = {entry.value: name for name, entry in leaf.kind.values.items()}
        made = f"names_of_{leaf.kind.name}[{value}]"
    elif leaf.kind.name in _FITS:
        made = f"({value} if {_FITS[leaf.kind.name].format(value)} else give_up())"
    if is_there:
        return made
    otherwise = "give_up()" if leaf.is_required else "None"
    return f"({made} if {value} is not None else {otherwise})"


def _give_up() -> NoReturn:
    raise PlanBailout


_NAMES = {"give_up": _give_up, "UTC": UTC, "isfinite": math.isfinite}
