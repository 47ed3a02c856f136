"""Completion of the common values of heavy fields, without an object for each row and each type in turn."""

from collections.abc import Callable, Mapping, Sequence
from inspect import iscoroutinefunction, isfunction
from typing import Any, get_type_hints

import msgspec
from graphql import GraphQLField, get_nullable_type, is_leaf_type, is_non_null_type
from graphql.execution.collect_fields import FieldDetailsList

from resolvers.answer_budget import current_budget
from resolvers.time_slices import time_slices
from schema.execution.common_objects import BuildCommon, CommonType, ResolvedLeaf, compile_common
from schema.execution.field_resolver import FieldResolver
from schema.execution.leaves import Leaf
from schema.execution.selections import SelectedType, Selections, definition_of
from schema.execution.variables import RequestVariables
from schema.field import COMMON, CommonValues
from schema.limits.answer_size import object_bytes

_STEP_ROWS = 32
"""Rows that are completed without a look at the time."""


class CommonCompleter:
    """Completes a field that has CommonValues, for the rows for which these are known."""

    def __init__(self, key: str, read: FieldResolver, build: BuildCommon) -> None:
        self._key = key
        self._read = read
        self._build = build

    @classmethod
    def of(
        cls,
        key: str,
        field: GraphQLField,
        details: FieldDetailsList,
        below: Sequence[SelectedType],
        selections: Selections,
    ) -> "CommonCompleter | None":
        """The completer of a field; None when it has no CommonValues, or they do not suffice for what is below it."""
        common: CommonValues | None = definition_of(field).metadata.get(COMMON)
        if common is None:
            return None
        selected = {each.kind.name: each for each in below}
        types = {}
        for row_type, typename in common.typenames.items():
            common_type = _common_type(selected[typename], get_type_hints(row_type))
            if common_type is None:
                return None
            types[row_type] = common_type
        return cls(key, FieldResolver(field, details, selections, common.read), compile_common(types))

    async def complete_in_slices(
        self, objects: Sequence[dict[str, Any]], rows: Sequence[Any], variables: RequestVariables
    ) -> tuple[list[dict[str, Any]], list[Any]]:
        """Put common values into the objects, without blocking the event loop.

        Returns the other objects with their rows. Raises AnswerTooLarge and PlanBailout.
        """
        read = self._read(variables)
        slices = time_slices()
        other_objects = []
        other_rows = []
        budget = current_budget.get()
        for start in range(0, len(rows), _STEP_ROWS):
            if slices.is_over():
                await slices.next()
            step = rows[start : start + _STEP_ROWS]
            values, size = self._build(read(step))
            if budget is not None:
                budget.spend(size)
            for entry, row, value in zip(objects[start : start + _STEP_ROWS], step, values, strict=True):
                if value is None:
                    other_objects.append(entry)
                    other_rows.append(row)
                else:
                    entry[self._key] = value
        return other_objects, other_rows


def _common_type(selected: SelectedType, hints: Mapping[str, Any]) -> CommonType | None:
    """The entries of a type's objects; None when it has fields that wait, have arguments or are objects.

    `hints` are the annotations of the class of its values.
    """
    kind, groups = selected.kind, selected.groups
    entries: dict[str, Leaf | str | ResolvedLeaf] = {}
    for key, details in groups.items():
        name = details[0].node.name.value
        if name == "__typename":
            entries[key] = kind.name
            continue
        field = kind.fields.get(name)
        if field is None:
            return None
        leaf = get_nullable_type(field.type)
        if not is_leaf_type(leaf):
            return None
        definition = definition_of(field)
        is_required = is_non_null_type(field.type)
        if definition.is_basic_field or hints.get(definition.python_name) is msgspec.Raw:
            entries[key] = Leaf(definition.python_name, leaf, is_required)
        elif (resolve := _row_resolver(field)) is not None:
            entries[key] = ResolvedLeaf(resolve, leaf, is_required)
        else:
            return None
    return CommonType(entries, object_bytes(kind, groups), hints)


def _row_resolver(field: GraphQLField) -> Callable[[Any], object] | None:
    """The resolver of a field if it takes nothing but the row, and does not wait."""
    resolver = definition_of(field).base_resolver
    assert resolver is not None
    function = resolver.wrapped_func
    takes_more = bool(field.args) or resolver.info_parameter is not None or resolver.parent_parameter is None
    return function if isfunction(function) and not takes_more and not iscoroutinefunction(function) else None
