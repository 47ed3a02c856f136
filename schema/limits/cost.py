"""What an operation could cost: the objects that its answer could hold, by GitHub's rule of page sizes multiplied.

- A page counts as many objects as were asked for by `first` or `last`, each with what is asked of it; 50 where neither
  is given, or what the schema says. What the resolvers hold within 500 is held so here.
- Its connection and its `pageInfo` count nothing, and an edge and its node count as one.
- A list that takes `first` and has no connection, such as `events`, is a page too.
- Any other object counts one, and so does a whole list that has no page size: `content` and `highlights` are as long as
  the one message or hit that they belong to.
- Leaves and introspection count nothing.
- Fields that the answer merges count once. What `@skip` or `@include` leaves out, literally or by these variables,
  does not count.

See https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit and, for the
names of connections, https://relay.dev/graphql/connections.htm.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    value_from_ast_untyped,
)

from resolvers.errors import BadUserInput
from resolvers.paging import page_request

MOST_STEPS = 20_000
"""Selections that are looked at before an operation counts as too entangled: some hundred are usual."""

_MOST_KEPT = 50


class Entangled(Exception):
    """The fragments of an operation lead to too many places for its cost to be worked out."""


class Cost:
    """The cost of an operation of a valid document, by a request's variables. Kept for those seen last."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        self._schema = schema
        self._operation = operation
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        root = schema.get_root_type(operation.operation)
        assert root is not None
        self._root = root
        self._defaults: dict[str, object] = {}
        self._names = []
        for definition in operation.variable_definitions or ():
            kind = definition.type.type if isinstance(definition.type, NonNullTypeNode) else definition.type
            # Page sizes and conditions; no other variable has a part in the cost.
            if isinstance(kind, NamedTypeNode) and kind.name.value in {"Int", "Boolean"}:
                name = definition.variable.name.value
                self._names.append(name)
                if definition.default_value:
                    self._defaults[name] = value_from_ast_untyped(definition.default_value)
        self._kept: dict[tuple[object, ...], int] = {}

    def __call__(self, variables: Mapping[str, Any] | None) -> int:
        """The cost with these values, coerced or as they came in. Raises Entangled."""
        given = variables or {}
        values = tuple(_plain(given.get(name, self._defaults.get(name, Undefined))) for name in self._names)
        cost = self._kept.get(values)
        if cost is None:
            cost = self._walk(dict(zip(self._names, values, strict=True)))
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[values] = cost
        return cost

    @cached_property
    def root_fields(self) -> set[str]:
        """Names of the fields that the operation may ask of its root."""
        walk = _Walk(self._schema, self._fragments, {})
        selected = walk.selected(self._root, (self._operation.selection_set,))
        return {field.nodes[0].name.value for field in selected}

    def _walk(self, variables: Mapping[str, object]) -> int:
        return _Walk(self._schema, self._fragments, variables).objects(
            self._root, (self._operation.selection_set,), None
        )


class _Selected(NamedTuple):
    """A field of the answer, and the nodes of the document that ask for it."""

    field: GraphQLField
    nodes: list[FieldNode]


class _Walk:
    """One operation with one set of variables; what is reached twice by the same selections is counted once."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, object],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._counted: dict[tuple[object, ...], int] = {}
        self._steps = 0

    def objects(
        self, parent: GraphQLCompositeType, selection_sets: tuple[SelectionSetNode, ...], page_size: int | None
    ) -> int:
        """Objects below one `parent`. `page_size` is that of a connection, 0 for an edge, None for any other."""
        key = (parent.name, page_size, *map(id, selection_sets))
        counted = self._counted.get(key)
        if counted is None:
            counted = sum(self._of_field(selected, page_size) for selected in self.selected(parent, selection_sets))
            self._counted[key] = counted
        return counted

    def _of_field(self, selected: _Selected, page_size: int | None) -> int:
        field, nodes = selected
        kind = get_named_type(field.type)
        if not is_composite_type(kind):
            return 0
        below = tuple(node.selection_set for node in nodes if node.selection_set)
        is_list = is_list_type(get_nullable_type(field.type))
        if page_size is not None:
            if is_list:
                is_edge = nodes[0].name.value == "edges"
                return page_size * (1 + self.objects(kind, below, 0 if is_edge else None))
            # The `pageInfo` of a connection or the node of an edge.
            return self.objects(kind, below, None)
        if "first" not in field.args:
            return 1 + self.objects(kind, below, None)
        size = max(self._page_size(field, node) for node in nodes)
        return size * (1 + self.objects(kind, below, None)) if is_list else self.objects(kind, below, size)

    def selected(
        self, parent: GraphQLCompositeType, selection_sets: tuple[SelectionSetNode, ...]
    ) -> Iterator[_Selected]:
        """The fields that are asked of `parent`, merged as in the answer."""
        merged: dict[tuple[str, str], _Selected] = {}
        seen: set[str] = set()
        left: list[tuple[GraphQLCompositeType, SelectionNode]] = [
            (parent, selection) for selection_set in selection_sets for selection in selection_set.selections
        ]
        while left:
            self._steps += 1
            if self._steps > MOST_STEPS:
                raise Entangled
            kind, selection = left.pop()
            if not self._is_included(selection):
                continue
            if isinstance(selection, FieldNode):
                field = (
                    None
                    if selection.name.value.startswith("__")
                    else self._schema.get_field(kind, selection.name.value)
                )
                if field is not None:
                    name = (selection.alias or selection.name).value
                    key = (name, get_named_type(field.type).name)
                    merged.setdefault(key, _Selected(field, [])).nodes.append(selection)
                continue
            if isinstance(selection, FragmentSpreadNode):
                if selection.name.value in seen:
                    continue
                seen.add(selection.name.value)
                fragment: FragmentDefinitionNode | InlineFragmentNode = self._fragments[selection.name.value]
            else:
                assert isinstance(selection, InlineFragmentNode)
                fragment = selection
            condition = fragment.type_condition and self._schema.get_type(fragment.type_condition.name.value)
            if is_composite_type(condition):
                kind = condition
            left.extend((kind, inner) for inner in fragment.selection_set.selections)
        return iter(merged.values())

    def _is_included(self, selection: SelectionNode) -> bool:
        for directive in selection.directives or ():
            for argument in directive.arguments or ():
                unwanted = {"skip": True, "include": False}.get(directive.name.value)
                if unwanted is not None and self._value(argument.value) is unwanted:
                    return False
        return True

    def _page_size(self, field: GraphQLField, node: FieldNode) -> int:
        given = {argument.name.value: self._value(argument.value) for argument in node.arguments or ()}

        def size(name: str) -> int | None:
            value = given.get(name, Undefined)
            if value is Undefined and name in field.args:
                value = field.args[name].default_value
            return value if isinstance(value, int) else None

        try:
            return page_request(size("first"), None, size("last")).size
        except BadUserInput:
            return 0

    def _value(self, node: ValueNode) -> object:
        if isinstance(node, VariableNode):
            return self._variables.get(node.name.value, Undefined)
        return value_from_ast_untyped(node)


def _plain(value: object) -> object:
    """What a variable says, as it will be coerced; Undefined where that will fail, for then nothing is executed."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if value is None or isinstance(value, int) else Undefined
