"""What the resolver of a field is called with: made once where it does not depend on variables."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import strawberry
from graphql import FieldNode, GraphQLField, VariableNode, Visitor, visit
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import get_argument_values
from strawberry.schema.schema_converter import get_arguments
from strawberry.types.arguments import StrawberryArgument, convert_arguments

from resolvers.context import Context
from schema.execution.selections import Selections, definition_of
from schema.execution.variables import Resolve, Variables


class _Info:
    """What of Strawberry's Info resolvers look at."""

    def __init__(self, context: Context) -> None:
        self.context = context


class Resolver:
    """The resolver of a field, as it is asked for in one place of an operation."""

    def __init__(self, field: GraphQLField, details: FieldDetailsList, selections: Selections) -> None:
        definition = definition_of(field)
        assert not definition.extensions
        resolver = definition.base_resolver
        assert resolver is not None
        assert inspect.isfunction(resolver.wrapped_func)
        self._function = resolver.wrapped_func
        self._node = details[0].node
        self._config = selections.schema.config
        self._scalars = selections.schema.schema_converter.scalar_registry
        varying = _varying(self._node)
        self._varying = _with_arguments(field, lambda name: name in varying)
        self._arguments = [one for one in definition.arguments if self._name(one) in varying]
        constant = get_argument_values(
            _with_arguments(field, lambda name: name not in varying), self._node, selections.variables
        )
        given, self._constants = get_arguments(
            field=definition,
            source=None,
            info=cast("strawberry.Info", _Info(selections.context(field.type, details))),
            kwargs=constant,
            config=self._config,
            scalar_registry=self._scalars,
        )
        self._takes_row = bool(given)
        self._bound = None if varying else self._with(self._constants)

    def __call__(self, variables: Variables) -> Resolve:
        """With the arguments that these variables make. Raises GraphQLError."""
        if self._bound is not None:
            return self._bound
        resolve = variables.resolves.get(self)
        if resolve is None:
            values = get_argument_values(self._varying, self._node, variables.values)
            named = convert_arguments(values, self._arguments, self._scalars, self._config)
            resolve = variables.resolves[self] = self._with(self._constants | named)
        return resolve

    def _with(self, named: dict[str, Any]) -> Resolve:
        function = partial(self._function, **named)
        return function if self._takes_row else partial(_without_row, function)

    def _name(self, argument: StrawberryArgument) -> str:
        return self._config.name_converter.from_argument(argument)


def _with_arguments(field: GraphQLField, are_some: Callable[[str], bool]) -> GraphQLField:
    """A field with some of its arguments."""
    return GraphQLField(field.type, {name: argument for name, argument in field.args.items() if are_some(name)})


def _without_row(function: Callable[[], Any], _: Any) -> Any:
    return function()


def _varying(node: FieldNode) -> set[str]:
    """The names of the arguments that variables are in."""
    names = set()
    for argument in node.arguments or ():
        found = _Variables()
        visit(argument, found)
        if found.are_there:
            names.add(argument.name.value)
    return names


class _Variables(Visitor):
    are_there = False

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.are_there = True
