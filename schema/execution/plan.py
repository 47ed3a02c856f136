"""Plans: for each object that an operation selects from, how its rows become what the answer holds.

A plan works on all rows of a level at once: what their resolvers wait for is read together, so that a level takes one
statement, and the leaves of a page are made by one function.
"""

from inspect import iscoroutine
from operator import attrgetter
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLOutputType,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetailsList

from schema.execution.arguments import Resolver
from schema.execution.completion import AnyOf, Completion, Leaves, Lists, Nullable, Required
from schema.execution.leaves import Build, Leaf, PlanBailout, build_function
from schema.execution.loads import settled, together
from schema.execution.selections import Selected, Selections, definition_of
from schema.execution.variables import Resolve, Variables

# Rows of a selection are of one type, unless that was made anew in between.
_MOST_BUILDS = 4


class Plan(Completion):
    """How rows of one type, none of them null, become objects of the answer."""

    def __init__(self, selected: Selected, selections: Selections) -> None:
        self._fields: list[_Field] = []
        self._entries: dict[str, Leaf | str | None] = {}
        kind, groups = selected
        for key, details in groups.items():
            name = details[0].node.name.value
            if name == "__typename":
                self._entries[key] = kind.name
                continue
            if name not in kind.fields:
                # Introspection: it is seldom asked for twice.
                raise PlanBailout
            field = kind.fields[name]
            leaf = get_nullable_type(field.type)
            definition = definition_of(field)
            if definition.is_basic_field and is_leaf_type(leaf):
                self._entries[key] = Leaf(definition.python_name, leaf, is_non_null_type(field.type))
            else:
                self._entries[key] = None
                self._fields.append(_Field(key, field, details, selections))
        self._kind = kind
        self._builds: dict[type[Any], Build] = {}
        self._resolves = any(field.is_resolved for field in self._fields)
        self.reads = self._resolves or any(field.reads for field in self._fields)

    async def __call__(self, values: list[Any], variables: Variables) -> list[Any]:
        if not values:
            return []
        made = self._build(values)
        if not self._fields:
            return made
        results = await self._results(values, variables)
        reading = []
        for field, its in zip(self._fields, results, strict=True):
            if field.reads:
                reading.append((field, its))
            else:
                await field.fill(made, its, variables)
        await together([field.fill(made, its, variables) for field, its in reading])
        return made

    def _build(self, rows: list[Any]) -> list[dict[str, Any]]:
        """Objects with their leaves. Raises PlanBailout."""
        row_type = type(rows[0])
        build = self._builds.get(row_type)
        if build is None:
            if len(self._builds) >= _MOST_BUILDS:
                self._builds.clear()
            build = self._builds[row_type] = build_function(self._kind.name, self._entries, row_type)
        return build(rows)

    async def _results(self, rows: list[Any], variables: Variables) -> list[list[Any]]:
        """What each field gives for each row."""
        results: list[Any] = []
        try:
            for field in self._fields:
                resolve = field.resolve(variables)
                results += [resolve(row) for row in rows]
            if self._resolves:
                results = await settled(results)
        except BaseException:
            for result in results:
                if iscoroutine(result):
                    result.close()
            raise
        return [results[start : start + len(rows)] for start in range(0, len(results), len(rows))]


class _Field:
    """A field that is more than a leaf of its row: it is resolved, or selected from."""

    def __init__(self, key: str, field: GraphQLField, details: FieldDetailsList, selections: Selections) -> None:
        self._key = key
        definition = definition_of(field)
        self.is_resolved = not definition.is_basic_field
        self._attribute = attrgetter(definition.python_name)
        self._resolver = Resolver(field, details, selections) if self.is_resolved else None
        self._completion = completion(field.type, selections.below(field.type, details), selections)
        self.reads = self._completion.reads

    def resolve(self, variables: Variables) -> Resolve:
        """What gives its value for a row. Raises GraphQLError."""
        return self._attribute if self._resolver is None else self._resolver(variables)

    async def fill(self, made: list[dict[str, Any]], results: list[Any], variables: Variables) -> None:
        """Puts what the answer holds of its values into objects. Raises PlanBailout."""
        key = self._key
        for entry, value in zip(made, await self._completion(results, variables), strict=True):
            entry[key] = value


def completion(kind: GraphQLOutputType, below: list[Selected], selections: Selections) -> Completion:
    """How values of a type, of which this is selected, are completed. Raises PlanBailout."""
    if is_non_null_type(kind):
        return Required(_completion(kind.of_type, below, selections))
    return Nullable(_completion(kind, below, selections))


def _completion(kind: GraphQLOutputType, below: list[Selected], selections: Selections) -> Completion:
    if is_list_type(kind):
        return Lists(completion(kind.of_type, below, selections))
    if is_leaf_type(kind):
        return Leaves(kind)
    if is_abstract_type(kind):
        return AnyOf({selected.kind.name: Plan(selected, selections) for selected in below})
    return Plan(below[0], selections)
