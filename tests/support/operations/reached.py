"""Coverage of the schema: the fields and arguments whose values are in an answer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
)

Composite = GraphQLObjectType | GraphQLInterfaceType


def composites(schema: GraphQLSchema) -> list[Composite]:
    """The types with fields that queries can reach, without introspection."""
    assert schema.query_type is not None
    found: dict[str, Composite] = {}
    left: list[Any] = [schema.query_type]
    while left:
        kind = left.pop()
        if kind.name in found or not isinstance(kind, Composite):
            continue
        found[kind.name] = kind
        left += [get_named_type(field.type) for field in kind.fields.values()]
        if isinstance(kind, GraphQLInterfaceType):
            left += schema.get_possible_types(kind)
    return list(found.values())


def fields(schema: GraphQLSchema) -> set[str]:
    """All fields of objects that queries can reach, as `Type.field`."""
    kinds = [kind for kind in composites(schema) if isinstance(kind, GraphQLObjectType)]
    return {f"{kind.name}.{name}" for kind in kinds for name in kind.fields}


def arguments(schema: GraphQLSchema) -> set[str]:
    """All arguments of these fields, as `Type.field(argument:)`."""
    kinds = [kind for kind in composites(schema) if isinstance(kind, GraphQLObjectType)]
    return {
        f"{kind.name}.{name}({argument}:)"
        for kind in kinds
        for name, field in kind.fields.items()
        for argument in field.args
    }


def reached(
    schema: GraphQLSchema, document: DocumentNode, operation_name: str | None, data: Mapping[str, Any]
) -> set[str]:
    """The fields and arguments whose values are in the data. Fields below a null do not count.

    Of an interface, only objects that tell their `__typename` count.
    """
    operation = next(
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
        and (not operation_name or (node.name and node.name.value == operation_name))
    )
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    assert schema.query_type is not None
    return set(_Walk(schema, fragments).below(schema.query_type, [operation.selection_set], data))


class _Walk:
    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments

    def below(self, kind: Composite, selected: Sequence[SelectionSetNode], value: Any) -> Iterator[str]:
        if isinstance(value, list):
            for item in value:
                yield from self.below(kind, selected, item)
        if not isinstance(value, dict):
            return
        shown = self._of_object(kind, selected, value)
        if shown is None:
            return
        by_key: dict[str, list[FieldNode]] = {}
        for node in self._nodes(shown, selected):
            by_key.setdefault((node.alias or node.name).value, []).append(node)
        for key, nodes in by_key.items():
            field = shown.fields.get(nodes[0].name.value)
            if field is None or key not in value:
                continue
            place = f"{shown.name}.{nodes[0].name.value}"
            if value[key] is not None:
                yield place
                yield from (f"{place}({argument.name.value}:)" for argument in nodes[0].arguments or ())
            named = get_named_type(field.type)
            if is_composite_type(named):
                assert isinstance(named, Composite)
                below = [node.selection_set for node in nodes if node.selection_set]
                yield from self.below(named, below, value[key])

    def _of_object(
        self, kind: Composite, selected: Sequence[SelectionSetNode], value: Mapping[str, Any]
    ) -> GraphQLObjectType | None:
        if isinstance(kind, GraphQLObjectType):
            return kind
        # One that is asked of the interface itself stands in every object.
        for selection_set in selected:
            for node in selection_set.selections:
                if isinstance(node, FieldNode) and node.name.value == "__typename":
                    found = self._schema.get_type(str(value.get((node.alias or node.name).value)))
                    return found if isinstance(found, GraphQLObjectType) else None
        return None

    def _nodes(self, kind: GraphQLObjectType, selected: Sequence[SelectionSetNode]) -> Iterator[FieldNode]:
        for selection_set in selected:
            for node in selection_set.selections:
                if isinstance(node, FieldNode):
                    yield node
                    continue
                if isinstance(node, FragmentSpreadNode):
                    fragment: FragmentDefinitionNode | InlineFragmentNode = self._fragments[node.name.value]
                else:
                    assert isinstance(node, InlineFragmentNode)
                    fragment = node
                if fragment.type_condition is None or self._fits(kind, fragment.type_condition.name.value):
                    yield from self._nodes(kind, [fragment.selection_set])

    def _fits(self, kind: GraphQLObjectType, condition: str) -> bool:
        return condition == kind.name or condition in {interface.name for interface in kind.interfaces}
