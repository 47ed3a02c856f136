"""Resolvers of nodes, the objects that are read by their ids alone."""

from collections.abc import Awaitable, Sequence

from resolvers.context import Context
from resolvers.errors import BadUserInput

MAX_NODES = 100


async def node(context: Context, id: str) -> object:
    """The object with an id; None when there is none."""
    [found] = await context.nodes((id,))
    return found


def nodes(context: Context, ids: Sequence[str]) -> Awaitable[list[object]]:
    """The objects with these ids in their order, None for those that do not exist. Raises BadUserInput."""
    if len(ids) > MAX_NODES:
        raise BadUserInput(f"`ids` must have at most {MAX_NODES}.")
    return context.nodes(tuple(ids))
