"""Values as GraphQL literals and as JSON."""

import json
from typing import Any


class Name(str):
    """An enum value."""

    __slots__ = ()


class Variable(str):
    """A reference to a variable, in a document only."""

    __slots__ = ()


def literal(value: Any) -> str:
    """A value as a GraphQL literal."""
    match value:
        case Variable():
            return f"${value}"
        case Name():
            return str(value)
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case dict():
            return f"{{{', '.join(f'{name}: {literal(item)}' for name, item in value.items())}}}"
        case _:
            # JSON's escapes are GraphQL's too.
            return json.dumps(value, ensure_ascii=False)


def has_variable(value: Any) -> bool:
    """Whether a value contains a variable, and so cannot be JSON."""
    match value:
        case list():
            return any(map(has_variable, value))
        case dict():
            return any(map(has_variable, value.values()))
        case _:
            return isinstance(value, Variable)
