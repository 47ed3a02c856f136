"""Arguments that several fields share, and their conversion for resolvers.

An optional argument defaults to `strawberry.UNSET`: a default of None would appear in the schema.
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
    """The value of an optional argument; None when it is omitted."""
    return None if value is strawberry.UNSET else value


def name(value: Enum | None) -> str | None:
    """The name of an enum value, as resolvers take it."""
    return value.name if value else None


def names(values: Sequence[Enum] | None) -> list[str] | None:
    """The names of a list of enum values; None when it is omitted."""
    return [value.name for value in values] if values is not None and values is not strawberry.UNSET else None
