"""Plans: the completion of object types, with the selection on each of them.

A plan completes all rows of a level at once: their resolvers read with one statement, and one generated function
builds the objects with their leaves.
"""

import itertools
from collections.abc import Callable
from inspect import iscoroutine
from operator import attrgetter
from typing import Any, TypeVar

import orjson
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

from resolvers.answer_budget import current_budget
from resolvers.time_slices import time_slices
from schema.execution.common_completer import CommonCompleter
from schema.execution.completion import (
    AbstractCompleter,
    Completer,
    LeafCompleter,
    ListCompleter,
    NonNullCompleter,
    NullableCompleter,
)
from schema.execution.field_resolver import FieldResolver
from schema.execution.leaves import (
    Leaf,
    PlanBailout,
    compile_encoder,
    compile_objects,
    is_encodable,
)
from schema.execution.loader import gather_or_cancel, resolve_level, resolve_rows
from schema.execution.selections import SelectedType, Selections, definition_of
from schema.execution.variables import RequestVariables, ResolveRow
from schema.field import IS_CACHEABLE, IS_HEAVY
from schema.limits.answer_size import object_bytes

F = TypeVar("F")

# Rows of a selection are of one type until storage evicts and recreates their class.
_MAX_ROW_TYPES = 4

MAX_STEP = 500
"""Objects that are built without a look at the time."""

MANY_ROWS = 50
"""Rows whose resolvers take a noticeable time on the event loop."""

plan_numbers = itertools.count()
"""The numbers of all plans."""


class Plan(Completer):
    """Completes rows as objects of one type, without nulls. `number` differs from that of every other plan."""

    def __init__(self, selected: SelectedType, selections: Selections) -> None:
        self.number = next(plan_numbers)
        self._fields: list[_Field] = []
        self._heavy_fields: list[_Field] = []
        entries: dict[str, Leaf | str | None] = {}
        kind, groups = selected.kind, selected.groups
        for key, details in groups.items():
            name = details[0].node.name.value
            if name == "__typename":
                entries[key] = kind.name
                continue
            if name not in kind.fields:
                # Introspection beside data.
                raise PlanBailout
            field = kind.fields[name]
            leaf = get_nullable_type(field.type)
            definition = definition_of(field)
            if definition.is_basic_field and is_leaf_type(leaf):
                entries[key] = Leaf(definition.python_name, leaf, is_non_null_type(field.type))
            else:
                entries[key] = None
                fields = self._heavy_fields if definition.metadata.get(IS_HEAVY) else self._fields
                fields.append(_Field(key, field, details, selections))
        self._object_bytes = object_bytes(kind, groups)
        self._builders = _ByRowType(lambda row_type: compile_objects(kind.name, entries, row_type, self._object_bytes))
        self._encoders = _ByRowType(lambda row_type: compile_encoder(kind.name, entries, row_type))
        self._is_encodable = is_encodable(entries)
        self._has_resolvers = any(field.is_resolved for field in self._fields)
        all_fields = (*self._fields, *self._heavy_fields)
        self.reads = self._has_resolvers or any(field.reads for field in all_fields)
        self.is_cacheable = all(field.is_cacheable for field in all_fields)

    async def __call__(self, values: list[Any], variables: RequestVariables) -> list[Any]:
        if not values:
            return []
        if len(values) <= MAX_STEP:
            objects = self._build(values)
        else:
            objects = await self._build_in_slices(values)
        for field in self._heavy_fields:
            await field.complete_in_slices(objects, values, variables)
        if not self._fields:
            return objects
        results = await self._resolve(values, variables)
        reading = []
        for field, field_results in zip(self._fields, results, strict=True):
            if field.reads:
                reading.append((field, field_results))
            else:
                await field.complete(objects, field_results, variables)
        if reading:
            await gather_or_cancel(
                [field.complete(objects, field_results, variables) for field, field_results in reading]
            )
        return objects

    def encoded(self, values: list[Any]) -> orjson.Fragment | None:
        """See Completer. Objects with nothing but leaves are encoded without a dictionary for each."""
        if not self._is_encodable or not 0 < len(values) <= MAX_STEP:
            return None
        row_type = type(values[0])
        text = self._encoders[row_type](values)
        budget = current_budget.get()
        if budget is not None:
            # A text has at most as many characters as bytes. Counting them takes half as long as encoding them.
            most = len(values) * self._object_bytes + len(text)
            budget.spend_at_most(most, lambda: self._builders[row_type](values)[1])
        return orjson.Fragment(text)

    def _build(self, rows: list[Any]) -> list[dict[str, Any]]:
        """Objects with their leaves, and null for all other fields. Raises AnswerTooLarge and PlanBailout."""
        objects, size = self._builders[type(rows[0])](rows)
        budget = current_budget.get()
        if budget is not None:
            budget.spend(size)
        return objects

    async def _build_in_slices(self, rows: list[Any]) -> list[dict[str, Any]]:
        """As `_build`, without blocking the event loop."""
        objects = []
        slices = time_slices()
        for start in range(0, len(rows), MAX_STEP):
            if slices.is_over():
                await slices.next()
            objects += self._build(rows[start : start + MAX_STEP])
        return objects

    async def _resolve(self, rows: list[Any], variables: RequestVariables) -> list[list[Any]]:
        """The results of each field, one for each row."""
        results: list[Any] = []
        try:
            for field in self._fields:
                resolve = field.resolve(variables)
                if len(rows) > MANY_ROWS and (slices := time_slices()).is_over():
                    await slices.next()
                results += resolve_rows(resolve, rows)
            if self._has_resolvers:
                results = await resolve_level(results)
        except BaseException:
            for result in results:
                if iscoroutine(result):
                    result.close()
            raise
        return [results[start : start + len(rows)] for start in range(0, len(results), len(rows))]


class _ByRowType(dict[type[Any], F]):
    """Functions that are generated for each type of rows when it is met."""

    def __init__(self, generate: Callable[[type[Any]], F]) -> None:
        super().__init__()
        self._generate = generate

    def __missing__(self, row_type: type[Any]) -> F:
        if len(self) >= _MAX_ROW_TYPES:
            self.clear()
        function = self[row_type] = self._generate(row_type)
        return function


class _Field:
    """A field that has a resolver or a selection of its own."""

    def __init__(self, key: str, field: GraphQLField, details: FieldDetailsList, selections: Selections) -> None:
        self._key = key
        definition = definition_of(field)
        self.is_resolved = not definition.is_basic_field
        self._attribute = attrgetter(definition.python_name)
        self._resolver = FieldResolver(field, details, selections) if self.is_resolved else None
        below = selections.below(field.type, details)
        self._complete = completer_for(field.type, below, selections)
        self.reads = self._complete.reads
        is_resolver_cacheable = not self.is_resolved or bool(definition.metadata.get(IS_CACHEABLE))
        self.is_cacheable = is_resolver_cacheable and self._complete.is_cacheable
        self._common = CommonCompleter.of(key, field, details, below, selections)

    def resolve(self, variables: RequestVariables) -> ResolveRow:
        """The function from a row to its value. Raises GraphQLError."""
        return self._attribute if self._resolver is None else self._resolver(variables)

    async def complete_in_slices(
        self, objects: list[dict[str, Any]], rows: list[Any], variables: RequestVariables
    ) -> None:
        """Resolve and complete its values row by row, without blocking the event loop. Raises PlanBailout.

        Values below which rows are read are completed together, so that one statement reads for all of them.
        """
        if self._common is not None:
            objects, rows = await self._common.complete_in_slices(objects, rows, variables)
        resolve = self.resolve(variables)
        slices = time_slices()
        start = 0
        results: list[Any] = []
        for end, row in enumerate(rows, 1):
            result = resolve(row)
            results.append(await result if iscoroutine(result) else result)
            is_over = slices.is_over()
            if (is_over and not self.reads) or end == len(rows):
                await self.complete(objects[start:end], results, variables)
                start, results = end, []
                is_over = slices.is_over()
            if is_over:
                await slices.next()

    async def complete(self, objects: list[dict[str, Any]], results: list[Any], variables: RequestVariables) -> None:
        """Complete its values and put them into the objects. Raises PlanBailout."""
        key = self._key
        for entry, value in zip(objects, await self._complete(results, variables), strict=True):
            entry[key] = value


def completer_for(kind: GraphQLOutputType, below: list[SelectedType], selections: Selections) -> Completer:
    """The completer for a type and the selections on it. Raises PlanBailout."""
    if is_non_null_type(kind):
        return NonNullCompleter(_nullable_completer(kind.of_type, below, selections))
    return NullableCompleter(_nullable_completer(kind, below, selections))


def _nullable_completer(kind: GraphQLOutputType, below: list[SelectedType], selections: Selections) -> Completer:
    if is_list_type(kind):
        return ListCompleter(completer_for(kind.of_type, below, selections))
    if is_leaf_type(kind):
        return LeafCompleter(kind)
    if is_abstract_type(kind):
        return AbstractCompleter({selected.kind.name: Plan(selected, selections) for selected in below})
    return Plan(below[0], selections)
