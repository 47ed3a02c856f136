"""The limit on lists and objects in variables, which are counted before graphql-core coerces their values one by one.

Lists in documents are limited by the number of tokens.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLInputType,
    GraphQLSchema,
    VariableDefinitionNode,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
    type_from_ast,
)

MAX_VALUES = 1_000
"""Values of one list, or fields of one input object."""


def list_errors(
    schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode], given: Mapping[str, Any]
) -> Iterator[GraphQLError]:
    """An error for each list or input object in the variables of a valid operation that has too many values."""
    for definition in definitions:
        name = definition.variable.name.value
        if isinstance(given.get(name), list | dict):
            kind: Any = type_from_ast(schema, definition.type)
            for path, length in _too_long(kind, given[name], name):
                message = f"The variable `{path}` has {length:,} values; {MAX_VALUES:,} are allowed."
                yield GraphQLError(message, [definition], extensions={"code": "BAD_USER_INPUT"})


def _too_long(input_type: GraphQLInputType, value: object, path: str) -> Iterator[tuple[str, int]]:
    """The paths and lengths of values that are too long. What a JSON scalar contains does not count."""
    kind = get_nullable_type(input_type)
    if is_list_type(kind) and isinstance(value, list):
        if len(value) > MAX_VALUES:
            yield path, len(value)
            return
        for index, item in enumerate(value):
            yield from _too_long(kind.of_type, item, f"{path}.{index}")
    elif is_input_object_type(kind) and isinstance(value, dict):
        if len(value) > MAX_VALUES:
            yield path, len(value)
            return
        for name, field in kind.fields.items():
            yield from _too_long(field.type, value.get(name), f"{path}.{name}")
