"""What can be counted in a document without knowing the schema: aliases, directives, levels of fields.

Each definition is walked once, and none by recursion, so a refusal costs less than the validation it spares.
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

_NO_LEVEL = -1
"""The level of what stands below a field of introspection."""


class Counts(NamedTuple):
    """Of one operation or fragment: `depth` without its fragments, and at which level it spreads which."""

    aliases: int
    directives: int
    depth: int
    spreads: list[tuple[str, int]]


def refusals(document: DocumentNode, limits: Limits) -> Iterator[GraphQLError]:
    """For each limit that the document goes beyond, why it is refused.

    Fields of introspection have no level: the standard query for the schema nests deeply, and cannot do harm.
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


def _counts(definition: ExecutableDefinitionNode) -> Counts:
    aliases = depth = 0
    directives = len(definition.directives or ())
    for variable in definition.variable_definitions or ():
        directives += len(variable.directives or ())
    spreads: list[tuple[str, int]] = []
    left = [(definition.selection_set, 0)]
    while left:
        selection_set, level = left.pop()
        for selection in selection_set.selections:
            directives += len(selection.directives or ())
            if isinstance(selection, FragmentSpreadNode):
                spreads.append((selection.name.value, level))
                continue
            below = level
            if isinstance(selection, FieldNode):
                aliases += selection.alias is not None
                if selection.name.value.startswith("__"):
                    # Its aliases and directives count all the same: they stand in the document, not in the answer.
                    below = _NO_LEVEL
                elif level != _NO_LEVEL:
                    below = level + 1
                    depth = max(depth, below)
            if selection.selection_set:  # type: ignore[attr-defined] # A field or an inline fragment.
                left.append((selection.selection_set, below))  # type: ignore[attr-defined] # As above.
    return Counts(aliases, directives, depth, [spread for spread in spreads if spread[1] != _NO_LEVEL])


def _fragment_depths(definitions: tuple[DefinitionNode, ...], counts: dict[int, Counts]) -> dict[str, int]:
    """Levels of each fragment by name; none where fragments go round in a circle, which validation will refuse."""
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


def _depth(count: Counts, fragment_depths: dict[str, int]) -> int:
    return max([count.depth, *(level + fragment_depths.get(name, 0) for name, level in count.spreads)])
