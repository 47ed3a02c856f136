"""Arguments that several fields share, and how they are handed on.

An argument that may be left out defaults to `strawberry.UNSET`, since a default of None would be printed.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, TypeAlias, TypeVar

import strawberry

First: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="How many from the start of the range: 50 when neither `first` nor `last` is given, "
        "held within 1 to 500."
    ),
]
Last: TypeAlias = Annotated[
    int | None, strawberry.argument(description="How many from the end of the range, held within 1 to 500.")
]
After: TypeAlias = Annotated[str | None, strawberry.argument(description="Only what follows this cursor.")]
Before: TypeAlias = Annotated[str | None, strawberry.argument(description="Only what precedes this cursor.")]
ThreadId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The thread's id.")]

T = TypeVar("T")


def given(value: T | None) -> T | None:
    """The argument's value, None when it was left out."""
    return None if value is strawberry.UNSET else value


def name(value: Enum | None) -> str | None:
    """The plain name by which the resolvers know an enum value."""
    return value.name if value else None


def names(values: Sequence[Enum] | None) -> list[str] | None:
    """The plain names of a list of enum values, None when it was left out."""
    return [value.name for value in values] if values is not None and values is not strawberry.UNSET else None
