"""The cost of an operation is the number of objects that its answer could hold."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import get_introspection_query
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from schema.build import create_schema
from tests.support.databases import SqliteDatabases
from tests.support.docs import DOCUMENTS, curl_queries, graphql_blocks, inline_queries
from tests.support.server import serving

SCHEMA = create_schema()


def cost(query: str, variables: dict[str, Any] | None = None, operation_name: str | None = None) -> int:
    """The cost of an operation of a valid document."""
    document = SCHEMA.documents.parse(query)
    assert SCHEMA.documents.validate(document) == []
    return document.cost(operation_name)(variables)


SEVEN = "query ($n: Int = 7) "
ANY = "query ($n: Int) "
IDS = 'query ($ids: [ID!]! = ["a", "b"]) '
IF = "query ($if: Boolean! = true) "


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        ("{ __typename }", {}, 0),
        (get_introspection_query(), {}, 0),
        ('{ session(id: "s") { id title } }', {}, 1),
        ("{ sessions { totalCount pageInfo { hasNextPage } } }", {}, 0),
        ("{ sessions { nodes { id } } }", {}, 50),
        ("{ sessions { edges { cursor } } }", {}, 50),
        ("{ sessions { edges { cursor node { id } } } }", {}, 50),
        ("{ sessions { edges { cursor } nodes { id } } }", {}, 100),
        ("{ sessions(first: 3) { nodes { id parent { id } thread { id } } } }", {}, 9),
        (
            "{ sessions(last: 3) { nodes { messages(first: 4) { nodes { id content { position } } } } } }",
            {},
            3 + 12 + 12,
        ),
        ("{ sessions(first: 3) { edges { node { messages(first: 4) { edges { node { id } } } } } } }", {}, 3 + 12),
        ("{ sessions(first: 1000) { nodes { id } } }", {}, 500),
        ("{ sessions(first: 0) { nodes { id } } }", {}, 1),
        ("{ sessions(first: -1) { nodes { id } } }", {}, 0),
        ("{ sessions(first: 1, last: 1) { nodes { id } } }", {}, 0),
        ("{ sessions(first: null) { nodes { id } } }", {}, 50),
        ('{ search(query: "a") { nodes { score highlights { start } session { id } message { id } } } }', {}, 20 * 4),
        (
            '{ thread(id: "t") { events { seq item { id } } turns(first: 2) { nodes { items { nodes { id } } } } } }',
            {},
            203,
        ),
        ('mutation { deleteSession(input: {sessionId: "s"}) { deletedSessionId userErrors { code } } }', {}, 2),
        ('subscription { resumeTask(threadId: "t") { thread { id } } }', {}, 2),
        (SEVEN + "{ sessions(first: $n) { nodes { id } } }", {}, 7),
        (SEVEN + "{ sessions(last: $n) { nodes { id } } }", {"n": 8}, 8),
        (SEVEN + "{ sessions(first: $n) { nodes { id } } }", {"n": None}, 50),
        (ANY + "{ sessions(first: $n) { nodes { id } } }", {}, 50),
        (ANY + "{ sessions(first: $n) { nodes { id } } }", {"n": 9}, 9),
        (ANY + "{ sessions(first: $n) { nodes { id } } }", {"n": 9.0}, 9),
        (ANY + '{ search(query: "a", first: $n) { nodes { score } } }', {}, 20),
        (IF + "{ sessions @include(if: $if) { nodes { id } } }", {}, 50),
        (IF + "{ sessions @include(if: $if) { nodes { id } } }", {"if": False}, 0),
        (IF + "{ sessions @skip(if: $if) { nodes { id } } }", {}, 0),
        (IF + "{ ... @skip(if: $if) { sessions { nodes { id } } } }", {"if": False}, 50),
        (IF + '{ session(id: "s") { id } session(id: "s") @skip(if: $if) { parent { id } } }', {}, 1),
        ('{ session(id: "s") @skip(if: true) { id } thread(id: "t") @include(if: false) { id } }', {}, 0),
        ('{ node(id: "s") { id ... on Session { messages { nodes { id } } } } }', {}, 51),
        ('{ nodes(ids: ["a", "b", "c"]) { id ... on Session { messages(first: 2) { nodes { id } } } } }', {}, 9),
        ('{ nodes(ids: "a") { id } }', {}, 1),
        (IDS + "{ nodes(ids: $ids) { id ... on Message { session { id } } } }", {}, 4),
        (IDS + "{ nodes(ids: $ids) { id } }", {"ids": ["a"] * 90}, 90),
        (IDS + "{ nodes(ids: $ids) { id } }", {"ids": "a"}, 1),
        (IDS + "{ nodes(ids: $ids) { id } }", {"ids": []}, 0),
        ('{ a: session(id: "s") { id } b: session(id: "s") { id } }', {}, 2),
        ('{ session(id: "s") { id } session(id: "s") { title parent { id } } }', {}, 2),
        ('{ ...A ...A ...on Query { ...A } } fragment A on Query { session(id: "s") { id } }', {}, 1),
    ],
)
def test_the_cost_counts_objects(query: str, variables: dict[str, Any], expected: int) -> None:
    for _ in range(2):
        assert cost(query, variables) == expected


def test_each_operation_of_a_document_has_its_own_cost() -> None:
    query = "query A { sessions(first: 2) { nodes { id } } } query B { sessions(first: 3) { nodes { id } } }"

    assert (cost(query, None, "A"), cost(query, None, "B")) == (2, 3)


@pytest.mark.parametrize("value", ["9", [9], {"n": 9}, True, 1.5, 10**400, float("inf")])
def test_the_cost_ignores_invalid_page_sizes_which_execution_refuses(value: Any) -> None:
    assert cost("query ($n: Int) { sessions(first: $n) { nodes { id } } }", {"n": value}) <= 500


PAGES = [
    "{ sessions(first: 50) { nodes { id title createdAt updatedAt messageCount totalTokens model } } }",
    "{ sessions(first: 50) { nodes { id title messages(first: 10) { nodes { position role rawContent } } } } }",
    "query ($id: ID!) { session(id: $id) { id messages(first: 500) { nodes { role content { position } } } } }",
    "query ($q: String!) { search(query: $q, first: 20) { nodes { session { id } message { position } snippet } } }",
]


def test_usual_queries_cost_less_than_half_the_limit() -> None:
    documented = [
        query
        for document in DOCUMENTS
        for query in (*curl_queries(document), *graphql_blocks(document), *inline_queries(document))
    ]
    for query in [*PAGES, *documented]:
        assert cost(query) < SCHEMA.limits.cost / 2
    assert documented


async def test_the_cost_is_in_the_extensions_when_requested(sqlite_databases: SqliteDatabases) -> None:
    body = {"query": "query ($n: Int) { sessions(first: $n) { nodes { id } } }", "variables": {"n": 6000}}
    asking = {"extensions": {"cost": True}}
    with sqlite_databases.copy() as url:
        async with serving(url, seed=False, max_cost=499) as server:
            post = server.client.http.post

            assert (await post("/graphql", json=body | asking)).json()["extensions"] == {"cost": 500}
            body["variables"] = {"n": 6}
            assert (await post("/graphql", json=body | asking)).json() == {
                "data": {"sessions": {"nodes": []}},
                "extensions": {"cost": 6},
            }
            others: list[dict[str, Any]] = [
                {},
                {"extensions": None},
                {"extensions": {}},
                {"extensions": {"cost": False}},
            ]
            for not_asking in others:
                assert "extensions" not in (await post("/graphql", json=body | not_asking)).json()
            parameters = {
                name: value if isinstance(value, str) else json.dumps(value) for name, value in (body | asking).items()
            }
            assert (await server.client.http.get("/graphql", params=parameters)).json()["extensions"] == {"cost": 6}


@dataclass(frozen=True)
class Requested:
    """A field of an operation; `selections` are those on its nodes when it is a connection."""

    name: str
    kind: str
    needed: str
    default_size: int | None
    first: int | None
    selections: tuple["Requested", ...]

    @property
    def size(self) -> int:
        """How many objects it may return."""
        return self.first or self.default_size or 1


# The fields of each type: name, type, a required argument, default page size.
FIELDS: dict[str, list[tuple[str, str, str, int | None]]] = {
    "Query": [
        ("session", "Session", 'id: "s"', None),
        ("sessions", "Session", "", 50),
        ("search", "SearchHit", 'query: "q"', 20),
        ("thread", "Thread", 'id: "t"', None),
        ("resumeTasks", "ResumeTask", "", 50),
    ],
    "Session": [
        ("parent", "Session", "", None),
        ("thread", "Thread", "", None),
        ("resumeTask", "ResumeTask", "", None),
        ("messages", "Message", "", 50),
    ],
    "SearchHit": [
        ("session", "Session", "", None),
        ("message", "Message", "", None),
        ("highlights", "TextSpan", "", None),
    ],
    "Message": [("session", "Session", "", None), ("content", "ContentBlock", "", None)],
    "Thread": [("session", "Session", "", None), ("turns", "Turn", "", 50), ("events", "ThreadEvent", "", 50)],
    "ResumeTask": [("thread", "Thread", "", None), ("session", "Session", "", None)],
    "Turn": [("items", "ThreadItem", "", 50)],
    "ThreadEvent": [("item", "ThreadItem", "", None)],
    "ThreadItem": [],
    "ContentBlock": [],
    "TextSpan": [],
}
WITHOUT_CONNECTION = {"events"}
MAX_COUNTED = 20_000


@st.composite
def selections(draw: DrawFn, kind: str = "Query", depth: int = 4) -> tuple[Requested, ...]:
    """Selections on a type."""
    fields = FIELDS[kind] if depth else []
    wanted = draw(st.lists(st.sampled_from(fields), max_size=3, unique=True)) if fields else []
    return tuple(
        Requested(
            name,
            below,
            needed,
            default_size,
            draw(st.sampled_from([None, 1, 2, 3])) if default_size else None,
            draw(selections(below, depth - 1)),
        )
        for name, below, needed, default_size in wanted
    )


def answered(asked: tuple[Requested, ...], count: int = 0) -> int:
    """`count` and the objects of the fullest answer, counted one by one, up to MAX_COUNTED."""
    for one in asked:
        for _ in range(one.size):
            count = answered(one.selections, count + 1)
            if count > MAX_COUNTED:
                return count
    return count


class Writer:
    """Writes a selection as a document, with fragments, variables and conditions at random."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data
        self._fragments: list[str] = []
        self._declared: list[str] = []
        self._is_repeated = False
        self.variables: dict[str, int] = {}

    def document(self, asked: tuple[Requested, ...]) -> str:
        """An operation with its fragments; sets `variables`."""
        body = self._selection_set("Query", asked)
        declared = f"({', '.join(self._declared)})" if self._declared else ""
        return f"query {declared} {body} {' '.join(self._fragments)}"

    def _selection_set(self, kind: str, asked: tuple[Requested, ...]) -> str:
        fields = [self._field(one) for one in asked]
        match self._choose("plain", "inline", "named", "repeated", "left out"):
            case "inline":
                fields = [f"... on {kind} @include(if: true) {{ __typename {' '.join(fields)} }}"]
            case "named":
                name = f"F{len(self._fragments)}"
                self._fragments.append(f"fragment {name} on {kind} {{ __typename {' '.join(fields)} }}")
                fields = [f"...{name}", f"...{name} @skip(if: false)"]
            case "repeated" if not self._is_repeated:
                # Only once, as each repetition doubles the document. The answer has the fields once.
                self._is_repeated = True
                fields += fields
            case "left out" if kind == "Session":
                fields.append("parent @skip(if: true) { parent { parent { id } } }")
        return f"{{ __typename {' '.join(fields)} }}"

    def _field(self, one: Requested) -> str:
        arguments = [one.needed] if one.needed else []
        if one.first:
            arguments.append(f"first: {self._size(one.first)}")
        given = f"({', '.join(arguments)})" if arguments else ""
        inner = self._selection_set(one.kind, one.selections)
        if one.default_size and one.name not in WITHOUT_CONNECTION:
            inner = f"{{ {self._choose(f'nodes {inner}', f'edges {{ node {inner} }}')} }}"
        return f"{one.name}{given} {inner}"

    def _choose(self, *choices: str) -> str:
        return self._data.draw(st.sampled_from(choices))

    def _size(self, size: int) -> str:
        how = self._choose("literal", "variable", "default")
        if how == "literal":
            return str(size)
        name = f"v{len(self._declared)}"
        if how == "variable":
            self.variables[name] = size
        self._declared.append(f"${name}: Int! = {size if how == 'default' else 400}")
        return f"${name}"


@given(data=st.data())
def test_the_cost_equals_the_objects_of_the_fullest_answer(data: st.DataObject) -> None:
    asked = data.draw(selections())
    expected = answered(asked)
    writer = Writer(data)
    document = SCHEMA.documents.parse(writer.document(asked))

    # Drawn documents are within all other limits.
    assert SCHEMA.documents.validate(document) == []
    cost = document.cost(None)(writer.variables)
    assert cost > MAX_COUNTED if expected > MAX_COUNTED else cost == expected
