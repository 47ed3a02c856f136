"""The selections of an operation, as graphql-core collects them, and the attributes of rows that they need."""

from collections.abc import Iterable
from typing import NamedTuple

from graphql import (
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    OperationDefinitionNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_object_type,
)
from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from strawberry import Schema
from strawberry.types.field import StrawberryField

from resolvers.context import Context, Wanted
from schema.execution.leaves import PlanBailout
from schema.field import NEEDS

MAX_FIELDS = 2_000
"""Fields of an operation with its fragments expanded, beyond which it gets no plan."""

_CONNECTION_FIELDS = {"nodes", "edges"}


class SelectedType(NamedTuple):
    """An object type and the fields that are selected on it, by their keys in the answer.

    `is_one_of_several` means that its rows are those of an interface, and have to tell their types.
    """

    kind: GraphQLObjectType
    groups: GroupedFieldSet
    is_one_of_several: bool = False


class Selections:
    """Collects the fields of one operation of a valid document, for one outcome of its conditions."""

    def __init__(
        self,
        schema: Schema,
        context: Context,
        operation: OperationDefinitionNode,
        fragments: Iterable[FragmentDefinitionNode],
        variables: VariableValues,
    ) -> None:
        self.schema = schema
        self.variables = variables
        self.fields = 0
        self._context = context
        self._operation = operation
        self._fragments = {node.name.value: FragmentDetails(node) for node in fragments}

    def root(self) -> SelectedType:
        """The selection on the root type. Raises PlanBailout."""
        kind = self.schema._schema.query_type
        assert kind is not None
        collected = collect_fields(self.schema._schema, self._fragments, self.variables, kind, self._operation)
        return self._counted(kind, collected.grouped_field_set)

    def below(self, kind: GraphQLOutputType, details: FieldDetailsList) -> list[SelectedType]:
        """The selections on the values of a field, one for each object type they can have. Raises PlanBailout."""
        named = get_named_type(kind)
        if is_object_type(named):
            return [self._below(named, details)]
        if is_abstract_type(named):
            possible_types = self.schema._schema.get_possible_types(named)
            return [self._below(possible, details, is_one_of_several=True) for possible in possible_types]
        return []

    def context(self, kind: GraphQLOutputType, details: FieldDetailsList) -> Context:
        """The context for the resolver of a field, with the attributes that are needed. Raises PlanBailout."""
        rows = self._rows(kind, details)
        wanted = self._wanted(rows)
        inner: dict[str, Wanted] = {}
        for selected in rows:
            for field, its in _fields(selected):
                if is_composite_type(get_named_type(field.type)):
                    name = definition_of(field).python_name
                    inner[name] = _union(inner.get(name, frozenset()), self._wanted(self._rows(field.type, its)))
        is_interface = is_abstract_type(get_named_type(kind))
        by_typename = {each.kind.name: self._wanted([each]) for each in rows} if is_interface else None
        return self._context.wanting(wanted, inner, self._page_fields(kind, details), by_typename)

    def _page_fields(self, kind: GraphQLOutputType, details: FieldDetailsList) -> Wanted:
        named = get_named_type(kind)
        if not is_object_type(named) or not named.fields.keys() >= _CONNECTION_FIELDS:
            return frozenset()
        return frozenset(definition_of(field).python_name for field, _ in _fields(self._below(named, details)))

    def _below(
        self, kind: GraphQLObjectType, details: FieldDetailsList, *, is_one_of_several: bool = False
    ) -> SelectedType:
        schema = self.schema._schema
        collected = collect_subfields(schema, self._fragments, self.variables, self._operation, kind, details)
        return self._counted(kind, collected.grouped_field_set, is_one_of_several=is_one_of_several)

    def _counted(
        self, kind: GraphQLObjectType, groups: GroupedFieldSet, *, is_one_of_several: bool = False
    ) -> SelectedType:
        self.fields += len(groups)
        if self.fields > MAX_FIELDS:
            raise PlanBailout
        return SelectedType(kind, groups, is_one_of_several)

    def _rows(self, kind: GraphQLOutputType, details: FieldDetailsList) -> list[SelectedType]:
        """The selections on the rows of a field: on its values, or on the nodes of its connection."""
        rows: list[SelectedType] = []
        for selected in self.below(kind, details):
            if not selected.kind.fields.keys() >= _CONNECTION_FIELDS:
                rows.append(selected)
                continue
            for field, its in _fields(selected):
                name = its[0].node.name.value
                if name == "nodes":
                    rows += self.below(field.type, its)
                elif name == "edges":
                    for edge in self.below(field.type, its):
                        for inner, nodes in _fields(edge):
                            rows += self.below(inner.type, nodes)
        return rows

    def _wanted(self, rows: Iterable[SelectedType]) -> Wanted:
        """The attributes of rows that their fields need; None when a resolver does not declare its needs."""
        wanted: Wanted = frozenset()
        for selected in rows:
            if selected.is_one_of_several:
                wanted = _union(wanted, frozenset({"typename"}))
            for field, _ in _fields(selected):
                definition = definition_of(field)
                is_basic = definition.is_basic_field
                wanted = _union(
                    wanted, frozenset({definition.python_name}) if is_basic else definition.metadata.get(NEEDS)
                )
        return wanted


def definition_of(field: GraphQLField) -> StrawberryField:
    """Strawberry's definition of a field."""
    definition = field.extensions["strawberry-definition"]
    assert isinstance(definition, StrawberryField)
    return definition


def _fields(selected: SelectedType) -> Iterable[tuple[GraphQLField, FieldDetailsList]]:
    """The selected fields, except for fields of introspection."""
    for details in selected.groups.values():
        field = selected.kind.fields.get(details[0].node.name.value)
        if field is not None:
            yield field, details


def _union(one: Wanted, other: Wanted) -> Wanted:
    return None if one is None or other is None else one | other
