"""How a field that is more than an attribute of its row is declared."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar

import strawberry

from resolvers.context import Context

Info: TypeAlias = strawberry.Info[Context, None]

# `self` in a field function is a row of the resolvers, not an instance of the class that the function stands in, and
# what the function returns is rows too. Their types are the resolvers' affair.
Row: TypeAlias = Any

F = TypeVar("F", bound=Callable[..., object])


NEEDS = "needs"
"""The key of a field's metadata under which it says what it needs."""


def field(graphql_type: object, description: str, *, needs: Iterable[str] | None = None) -> Callable[[F], F]:
    """Makes a method the field that gives `graphql_type`.

    `needs` are the attributes of its row that it looks at, so that no others need be read; None for all.
    """
    decorate: Callable[[F], F] = strawberry.field(
        description=description,
        graphql_type=graphql_type,
        metadata={NEEDS: None if needs is None else frozenset(needs)},
    )
    return decorate


def subscription(graphql_type: object, description: str) -> Callable[[F], F]:
    """Makes a method that returns an asynchronous iterator the subscription whose events are `graphql_type`."""
    decorate: Callable[[F], F] = strawberry.subscription(description=description, graphql_type=graphql_type)
    return decorate
