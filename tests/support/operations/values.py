"""Values as a document writes them, and as JSON does."""

import json
from typing import Any


class Name(str):
    """A value of an enum."""

    __slots__ = ()


class Variable(str):
    """What stands for a variable's value, in a document only."""

    __slots__ = ()


def literal(value: Any) -> str:
    """A value as it stands in a document."""
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
    """Whether a document is needed to write it."""
    match value:
        case list():
            return any(map(has_variable, value))
        case dict():
            return any(map(has_variable, value.values()))
        case _:
            return isinstance(value, Variable)
