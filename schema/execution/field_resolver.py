"""Calls of resolvers: arguments are converted once, or once for each set of variables that they depend on."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import strawberry
from graphql import FieldNode, GraphQLField, VariableNode, Visitor, visit
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.schema.schema_converter import get_arguments
from strawberry.types.arguments import StrawberryArgument, convert_arguments

from resolvers.context import Context
from schema.execution.selections import Selections, definition_of
from schema.execution.variables import RequestVariables, ResolveRow


class _Info:
    """The part of Strawberry's Info that resolvers use."""

    def __init__(self, context: Context) -> None:
        self.context = context


class FieldResolver:
    """The resolver of a field at one place of an operation, or `function`, which takes the same arguments."""

    def __init__(
        self,
        field: GraphQLField,
        details: FieldDetailsList,
        selections: Selections,
        function: Callable[..., Any] | None = None,
    ) -> None:
        definition = definition_of(field)
        assert not definition.extensions
        resolver = definition.base_resolver
        assert resolver is not None
        assert inspect.isfunction(resolver.wrapped_func)
        self._function = function or resolver.wrapped_func
        self._node = details[0].node
        self._config = selections.schema.config
        self._scalars = selections.schema.schema_converter.scalar_registry
        varying = _varying(self._node)
        self._varying = _with_arguments(field, lambda name: name in varying)
        self._arguments = [argument for argument in definition.arguments if self._name(argument) in varying]
        constant = get_argument_values(
            _with_arguments(field, lambda name: name not in varying), self._node, selections.variables
        )
        positional, self._constants = get_arguments(
            field=definition,
            source=None,
            info=cast("strawberry.Info", _Info(selections.context(field.type, details))),
            kwargs=constant,
            config=self._config,
            scalar_registry=self._scalars,
        )
        if (row := resolver.parent_parameter) is not None:
            del self._constants[row.name]
        self._takes_row = bool(positional) or row is not None
        self._constant = None if varying else self._partial(self._constants)

    def __call__(self, variables: RequestVariables) -> ResolveRow:
        """The resolver, bound to the arguments of a request. Raises GraphQLError."""
        return self._constant or variables.bound(self, self._bind)

    def _bind(self, variables: VariableValues) -> ResolveRow:
        values = get_argument_values(self._varying, self._node, variables)
        named = convert_arguments(values, self._arguments, self._scalars, self._config)
        return self._partial(self._constants | named)

    def _partial(self, named: dict[str, Any]) -> ResolveRow:
        function = partial(self._function, **named)
        return function if self._takes_row else partial(_without_row, function)

    def _name(self, argument: StrawberryArgument) -> str:
        return self._config.name_converter.from_argument(argument)


def _with_arguments(field: GraphQLField, is_chosen: Callable[[str], bool]) -> GraphQLField:
    """The field with some of its arguments only."""
    return GraphQLField(field.type, {name: argument for name, argument in field.args.items() if is_chosen(name)})


def _without_row(function: Callable[[], Any], _: Any) -> Any:
    return function()


def _varying(node: FieldNode) -> set[str]:
    """Names of the arguments that contain variables."""
    names = set()
    for argument in node.arguments or ():
        visitor = _VariableFinder()
        visit(argument, visitor)
        if visitor.has_found:
            names.add(argument.name.value)
    return names


class _VariableFinder(Visitor):
    has_found = False

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.has_found = True
