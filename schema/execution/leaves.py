"""Serialization of scalars and enums, by code that is generated for each selection on an object type.

Building objects is most of the time that a page takes. The values equal those of graphql-core, or are written by
orjson in the same way.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from graphql import GraphQLEnumType, GraphQLLeafType

from resolvers.answer_budget import text_size
from schema.limits.answer_size import SIZED_SCALARS
from schema.scalars import date_time_output

_CONDITIONS = {
    "Int": "-2147483648 <= {0} <= 2147483647",
    "BigInt": "-9007199254740991 <= {0} <= 9007199254740991",
    "Float": "isfinite({0})",
}
"""When a value is its own serialization, by the name of its scalar."""


class PlanBailout(Exception):
    """The answer may have an error, or needs something that plans do not support: graphql-core has to execute it."""


BuildObjects = Callable[[Sequence[Any]], tuple[list[dict[str, Any]], int]]
"""Builds an object for each row, and counts their size in the budget of the answer. There must be rows.

Raises PlanBailout, or any exception for a value that does not fit its type.
"""


class Leaf(NamedTuple):
    """A scalar or enum field that is an attribute of its row."""

    attribute: str
    kind: GraphQLLeafType
    is_required: bool


def compile_objects(
    typename: str, entries: Mapping[str, Leaf | str | None], row_type: type[Any], object_bytes: int
) -> BuildObjects:
    """Generate the function that builds objects with these entries from rows of one type.

    An entry is a leaf, the name of the type, or None for a field that is completed later and null until then.
    `object_bytes` is the size of an object without its texts; it must not be 0.
    """
    names: dict[str, Any] = {**GENERATED_NAMES, "row_type": row_type}
    # Rows that tell the places of their columns are unpacked, which is faster than looking up attributes.
    made_of: Mapping[str, Any] = getattr(row_type, "made_of", {})
    columns: tuple[str, ...] = getattr(row_type, "columns", ())
    each = f"({''.join(f'c{place}, ' for place in range(len(columns)))})" if columns else "row"
    lines: list[str] = []
    items: list[str] = []
    sizes: list[str] = []
    for number, (key, entry) in enumerate(entries.items()):
        value = repr(entry)
        if isinstance(entry, Leaf):
            is_sized = entry.kind.name in SIZED_SCALARS
            if source := made_of.get(entry.attribute):
                value = _source(entry.attribute, source, names)
                if is_sized:
                    size = "len(c{0})" if source.is_there else "(0 if c{0} is None else len(c{0}))"
                    sizes += [size.format(place) for place in source.places]
            else:
                value = f"v{number}"
                lines.append(f"{value} = row.{entry.attribute}")
                if is_sized:
                    sizes.append(f"text_size({value})")
            if source is None:
                value = leaf_expression(entry, value, names, is_not_null=False)
            else:
                is_serial = source.is_instant or (source.is_int32 and entry.kind.name == "Int")
                value = leaf_expression(entry, value, names, is_not_null=source.is_there, is_serial=is_serial)
        items.append(f"{key!r}: {value}")
    item = f"{{{', '.join(items)}}}"
    size = " + ".join(sizes)
    # Always true, since the size of the objects is not 0.
    condition = f" if (size := size + {size})" if sizes else ""
    body = [f"    return [{item} for {each} in rows{condition}], size"]
    if lines:
        lines = [f"{each} = row" for _ in columns[:1]] + lines
        body = ["    objects = []", "    for row in rows:"]
        body += [f"        {line}" for line in lines]
        body += [f"        size += {size}"] if sizes else []
        body += [f"        objects.append({item})", "    return objects, size"]
    # Safe to compile: keys are GraphQL names, written as Python strings, and attributes are those of our own types.
    head = ["def build(rows):", "    if set(map(type, rows)) != {row_type}: bail_out()"]
    text = "\n".join([*head, f"    size = len(rows) * {object_bytes}", *body])
    exec(compile(text, f"<plan of {typename}>", "exec"), names)
    build: BuildObjects = names["build"]
    return build


def compile_leaves(kind: GraphQLLeafType) -> Callable[[Sequence[Any]], list[Any]]:
    """Generate the function that serializes values, none of them null, of one type. It raises as BuildObjects does."""
    names: dict[str, Any] = dict(GENERATED_NAMES)
    leaf = leaf_expression(Leaf("", kind, is_required=True), "value", names, is_not_null=True)
    convert: Callable[[Sequence[Any]], list[Any]] = eval(f"lambda values: [{leaf} for value in values]", names)
    return convert


def _source(attribute: str, source: Any, names: dict[str, Any]) -> str:
    """The expression for an attribute, from the unpacked columns of a row."""
    values = ", ".join(f"c{place}" for place in source.places)
    if source.maker is None:
        return values
    names[f"make_{attribute}"] = source.maker
    return f"make_{attribute}({values})"


def leaf_expression(
    leaf: Leaf, value: str, names: dict[str, Any], *, is_not_null: bool, is_serial: bool = False
) -> str:
    """The expression for the serialization of `value`, a name.

    `is_serial` values are their own serialization: texts of instants, which the database stores with six digits of a
    second as they are written, and integers that are known to be in the range of Int.
    """
    serialized = value if is_serial else _converted(leaf.kind, value, names)
    if is_not_null or (serialized == value and not leaf.is_required):
        return serialized
    otherwise = "bail_out()" if leaf.is_required else "None"
    return f"({serialized} if {value} is not None else {otherwise})"


def _converted(kind: GraphQLLeafType, value: str, names: dict[str, Any]) -> str:
    if isinstance(kind, GraphQLEnumType):
        names[f"names_of_{kind.name}"] = {entry.value: name for name, entry in kind.values.items()}
        return f"names_of_{kind.name}[{value}]"
    if kind.name in _CONDITIONS:
        return f"({value} if {_CONDITIONS[kind.name].format(value)} else bail_out())"
    return f"date_time_output({value})" if kind.name == "DateTime" else value


def _bail_out() -> NoReturn:
    raise PlanBailout


GENERATED_NAMES = {
    "bail_out": _bail_out,
    "date_time_output": date_time_output,
    "isfinite": math.isfinite,
    "text_size": text_size,
}
"""The functions that generated code may call."""
