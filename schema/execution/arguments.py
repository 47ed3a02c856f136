"""What the resolver of a field is called with: made once where it does not depend on variables."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias, cast

import strawberry
from graphql import GraphQLField, VariableNode, Visitor, visit
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.schema.schema_converter import get_arguments

from resolvers.context import Context
from schema.execution.selections import Selections, definition_of

Resolve: TypeAlias = Callable[[Any], Any]
"""From a row to the value of a field, or to what gives that when it is awaited."""


class _Info:
    """What of Strawberry's Info resolvers look at."""

    def __init__(self, context: Context) -> None:
        self.context = context


class Resolver:
    """The resolver of a field, as it is asked for in one place of an operation."""

    def __init__(self, field: GraphQLField, details: FieldDetailsList, selections: Selections) -> None:
        self._field = field
        self._node = details[0].node
        self._definition = definition_of(field)
        self._schema = selections.schema
        self._info = cast("strawberry.Info", _Info(selections.context(field.type, details)))
        self._bound = None if _has_variables(details) else self._bind(selections.variables)

    def __call__(self, variables: VariableValues) -> Resolve:
        """With the arguments that these variables make. Raises GraphQLError."""
        return self._bound or self._bind(variables)

    def _bind(self, variables: VariableValues) -> Resolve:
        arguments, named = get_arguments(
            field=self._definition,
            source=None,
            info=self._info,
            kwargs=get_argument_values(self._field, self._node, variables),
            config=self._schema.config,
            scalar_registry=self._schema.schema_converter.scalar_registry,
        )
        resolver = self._definition.base_resolver
        assert resolver is not None
        assert inspect.isfunction(resolver.wrapped_func)
        function = partial(resolver.wrapped_func, **named)
        return function if arguments else partial(_without_row, function)


def _without_row(function: Callable[[], Any], _: Any) -> Any:
    return function()


def _has_variables(details: FieldDetailsList) -> bool:
    found = _Variables()
    for argument in details[0].node.arguments or ():
        visit(argument, found)
    return found.are_there


class _Variables(Visitor):
    are_there = False

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.are_there = True
