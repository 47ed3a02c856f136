"""The cost of an operation: how many objects its answer could hold, by GitHub's rule of multiplied page sizes.

- A page counts as many objects as `first` or `last` asks for, each with its own selections. The default is the
  argument's, or 50; sizes are clamped to 500 as the resolvers do.
- A connection and its `pageInfo` count nothing, and an edge and its node count as one.
- A list that takes `first` and is not a connection, such as `events`, is a page too, and one that takes `ids` is a page
  of as many objects.
- Any other object counts one, and so do `content`, whose blocks count in the bytes of the answer, and `highlights`,
  which are as many as the words in one snippet.
- Leaves and introspection count nothing.
- Fields that are merged in the answer count once. What `@skip` or `@include` leaves out does not count.

See https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit and, for the
names of connections, https://relay.dev/graphql/connections.htm.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from sys import getsizeof
from typing import Any, ClassVar, NamedTuple

from cachetools import LRUCache
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
from schema.field import IS_HEAVY

MAX_SELECTIONS = 20_000
"""Selections that are visited before the computation is given up; some hundred are usual."""


_LIST = "[]"
"""The kind of variables that are lists, whose values are their lengths."""

_ENTRY_BYTES = 250
"""Bytes of an entry of the cache besides its key: a cost, and slots of two dictionaries."""


class CostUnknown(Exception):
    """The fragments of an operation expand to too many selections to compute its cost."""


class OperationCost:
    """The cost of one operation of a valid document, as a function of the variables, with an LRU cache."""

    MAX_BYTES: ClassVar[int] = 8_192
    """Size of the cache."""

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
        self._kinds: dict[str, str] = {}
        for definition in operation.variable_definitions or ():
            kind = definition.type.type if isinstance(definition.type, NonNullTypeNode) else definition.type
            # Page sizes, conditions and lengths of lists: no other variable has an effect on the cost.
            kind_name = kind.name.value if isinstance(kind, NamedTypeNode) else _LIST
            if kind_name in {"Int", "Boolean", _LIST}:
                name = definition.variable.name.value
                self._kinds[name] = kind_name
                if definition.default_value:
                    self._defaults[name] = value_from_ast_untyped(definition.default_value)
        # A key is a tuple of small values, which are shared or take 32 bytes.
        key_bytes = getsizeof(tuple(self._kinds)) + 32 * len(self._kinds)
        self._costs: LRUCache[tuple[object, ...], int] = LRUCache(self.MAX_BYTES // (key_bytes + _ENTRY_BYTES))

    def __call__(self, variables: Mapping[str, Any] | None) -> int:
        """The cost with these variables, coerced or not. Raises CostUnknown."""
        given = variables or {}
        values = tuple(
            _coerced(given.get(name, self._defaults.get(name, Undefined)), kind) for name, kind in self._kinds.items()
        )
        cost = self._costs.get(values)
        if cost is None:
            cost = self._compute(dict(zip(self._kinds, values, strict=True)))
            if self._costs.maxsize:
                self._costs[values] = cost
        return cost

    @cached_property
    def root_fields(self) -> set[str]:
        """Names of the operation's root fields, also of those that its conditions may leave out."""
        walk = _CostWalk(self._schema, self._fragments, {})
        selected = walk.merged_fields(self._root, (self._operation.selection_set,))
        return {field.nodes[0].name.value for field in selected}

    def _compute(self, variables: Mapping[str, object]) -> int:
        walk = _CostWalk(self._schema, self._fragments, variables)
        return walk.objects(self._root, (self._operation.selection_set,), None)


class _MergedField(NamedTuple):
    """A field of the answer, and the nodes of the document that select it."""

    field: GraphQLField
    nodes: list[FieldNode]


class _CostWalk:
    """The walk of one operation with one set of variables. Equal selections on a type are counted once and reused."""

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
        self._visited = 0

    def objects(
        self, parent: GraphQLCompositeType, selection_sets: tuple[SelectionSetNode, ...], page_size: int | None
    ) -> int:
        """Objects below one `parent`. `page_size` is that of a connection, 0 for an edge, None for other types."""
        key = (parent.name, page_size, *map(id, selection_sets))
        counted = self._counted.get(key)
        if counted is None:
            fields = self.merged_fields(parent, selection_sets)
            counted = sum(self._field_objects(field, page_size) for field in fields)
            self._counted[key] = counted
        return counted

    def _field_objects(self, merged: _MergedField, page_size: int | None) -> int:
        field, nodes = merged
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
        if "ids" in field.args:
            return max(self._length(node) for node in nodes) * (1 + self.objects(kind, below, None))
        if "first" not in field.args or _counts_bytes(field):
            return 1 + self.objects(kind, below, None)
        size = max(self._page_size(field, node) for node in nodes)
        return size * (1 + self.objects(kind, below, None)) if is_list else self.objects(kind, below, size)

    def merged_fields(
        self, parent: GraphQLCompositeType, selection_sets: tuple[SelectionSetNode, ...]
    ) -> Iterator[_MergedField]:
        """The fields that are selected on `parent`, merged as in the answer."""
        merged: dict[tuple[str, str], _MergedField] = {}
        seen: set[str] = set()
        stack: list[tuple[GraphQLCompositeType, SelectionNode]] = [
            (parent, selection) for selection_set in selection_sets for selection in selection_set.selections
        ]
        while stack:
            self._visited += 1
            if self._visited > MAX_SELECTIONS:
                raise CostUnknown
            kind, selection = stack.pop()
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
                    merged.setdefault(key, _MergedField(field, [])).nodes.append(selection)
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
            stack.extend((kind, inner) for inner in fragment.selection_set.selections)
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

    def _length(self, node: FieldNode) -> int:
        """How many `ids` are given."""
        for argument in node.arguments or ():
            if argument.name.value == "ids":
                value = self._value(argument.value)
                return value if isinstance(value, int) else len(value) if isinstance(value, list) else 1
        return 0

    def _value(self, node: ValueNode) -> object:
        if isinstance(node, VariableNode):
            return self._variables.get(node.name.value, Undefined)
        return value_from_ast_untyped(node)


def _counts_bytes(field: GraphQLField) -> bool:
    """Whether it is a list like `content`, whose items count in the bytes of the answer."""
    definition = field.extensions.get("strawberry-definition")
    return definition is not None and bool(definition.metadata.get(IS_HEAVY))


def _coerced(value: object, kind: str) -> object:
    """The value of an Int or Boolean variable, or the length of a list, of which a single value is one with one item.

    Undefined when its coercion will fail, as nothing is executed then.
    """
    if kind == _LIST:
        return len(value) if isinstance(value, list) else value if value is None or value is Undefined else 1
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # A bool is an int to Python: they are kept apart, since True and 1 are one key of a cache.
    is_valid = isinstance(value, bool) if kind == "Boolean" else type(value) is int and -(2**31) <= value < 2**31
    return value if value is None or is_valid else Undefined
