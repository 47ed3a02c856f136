"""What an operation selects, as graphql-core collects it, and what of its rows that will read."""

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

MOST_FIELDS = 2_000
"""Fields of an operation, each as often as it stands in an answer's form, beyond which it gets no plan."""

_CONNECTION = {"nodes", "edges"}


class Selected(NamedTuple):
    """A type that rows may be of, and what is then selected of them."""

    kind: GraphQLObjectType
    groups: GroupedFieldSet


class Selections:
    """One operation of a valid document, with the variables that decide what it includes."""

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

    def root(self) -> Selected:
        """What is selected of the root. Raises PlanBailout."""
        kind = self.schema._schema.query_type
        assert kind is not None
        collected = collect_fields(self.schema._schema, self._fragments, self.variables, kind, self._operation)
        return self._counted(kind, collected.grouped_field_set)

    def below(self, kind: GraphQLOutputType, details: FieldDetailsList) -> list[Selected]:
        """What is selected of the values of a field of that type, none for leaves. Raises PlanBailout."""
        named = get_named_type(kind)
        if is_object_type(named):
            return [self._below(named, details)]
        if is_abstract_type(named):
            return [self._below(possible, details) for possible in self.schema._schema.get_possible_types(named)]
        return []

    def context(self, kind: GraphQLOutputType, details: FieldDetailsList) -> Context:
        """For the resolver of a field of that type: what it need not read is known. Raises PlanBailout."""
        rows = self._rows(kind, details)
        wanted = self._wanted(rows)
        inner: dict[str, Wanted] = {}
        for selected in rows:
            for field, its in _fields(selected):
                if is_composite_type(get_named_type(field.type)):
                    name = definition_of(field).python_name
                    inner[name] = _either(inner.get(name, frozenset()), self._wanted(self._rows(field.type, its)))
        return self._context.wanting(wanted, inner)

    def _below(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Selected:
        schema = self.schema._schema
        collected = collect_subfields(schema, self._fragments, self.variables, self._operation, kind, details)
        return self._counted(kind, collected.grouped_field_set)

    def _counted(self, kind: GraphQLObjectType, groups: GroupedFieldSet) -> Selected:
        self.fields += len(groups)
        if self.fields > MOST_FIELDS:
            raise PlanBailout
        return Selected(kind, groups)

    def _rows(self, kind: GraphQLOutputType, details: FieldDetailsList) -> list[Selected]:
        """What is selected of the rows that a field gives: its values, or the nodes of its connection."""
        rows: list[Selected] = []
        for selected in self.below(kind, details):
            if not selected.kind.fields.keys() >= _CONNECTION:
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

    def _wanted(self, rows: Iterable[Selected]) -> Wanted:
        """The attributes of rows that their fields are made of; None where a resolver does not say what it needs."""
        wanted: Wanted = frozenset()
        for selected in rows:
            if selected.kind.interfaces:
                wanted = _either(wanted, frozenset({"typename"}))
            for field, _ in _fields(selected):
                definition = definition_of(field)
                is_basic = definition.is_basic_field
                wanted = _either(
                    wanted, frozenset({definition.python_name}) if is_basic else definition.metadata.get(NEEDS)
                )
        return wanted


def definition_of(field: GraphQLField) -> StrawberryField:
    """What Strawberry made a field of."""
    definition = field.extensions["strawberry-definition"]
    assert isinstance(definition, StrawberryField)
    return definition


def _fields(selected: Selected) -> Iterable[tuple[GraphQLField, FieldDetailsList]]:
    """The fields that are selected, but for those of introspection."""
    for details in selected.groups.values():
        field = selected.kind.fields.get(details[0].node.name.value)
        if field is not None:
            yield field, details


def _either(one: Wanted, other: Wanted) -> Wanted:
    return None if one is None or other is None else one | other
