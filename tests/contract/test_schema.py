"""schema/schema.graphql is checked by graphql-js, GraphQL Inspector and GraphQL ESLint."""

import json

import pytest

from tests.support.clients import CONTRACT, MODULES, ROOT, Outcomes, checks, node, outcomes

SCHEMA = ROOT / "schema" / "schema.graphql"


@pytest.fixture(scope="module")
def checked() -> Outcomes:
    return outcomes("schema.mjs", schema=str(SCHEMA), contract=str(CONTRACT / "schema.graphql"))


@pytest.mark.parametrize("check", checks("schema.mjs"))
def test_schema(checked: Outcomes, check: str) -> None:
    assert checked[check] is None, checked[check]


@pytest.mark.slow
def test_graphql_eslint_reports_nothing() -> None:
    eslint = MODULES / "eslint" / "bin" / "eslint.js"

    run = node(eslint, "--config", CONTRACT / "eslint.config.mjs", "--format", "json", SCHEMA)

    assert run.stderr == ""
    (file,) = json.loads(run.stdout)
    complaints = [f"{message['line']}: {message['message']}" for message in file["messages"]]
    assert (run.returncode, complaints) == (0, [])
