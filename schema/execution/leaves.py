"""Serialization of scalars and enums, by code that is generated for each selection on an object type.

Building objects is most of the time that a page takes. The values equal those of graphql-core, or are written by
orjson in the same way.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

import msgspec
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


_DIFFERENT_SCALARS = {"Float", "JSON"}
"""Scalars that msgspec does not write as orjson does."""

_encode = msgspec.json.Encoder().encode


class PlanBailout(Exception):
    """The answer may have an error, or needs something that plans do not support: graphql-core has to execute it."""


BuildObjects = Callable[[Sequence[Any]], tuple[list[dict[str, Any]], int]]
"""Builds an object for each row, and counts their size in the budget of the answer. There must be rows.

Raises PlanBailout, or any exception for a value that does not fit its type.
"""

EncodeObjects = Callable[[Sequence[Any]], bytes]
"""The objects of all rows as a JSON list, encoded as BuildObjects builds them."""


class Leaf(NamedTuple):
    """A scalar or enum field that is an attribute of its row."""

    attribute: str
    kind: GraphQLLeafType
    is_required: bool


Entries = Mapping[str, Leaf | str | None]
"""The entries of an object by their keys: leaves, the name of the type, or None for what is completed later."""


def compile_objects(typename: str, entries: Entries, row_type: type[Any], object_bytes: int) -> BuildObjects:
    """Generate the function that builds objects with these entries from rows of one type.

    `object_bytes` is the size of an object without its texts; it must not be 0.
    """
    code = _RowCode(entries, row_type)
    item = f"{{{', '.join(f'{key!r}: {value}' for key, value in code.values.items())}}}"
    size = " + ".join(code.sizes)
    # Always true, since the size of the objects is not 0.
    condition = f" if (size := size + {size})" if size else ""
    body = [f"size = len(rows) * {object_bytes}", f"return [{item} for {code.each} in rows{condition}], size"]
    if code.lines:
        body[1:] = code.loop(*([f"size += {size}"] if size else []), f"objects.append({item})")
        body.append("return objects, size")
    build: BuildObjects = code.compiled(typename, body)
    return build


def compile_encoder(typename: str, entries: Entries, row_type: type[Any]) -> EncodeObjects:
    """Generate the function that encodes objects with these entries, none of them None, from rows of one type.

    msgspec makes and encodes a Struct in two thirds of the time that orjson and a dictionary take.
    """
    code = _RowCode(entries, row_type)
    fields = {f"f{number}": key for number, key in enumerate(code.values)}
    code.names |= {"make": msgspec.defstruct(typename, fields, rename=fields, gc=False), "encode": _encode}
    item = f"make({', '.join(code.values.values())})"
    body = [f"return encode([{item} for {code.each} in rows])"]
    if code.lines:
        body = [*code.loop(f"objects.append({item})"), "return encode(objects)"]
    encode: EncodeObjects = code.compiled(typename, body)
    return encode


class _RowCode:
    """The generated code for the entries of a row.

    `values` are the expressions of the entries, `sizes` those of the sizes of their texts, and `lines` the statements
    that must run before them. `each` is what a row is unpacked into. `names` are the names that the code uses.
    """

    def __init__(self, entries: Entries, row_type: type[Any]) -> None:
        self.names: dict[str, Any] = {**GENERATED_NAMES, "row_type": row_type}
        self.values: dict[str, str] = {}
        self.sizes: list[str] = []
        self.lines: list[str] = []
        # Rows that tell the places of their columns are unpacked, which is faster than looking up attributes.
        columns: tuple[str, ...] = getattr(row_type, "columns", ())
        self.each = f"({''.join(f'c{place}, ' for place in range(len(columns)))})" if columns else "row"
        self._has_columns = bool(columns)
        made_of: Mapping[str, Any] = getattr(row_type, "made_of", {})
        for number, (key, entry) in enumerate(entries.items()):
            if isinstance(entry, Leaf):
                source = made_of.get(entry.attribute)
                self.values[key] = self._attribute(entry, number) if source is None else self._columns(entry, source)
            else:
                self.values[key] = repr(entry)

    def loop(self, *statements: str) -> list[str]:
        """Statements that fill the list `objects`, one row after the other."""
        unpacking = [f"{self.each} = row"] if self._has_columns else []
        body = [f"    {line}" for line in (*unpacking, *self.lines, *statements)]
        return ["objects = []", "for row in rows:", *body]

    def compiled(self, typename: str, body: Sequence[str]) -> Any:
        """The function of the parameter `rows` with this body."""
        # Safe to compile: keys are GraphQL names, written as Python strings, and attributes are those of our own types.
        head = ["def generated(rows):", "    if set(map(type, rows)) != {row_type}: bail_out()"]
        text = "\n".join([*head, *(f"    {line}" for line in body)])
        exec(compile(text, f"<plan of {typename}>", "exec"), self.names)
        return self.names["generated"]

    def _columns(self, leaf: Leaf, source: Any) -> str:
        if leaf.kind.name in SIZED_SCALARS:
            size = "len(c{0})" if source.is_there else "(0 if c{0} is None else len(c{0}))"
            self.sizes += [size.format(place) for place in source.places]
        is_serial = source.is_instant or (source.is_int32 and leaf.kind.name == "Int")
        value = _source(leaf.attribute, source, self.names)
        return leaf_expression(leaf, value, self.names, is_not_null=source.is_there, is_serial=is_serial)

    def _attribute(self, leaf: Leaf, number: int) -> str:
        value = f"v{number}"
        self.lines.append(f"{value} = row.{leaf.attribute}")
        if leaf.kind.name in SIZED_SCALARS:
            self.sizes.append(f"text_size({value})")
        return leaf_expression(leaf, value, self.names, is_not_null=False)


def is_encodable(entries: Entries) -> bool:
    """Whether `compile_encoder` takes these entries: msgspec writes their values as orjson does."""
    return all(
        isinstance(entry, str) or (isinstance(entry, Leaf) and entry.kind.name not in _DIFFERENT_SCALARS)
        for entry in entries.values()
    )


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
