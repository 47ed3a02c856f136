"""The scalars DateTime, BigInt and JSON: coercion of their inputs and outputs."""

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

_MAX_BIG_INT = 2**53 - 1
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)


def _input_error(message: str, node: ValueNode | None) -> GraphQLError:
    """The error for an invalid input; `node` is None for the value of a variable."""
    return GraphQLError(message, node, extensions={"code": "BAD_USER_INPUT"})


def date_time_input(value: object, node: ValueNode | None = None) -> datetime:
    """RFC 3339 text with an offset, as a datetime in UTC. Digits after the microseconds are dropped."""
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise _input_error('DateTime takes RFC 3339 text with an offset, such as "2026-06-11T07:52:10.118Z".', node)


def date_time_literal(node: ValueNode) -> datetime:
    return date_time_input(node.value if isinstance(node, StringValueNode) else None, node)


def date_time_output(value: datetime) -> str:
    """A datetime as text in UTC, always with six digits of a second: `2026-06-11T07:52:10.118000Z`.

    Raises ValueError for one without a time zone.
    """
    if value.tzinfo is None:
        raise ValueError("A datetime without a time zone.")
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def big_int_input(value: object, node: ValueNode | None = None) -> int:
    """An integral JSON number, such as 2 or 2.0, but not true or "2"."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_BIG_INT:
        return value
    raise _input_error("BigInt takes a whole number from -(2^53 - 1) to 2^53 - 1.", node)


def big_int_literal(node: ValueNode) -> int:
    return big_int_input(_integer(node.value) if isinstance(node, IntValueNode) else None, node)


def big_int_output(value: object) -> int:
    """The value itself. Raises ValueError unless it is a whole number from -(2^53 - 1) to 2^53 - 1."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_BIG_INT:
        return value
    raise ValueError("Not a whole number within 2^53 - 1.")


def json_input(value: object) -> object:
    """The value of a variable, which was decoded from JSON."""
    return value


def json_literal(node: ValueNode) -> object:
    """The value of a literal, in which graphql-core has replaced variables by their values."""
    match node:
        case ObjectValueNode():
            return {field.name.value: json_literal(field.value) for field in node.fields}
        case ListValueNode():
            return [json_literal(item) for item in node.values]
        case StringValueNode() | BooleanValueNode():
            return node.value
        case IntValueNode():
            if (integer := _integer(node.value)) is not None:
                return integer
        case FloatValueNode():
            if math.isfinite(number := float(node.value)):
                return number
        case NullValueNode():
            return None
    raise _input_error("JSON takes objects, lists, strings, finite numbers, true, false and null.", node)


def json_output(value: object) -> object:
    """A JSON value, or its text in an `orjson.Fragment`, which is copied into the response."""
    return value


def _integer(digits: str) -> int | None:
    """The number; None when it has more digits than Python converts."""
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
    """A scalar whose literals may contain variables: `strawberry.scalar` has no parameter for their coercion."""
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
        "An instant in time, RFC 3339 with an offset; always emitted in UTC, with six digits of a second.",
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
        "https://www.rfc-editor.org/rfc/rfc8259#section-6",
        big_int_output,
        big_int_input,
        big_int_literal,
    ),
}
