"""How what goes beyond a limit is refused."""

from collections.abc import Collection

from graphql import GraphQLError, Node


def too_complex(what: str, count: int, most: int, nodes: Collection[Node] = ()) -> GraphQLError:
    """A refusal that names the limit: `The document has 31 aliases; 30 are allowed.`"""
    return refusal(f"{what.format(f'{count:,}')}; {most:,} are allowed.", nodes)


def refusal(message: str, nodes: Collection[Node] = ()) -> GraphQLError:
    """A refusal with its code."""
    return GraphQLError(message, list(nodes) or None, extensions={"code": "QUERY_TOO_COMPLEX"})
