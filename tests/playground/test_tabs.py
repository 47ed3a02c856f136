"""The operations that the playground opens with, without a browser."""

import json

import pytest
from graphql import OperationDefinitionNode, build_schema, get_variable_values, parse, validate

from tests.support.clients import ROOT

TABS = ROOT / "server" / "playground" / "tabs"
SCHEMA = build_schema((ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8"))
VARIABLES = json.loads((TABS / "variables.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(path.name for path in TABS.glob("*.graphql")))
def test_a_tab_is_valid_with_its_variables(name: str) -> None:
    document = parse((TABS / name).read_text(encoding="utf-8"))
    (operation,) = document.definitions

    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    # The tab's title.
    assert operation.name.value.lower() == name.removesuffix(".graphql").replace("_", "")
    assert validate(SCHEMA, document) == []
    given = VARIABLES.get(operation.name.value, {})
    # A list is one of errors.
    assert not isinstance(get_variable_values(SCHEMA, operation.variable_definitions or (), given), list)
