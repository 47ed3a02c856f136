"""Declaration of fields and subscriptions that have a resolver."""

from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

import strawberry

from resolvers.context import Context

Info: TypeAlias = strawberry.Info[Context, None]

F = TypeVar("F", bound=Callable[..., object])


NEEDS = "needs"
"""The key of a field's metadata that holds the attributes it needs."""


IS_HEAVY = "is_heavy"
"""The key of a field's metadata that tells whether its value takes long to compute."""


def field(
    graphql_type: object, description: str, *, needs: Iterable[str] | None = None, is_heavy: bool = False
) -> Callable[[F], F]:
    """Make a method the resolver of a field of type `graphql_type`.

    Its row is a parameter of the type `strawberry.Parent`: an object of resolvers, not an instance of the class.

    `needs` are the attributes of its row that it uses, so that plans read no other columns; None means all.
    A heavy field computes its value from a large column: plans resolve it row by row, in time slices.
    """
    decorate: Callable[[F], F] = strawberry.field(
        description=description,
        graphql_type=graphql_type,
        metadata={NEEDS: None if needs is None else frozenset(needs), IS_HEAVY: is_heavy},
    )
    return decorate


def subscription(graphql_type: object, description: str) -> Callable[[F], F]:
    """Make a method that returns an asynchronous iterator of `graphql_type` a subscription."""
    decorate: Callable[[F], F] = strawberry.subscription(description=description, graphql_type=graphql_type)
    return decorate
