"""DateTime, BigInt and JSON: what they take from clients and what they give."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NewType

from graphql import (
    BooleanValueNode,
    FloatValueNode,
    GraphQLError,
    GraphQLScalarType,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
)
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)
JSON = NewType("JSON", object)

_LARGEST = 2**53 - 1
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)


def _refused(message: str, node: ValueNode | None) -> GraphQLError:
    """The error for an input that the scalar does not take; `node` is null for a variable's value."""
    return GraphQLError(message, node, extensions={"code": "BAD_USER_INPUT"})


def date_time_input(value: object, node: ValueNode | None = None) -> datetime:
    """RFC 3339 text with an offset, as a datetime in UTC. Digits beyond microseconds are dropped."""
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise _refused('DateTime takes RFC 3339 text with an offset, such as "2026-06-11T07:52:10.118Z".', node)


def date_time_literal(node: ValueNode) -> datetime:
    return date_time_input(node.value if isinstance(node, StringValueNode) else None, node)


def date_time_output(value: datetime) -> str:
    """`value`, which must have a time zone, in UTC: `2026-06-11T07:52:10.118000Z`, no fraction when it is zero."""
    if value.tzinfo is None:
        raise ValueError("A datetime without a time zone.")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def big_int_input(value: object, node: ValueNode | None = None) -> int:
    """A whole JSON number; `2.0` is one, true and "2" are not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST:
        return value
    raise _refused("BigInt takes a whole number from -(2^53 - 1) to 2^53 - 1.", node)


def big_int_literal(node: ValueNode) -> int:
    return big_int_input(_whole_number(node.value) if isinstance(node, IntValueNode) else None, node)


def big_int_output(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST:
        return value
    raise ValueError("Not a whole number within 2^53 - 1.")


def json_input(value: object) -> object:
    """A variable's value comes from JSON, so it is taken as it is."""
    return value


def json_literal(node: ValueNode) -> object:
    """The value of a literal in the query's text; graphql-core has put in the values of variables by then."""
    match node:
        case ObjectValueNode():
            return {field.name.value: json_literal(field.value) for field in node.fields}
        case ListValueNode():
            return [json_literal(item) for item in node.values]
        case StringValueNode() | BooleanValueNode():
            return node.value
        case IntValueNode():
            if (whole := _whole_number(node.value)) is not None:
                return whole
        case FloatValueNode():
            if math.isfinite(number := float(node.value)):
                return number
        case NullValueNode():
            return None
    raise _refused("JSON takes objects, lists, strings, finite numbers, true, false and null.", node)


def json_output(value: object) -> object:
    """A JSON value, or text of one in an `orjson.Fragment`, which is put into the response as it stands."""
    return value


def _whole_number(digits: str) -> int | None:
    """The number, None when Python refuses to read so many digits."""
    try:
        return int(digits)
    except ValueError:
        return None


def _scalar(
    name: str,
    description: str,
    url: str | None,
    output: Callable[[Any], object],
    value: Callable[[object], object],
    literal: Callable[[Any], object],
) -> ScalarDefinition:
    """A scalar whose literals graphql-core frees of variables first, which `strawberry.scalar` has no parameter for."""
    scalar = GraphQLScalarType(
        name,
        description=description,
        specified_by_url=url,
        coerce_output_value=output,
        coerce_input_value=value,
        coerce_input_literal=literal,
    )
    return ScalarDefinition(
        name=name,
        description=description,
        specified_by_url=url,
        serialize=output,
        parse_value=value,
        parse_literal=None,
        implementation=scalar,
    )


SCALARS: dict[object, ScalarDefinition] = {
    datetime: _scalar(
        "DateTime",
        "An instant in time, RFC 3339 with an offset; always emitted in UTC.",
        "https://scalars.graphql.org/andimarek/date-time.html",
        date_time_output,
        date_time_input,
        date_time_literal,
    ),
    JSON: _scalar(
        "JSON",
        "Any JSON value. Used only for data whose shape belongs to a third party: "
        "tool input, unknown blocks, event payloads.",
        "https://www.rfc-editor.org/rfc/rfc8259",
        json_output,
        json_input,
        json_literal,
    ),
    BigInt: _scalar(
        "BigInt",
        "A whole number up to 2^53 - 1, as a JSON number. `Int` stops at 2^31 - 1.",
        None,
        big_int_output,
        big_int_input,
        big_int_literal,
    ),
}
