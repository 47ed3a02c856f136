"""Introspection, which clients and code generators read the schema from."""

from tests.support.server import Served

# Of the specification's release of September 2025. Clients with a closed list refuse a schema with others.
LOCATIONS = {
    *("QUERY", "MUTATION", "SUBSCRIPTION", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"),
    *("VARIABLE_DEFINITION", "SCHEMA", "SCALAR", "OBJECT", "FIELD_DEFINITION", "ARGUMENT_DEFINITION", "INTERFACE"),
    *("UNION", "ENUM", "ENUM_VALUE", "INPUT_OBJECT", "INPUT_FIELD_DEFINITION"),
}


async def test_directives_have_locations_that_all_clients_know(server: Served) -> None:
    answer = await server.client.execute("{ __schema { directives { name locations } } }")

    directives = {each["name"]: set(each["locations"]) for each in answer["data"]["__schema"]["directives"]}
    assert set(directives) == {"include", "skip", "deprecated", "specifiedBy", "oneOf"}
    assert set().union(*directives.values()) <= LOCATIONS
    assert {"FIELD_DEFINITION", "ENUM_VALUE"} <= directives["deprecated"]
