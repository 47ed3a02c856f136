"""The caches of documents, prepared operations, variables, costs and page sizes are as small as their bounds say."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from resolvers.context import Context
from schema.build import create_schema
from schema.execution import operation, operations
from schema.execution.loader import PlanLoader
from schema.execution.operations import PreparedOperations
from schema.execution.request import OperationRequest
from schema.execution.variables import CACHE_BYTES as VARIABLES_BYTES
from schema.limits import documents
from schema.limits.cost import OperationCost
from schema.limits.documents import DocumentCache
from storage.database.database import Database
from tests.conftest import Serve
from tests.support.caches import memory_held
from tests.support.databases import SqliteDatabases
from tests.support.documents import user, zagens
from tests.support.sessions import saved

MAX_BYTES = 1_000_000
LISTED = "query ($f: SessionFilter, $n: Int, $o: String) { sessions(filter: $f, first: $n, after: $o) { totalCount } }"
CONDITIONAL = """query ($a: Boolean!, $b: Boolean!, $c: Boolean!) {
  sessions { totalCount nodes { id @include(if: $a) title @skip(if: $b) messages { totalCount @include(if: $c) } } }
}"""


def of_kind(kind: str, number: int) -> str:
    """A valid document."""
    match kind:
        case "small":
            return f"{{ __typename }} #{number}"
        case "many tokens":
            models = '"m" ' * 700
            return f"{{ sessions(filter: {{models: [{models}]}}) {{ totalCount }} }} #{number}"
        case "long string":
            return f'{{ sessions(filter: {{titleContains: "{number}{"x" * 50_000}"}}) {{ totalCount }} }}'
        case "long wide string":
            return f'{{ sessions(filter: {{titleContains: "{number}{"漢" * 50_000}"}}) {{ totalCount }} }}'
        case "long name":
            return f"query q{abs(number)}{'x' * 50_000} {{ __typename }}"
        case "many operations":
            return " ".join(f"query q{index} {{ __typename }}" for index in range(30)) + f" #{number}"
        case "variables":
            return f"{LISTED} #{number}"
        case "many fields":
            fields = " ".join(
                f'f{index}: session(id: "s{index}") {{ id title messages {{ totalCount }} }}' for index in range(30)
            )
            return f"{{ {fields} }} #{number}"
        case "conditions":
            return f"{CONDITIONAL} #{number}"
    raise AssertionError(kind)


KINDS = [
    "small",
    "many tokens",
    "long string",
    "long wide string",
    "long name",
    "many operations",
    "variables",
    "many fields",
    "conditions",
]


def texts(kind: str, cache: DocumentCache) -> Iterator[str]:
    """Documents that are twice as large as a cache."""
    size = cache.parse(of_kind(kind, 0)).size
    return (of_kind(kind, number) for number in range(2 * MAX_BYTES // size))


def variables_of(kind: str, text: str) -> list[dict[str, Any]]:
    """Variables with which to execute a document."""
    match kind:
        case "variables":
            return [{"f": {"titleContains": text[-9:]}}]
        case "conditions":
            return [dict(zip("abc", values, strict=True)) for values in product([True, False], repeat=3)]
    return [{}]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_cached_documents_take_no_more_memory_than_the_cache_has(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "CACHE_BYTES", MAX_BYTES)
    cache = create_schema().documents
    with memory_held() as held:
        for text in texts(kind, cache):
            document = cache.parse(text)
            assert not cache.validate(document)
        del document
        assert held() < MAX_BYTES


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
async def test_prepared_operations_take_no_more_memory_than_the_cache_has(
    kind: str, monkeypatch: pytest.MonkeyPatch, sqlite_databases: SqliteDatabases
) -> None:
    monkeypatch.setattr(operations, "CACHE_BYTES", MAX_BYTES)
    # Only what the prepared operations hold counts.
    monkeypatch.setattr(documents, "CACHE_BYTES", MAX_BYTES)
    with sqlite_databases.copy() as url:
        async with Database(url) as database:
            schema = create_schema()
            prepared = PreparedOperations(schema, Context(database, PlanLoader))

            async def execute(text: str) -> None:
                assert not schema.documents.validate(schema.documents.parse(text))
                name = text.split()[1] if kind == "long name" else "q0" if kind == "many operations" else None
                for variables in variables_of(kind, text):
                    await prepared.execute(OperationRequest(text, variables, name, None))

            await execute(of_kind(kind, -1))
            with memory_held() as held:
                for text in texts(kind, schema.documents):
                    await execute(text)
                prepared.schema.documents._documents.clear()
                full = held()
                prepared._operations.clear()
                assert 0 < full - held() < MAX_BYTES


@pytest.mark.slow
@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"f": {"models": [""] * 300}}, id="many strings"),
        pytest.param({"f": {"titleContains": "x" * 900}}, id="a long string"),
        pytest.param({"f": {"titleContains": "漢" * 300}}, id="a long wide string"),
        pytest.param({}, id="small"),
        pytest.param({f"undeclared{number}": [] for number in range(40)}, id="undeclared"),
    ],
)
async def test_the_variables_of_an_operation_take_no_more_memory_than_their_cache_has(
    value: dict[str, Any], sqlite_databases: SqliteDatabases
) -> None:
    with sqlite_databases.copy() as url:
        async with Database(url) as database:
            schema = create_schema()
            document = schema.documents.parse(LISTED)
            prepared = operation.PreparedOperation(
                schema, Context(database, PlanLoader), document, document.operation(None)
            )
            first = prepared.variables({"n": 0})
            assert first is not None
            plan = prepared.plan(first)
            assert plan is not None
            await plan([None], first)
            del first
            with memory_held() as held:
                for number in range(1, 100):
                    variables = prepared.variables(json.loads(json.dumps({**value, "n": number})))
                    assert variables is not None
                    await plan([None], variables)
                del variables
                full = held()
                prepared._variables._cache.clear()
                assert 0 < full - held() < VARIABLES_BYTES


def test_the_costs_of_an_operation_take_no_more_memory_than_their_cache_has() -> None:
    document = create_schema().documents.parse("query ($n: Int) { sessions(first: $n) { nodes { id } } }")
    cost = document.cost(None)
    with memory_held() as held:
        for number in range(500):
            cost({"n": 1_000_000 + number})
        full = held()
        cost._costs.clear()
        assert 0 < full - held() < OperationCost.MAX_BYTES


@pytest.mark.slow
async def test_long_cursors_of_messages_are_not_held(serve: Serve) -> None:
    server = await serve(seed=False)
    await saved(server, zagens("s", messages=[user("a"), user("b")]))
    query = """query ($after: String) { session(id: "s") { messages(first: 1, after: $after) {
      edges { cursor node { text } }
    } } }"""
    [edge] = (await server.client.data(query))["session"]["messages"]["edges"]

    async def read(padding: int) -> None:
        # Characters beyond the alphabet of base64 have no meaning.
        data = await server.client.data(query, after=edge["cursor"] + "." * 4 * padding)
        assert data["session"]["messages"]["edges"][0]["node"] == {"text": "b"}

    await read(1)
    with memory_held() as held:
        for number in range(40):
            await read(100_000 + number)
        assert held() < 8_000_000
