"""Declaration of fields and subscriptions that have a resolver."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import strawberry

from resolvers.context import Context

Info: TypeAlias = strawberry.Info[Context, None]

F = TypeVar("F", bound=Callable[..., object])


NEEDS = "needs"
"""The key of a field's metadata that holds the attributes it needs."""


IS_HEAVY = "is_heavy"
"""The key of a field's metadata that tells whether its value takes long to compute."""


IS_CACHEABLE = "is_cacheable"
"""The key of a field's metadata that tells whether its value stays the same as long as no session changes."""


COMMON = "common"
"""The key of a field's metadata that holds its CommonValues."""


class CommonValues(NamedTuple):
    """How plans compute most values of a heavy field, a list of an interface's objects, in less time.

    `read` takes what the resolver takes, but a list of rows, and returns a list of objects for each row, or None where
    the resolver has to be called. The classes of the objects are the keys of `typenames`: these have no attribute
    `position`, which is their place in the list. Their attributes of the type msgspec.Raw are values as JSON text.
    """

    read: Callable[..., Sequence[Sequence[object] | None]]
    typenames: Mapping[type[Any], str]


def field(
    graphql_type: object,
    description: str,
    *,
    needs: Iterable[str] | None = None,
    is_heavy: bool = False,
    is_cacheable: bool = False,
    common: CommonValues | None = None,
) -> Callable[[F], F]:
    """Make a method the resolver of a field of type `graphql_type`.

    Its row is a parameter of the type `strawberry.Parent`: an object of resolvers, not an instance of the class.

    `needs` are the attributes of its row that it uses, so that plans read no other columns; None means all.
    A heavy field computes its value from a large column: plans resolve it row by row, in time slices. `common` gives
    the same values.

    A cacheable field depends only on its arguments and on what is stored of sessions, each change of which has a number
    (see `storage/database/change_numbers.py`).
    """
    decorate: Callable[[F], F] = strawberry.field(
        description=description,
        graphql_type=graphql_type,
        metadata={
            NEEDS: None if needs is None else frozenset(needs),
            IS_HEAVY: is_heavy,
            IS_CACHEABLE: is_cacheable,
            COMMON: common,
        },
    )
    return decorate


def subscription(graphql_type: object, description: str) -> Callable[[F], F]:
    """Make a method that returns an asynchronous iterator of `graphql_type` a subscription."""
    decorate: Callable[[F], F] = strawberry.subscription(description=description, graphql_type=graphql_type)
    return decorate
