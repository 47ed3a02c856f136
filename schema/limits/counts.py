"""Limits on a document's aliases, directives and depth, which are counted without the schema.

Each definition is walked once and without recursion, so refusing a document costs less than validating it would.
"""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from graphql import (
    DefinitionNode,
    DocumentNode,
    ExecutableDefinitionNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
)

from schema.limits import Limits
from schema.limits.refusal import too_complex

_INTROSPECTION = -1
"""The level of selections below a field of introspection."""


class DefinitionCounts(NamedTuple):
    """Counts of one operation or fragment.

    `depth` leaves out the fragments that it spreads; `spreads` are their names, each with its level.
    """

    aliases: int
    directives: int
    depth: int
    spreads: list[tuple[str, int]]


def limit_errors(document: DocumentNode, limits: Limits) -> Iterator[GraphQLError]:
    """An error for each limit that the document exceeds.

    Fields of introspection do not count as levels: the standard introspection query nests deeply and is harmless.
    """
    counts = {id(node): _counts(node) for node in document.definitions if isinstance(node, ExecutableDefinitionNode)}
    aliases = sum(count.aliases for count in counts.values())
    if aliases > limits.aliases:
        yield too_complex("The document has {} aliases", aliases, limits.aliases)
    directives = sum(count.directives for count in counts.values())
    if directives > limits.directives:
        yield too_complex("The document has {} directives", directives, limits.directives)
    fragment_depths = _fragment_depths(document.definitions, counts)
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            depth = _depth(counts[id(node)], fragment_depths)
            if depth > limits.depth:
                yield too_complex("The operation has {} levels of fields", depth, limits.depth, [node])


def _counts(definition: ExecutableDefinitionNode) -> DefinitionCounts:
    aliases = depth = 0
    directives = len(definition.directives or ())
    for variable in definition.variable_definitions or ():
        directives += len(variable.directives or ())
    spreads: list[tuple[str, int]] = []
    stack = [(definition.selection_set, 0)]
    while stack:
        selection_set, level = stack.pop()
        for selection in selection_set.selections:
            directives += len(selection.directives or ())
            if isinstance(selection, FragmentSpreadNode):
                spreads.append((selection.name.value, level))
                continue
            below = level
            if isinstance(selection, FieldNode):
                aliases += selection.alias is not None
                if selection.name.value.startswith("__"):
                    # Aliases and directives below it still count: they make the document longer, if not the answer.
                    below = _INTROSPECTION
                elif level != _INTROSPECTION:
                    below = level + 1
                    depth = max(depth, below)
            if selection.selection_set:  # type: ignore[attr-defined] # A field or an inline fragment.
                stack.append((selection.selection_set, below))  # type: ignore[attr-defined] # As above.
    return DefinitionCounts(aliases, directives, depth, [spread for spread in spreads if spread[1] != _INTROSPECTION])


def _fragment_depths(definitions: tuple[DefinitionNode, ...], counts: dict[int, DefinitionCounts]) -> dict[str, int]:
    """The depth of each fragment by its name; empty when fragments form a cycle, which validation will refuse."""
    fragments = {node.name.value: counts[id(node)] for node in definitions if isinstance(node, FragmentDefinitionNode)}
    spread = {name: [inner for inner, _ in count.spreads] for name, count in fragments.items()}
    depths: dict[str, int] = {}
    try:
        for name in TopologicalSorter(spread).static_order():
            if name in fragments:
                depths[name] = _depth(fragments[name], depths)
    except CycleError:
        return {}
    return depths


def _depth(count: DefinitionCounts, fragment_depths: dict[str, int]) -> int:
    return max([count.depth, *(level + fragment_depths.get(name, 0) for name, level in count.spreads)])
