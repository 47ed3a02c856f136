"""Errors for documents and operations that exceed a limit."""

from collections.abc import Collection

from graphql import GraphQLError, Node


def too_complex(what: str, count: int, limit: int, nodes: Collection[Node] = ()) -> GraphQLError:
    """A refusal that names the limit: `The document has 31 aliases; 30 are allowed.`"""
    return refusal(f"{what.format(f'{count:,}')}; {limit:,} are allowed.", nodes)


def refusal(message: str, nodes: Collection[Node] = ()) -> GraphQLError:
    """An error with the code QUERY_TOO_COMPLEX."""
    return GraphQLError(message, list(nodes) or None, extensions={"code": "QUERY_TOO_COMPLEX"})
