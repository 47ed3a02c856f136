"""The schema contains the contract in contract/schema.graphql, word for word. It may have more."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    is_specified_scalar_type,
    print_ast,
)

from schema.build import create_schema

CONTRACT = build_schema((Path(__file__).parents[1] / "contract" / "schema.graphql").read_text("utf-8"))


def contract_types() -> list[str]:
    return [
        name
        for name, type_ in CONTRACT.type_map.items()
        if not name.startswith("__") and not is_specified_scalar_type(type_)
    ]


@pytest.fixture(scope="module")
def built() -> GraphQLSchema:
    return build_schema(create_schema().as_str())


@pytest.mark.parametrize("name", contract_types())
def test_a_type_equals_the_contract(built: GraphQLSchema, name: str) -> None:
    ours, promised = built.type_map[name], CONTRACT.type_map[name]

    assert type(ours) is type(promised)
    assert _described(ours).items() >= _described(promised).items()


def _described(type_: GraphQLNamedType) -> dict[str, object]:
    """Everything that clients see of a type, as a flat mapping: a type that contains the contract is a superset."""
    seen: dict[str, object] = {"": type_.description}
    if isinstance(type_, GraphQLScalarType):
        seen["specifiedBy"] = type_.specified_by_url
    elif isinstance(type_, GraphQLEnumType):
        seen |= {name: value.description for name, value in type_.values.items()}
    elif isinstance(type_, GraphQLInputObjectType):
        seen |= {name: _input(field) for name, field in type_.fields.items()}
    elif isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType)):
        seen |= {f"implements {interface.name}": True for interface in type_.interfaces}
        for name, field in type_.fields.items():
            seen |= _field(name, field)
    return seen


def _field(name: str, field: GraphQLField) -> dict[str, object]:
    seen: dict[str, object] = {name: (str(field.type), field.description, field.deprecation_reason)}
    return seen | {f"{name}({argument}:)": _input(value) for argument, value in field.args.items()}


def _input(value: GraphQLArgument | GraphQLInputField) -> tuple[str, str | None, str | None]:
    node = value.ast_node.default_value if value.ast_node else None
    return str(value.type), print_ast(node) if node else None, value.description


def test_the_schema_describes_itself(built: GraphQLSchema) -> None:
    assert built.description == create_schema()._schema.description
    assert built.description
    scalars = [kind for kind in built.type_map.values() if isinstance(kind, GraphQLScalarType)]
    assert all(is_specified_scalar_type(scalar) or scalar.specified_by_url for scalar in scalars)
