"""A document that exceeds a limit is refused with a code and a message that names the limit; others are not."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from graphql import get_introspection_query

from schema.build import create_schema
from schema.limits import Limits
from tests.support.client import Client, SubscriptionError
from tests.support.databases import SqliteDatabases
from tests.support.server import serving

Limited = Callable[..., Awaitable[Client]]


@pytest.fixture
async def limited(sqlite_databases: SqliteDatabases) -> AsyncIterator[Limited]:
    """A client of a server with such settings, on an empty database."""
    async with AsyncExitStack() as resources:

        async def start(**settings: Any) -> Client:
            url = resources.enter_context(sqlite_databases.copy())
            return (await resources.enter_async_context(serving(url, seed=False, **settings))).client

        yield start


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer["errors"]]


async def refusal(client: Client, query: str, **variables: Any) -> str:
    """The message of the one error by which an operation is refused as too complex."""
    answer = await client.execute(query, variables)
    assert answer.get("data") is None
    assert codes(answer) == ["QUERY_TOO_COMPLEX"]
    message: str = answer["errors"][0]["message"]
    return message


FRAGMENTS = "fragment A on Session { parent { ...B } } fragment B on Session { parent { id } }"
SPREAD = f'{{ session(id: "s") {{ ...A }} }} {FRAGMENTS}'
INTROSPECTION_WITH_SOME = '{ __schema { types { fields { type { ofType { name } } } } } session(id: "s") { id } }'


@pytest.mark.parametrize(
    ("setting", "limit", "allowed", "refused", "message"),
    [
        (
            "max_tokens",
            6,
            "{ a: __typename b: __typename }"[:15] + "}",
            "{ a: __typename b: __typename }",
            "The document has more tokens than the 6 that are allowed.",
        ),
        (
            "max_tokens",
            6,
            "# one\n# two\n{ __typename }",
            "#\n" * 7 + "{ __typename }",
            "The document has more comments than the 6 that are allowed.",
        ),
        (
            "max_tokens",
            6,
            "{ __typename" + " " * 586 + "} ",
            "{ __typename" + " " * 588 + "}",
            "The document has 601 characters; 600 are allowed: 100 for each of 6 tokens.",
        ),
        (
            "max_depth",
            3,
            '{ session(id: "s") { parent { id } } }',
            '{ session(id: "s") { parent { parent { id } } } }',
            "The operation has 4 levels of fields; 3 are allowed.",
        ),
        (
            "max_depth",
            4,
            SPREAD,
            SPREAD.replace("{ id }", "{ thread { id } }"),
            "The operation has 5 levels of fields; 4 are allowed.",
        ),
        (
            "max_depth",
            2,
            INTROSPECTION_WITH_SOME,
            INTROSPECTION_WITH_SOME.replace("{ id }", "{ parent { id } }"),
            "The operation has 3 levels of fields; 2 are allowed.",
        ),
        (
            "max_aliases",
            1,
            "{ a: __typename }",
            "{ ...on Query { a: __typename } ...F } fragment F on Query { b: __typename }",
            "The document has 2 aliases; 1 are allowed.",
        ),
        (
            "max_directives",
            2,
            "{ __typename @skip(if: false) @include(if: true) }",
            "query { ...on Query @skip(if: false) { __typename } ...F @skip(if: false) } "
            "fragment F on Query { __typename @include(if: true) }",
            "The document has 3 directives; 2 are allowed.",
        ),
        (
            "max_cost",
            20,
            "{ sessions(first: 20) { nodes { id } } }",
            "{ sessions(first: 21) { nodes { id } } }",
            "The operation could cost 21; 20 are allowed.",
        ),
    ],
)
async def test_a_document_at_a_limit_is_answered_and_one_beyond_is_refused(
    limited: Limited, setting: str, limit: int, allowed: str, refused: str, message: str
) -> None:
    client = await limited(**{setting: limit})

    for _ in range(2):
        assert "errors" not in await client.execute(allowed)
        assert await refusal(client, refused) == message


async def test_an_operation_whose_cost_cannot_be_computed_is_refused(
    limited: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.limits.cost.MAX_SELECTIONS", 5)
    client = await limited()

    assert await refusal(client, SPREAD) == "The operation has too many nested fragments to compute its cost."
    assert await client.data("{ __typename }") == {"__typename": "Query"}


async def test_a_websocket_has_the_same_limits(limited: Limited) -> None:
    client = await limited(max_cost=20)

    with pytest.raises(SubscriptionError) as refused:
        await anext(client.subscribe("query ($n: Int) { sessions(first: $n) { nodes { id } } }", {"n": 21}))

    assert refused.value.errors[0]["message"] == "The operation could cost 21; 20 are allowed."
    assert codes({"errors": refused.value.errors}) == ["QUERY_TOO_COMPLEX"]


async def test_introspection_is_within_the_limits(limited: Limited) -> None:
    client = await limited()

    for options in ({}, {"schema_description": True, "input_value_deprecation": True, "specified_by_url": True}):
        query = get_introspection_query(**options)
        assert (await client.data(query))["__schema"]["queryType"]["name"] == "Query"


async def test_a_hardened_server_answers_no_introspection_and_suggests_no_names(limited: Limited) -> None:
    client = await limited(hardened=True)
    scopes = 'query ($scopes: [SearchScope!]!) { search(query: "a", scopes: $scopes) { totalCount } }'

    for query, variables, code in (
        (get_introspection_query(), {}, "GRAPHQL_VALIDATION_FAILED"),
        ('{ __type(name: "Query") { name } }', {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ sesions { totalCount } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ sessions { total } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ sessions(frst: 1) { totalCount } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ sessions }", {}, "GRAPHQL_VALIDATION_FAILED"),
        (scopes, {"scopes": ["TITEL"]}, "BAD_USER_INPUT"),
    ):
        answer = await client.execute(query, variables)
        assert set(codes(answer)) == {code}
        assert "Did you mean" not in str(answer)
    assert await client.data("{ __typename }") == {"__typename": "Query"}


async def test_the_number_of_reported_errors_is_limited(limited: Limited) -> None:
    wrong = "{" + " ".join(f"wrong{number}" for number in range(40)) + "}"
    scopes = 'query ($scopes: [SearchScope!]!) { search(query: "a", scopes: $scopes) { totalCount } }'

    for most in (1, 3):
        client = await limited(max_errors=most)
        assert codes(await client.execute(wrong)) == ["GRAPHQL_VALIDATION_FAILED"] * most
        assert codes(await client.execute(scopes, {"scopes": ["WRONG"] * 40})) == ["BAD_USER_INPUT"] * most


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ ...Z }", "Unknown fragment 'Z'."),
        ('{ session(id: "s") { ...Z } }', "Unknown fragment 'Z'."),
        (
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
            "Cannot spread fragment 'A' within itself via 'B'.",
        ),
        ("{ ...A } fragment A on Query { ...A }", "Cannot spread fragment 'A' within itself."),
    ],
)
async def test_invalid_fragments_are_validation_errors(limited: Limited, query: str, message: str) -> None:
    answer = await (await limited()).execute(query)

    assert codes(answer) == ["GRAPHQL_VALIDATION_FAILED"]
    assert answer["errors"][0]["message"] == message


_NESTED = "".join(
    f"fragment F{n} on Session {{ parent {{ ...F{n + 1} }} thread {{ session {{ ...F{n + 1} }} }} }}" for n in range(60)
)
_TANGLED = "".join(f"fragment F{n} on Session {{ id ...F{n + 1} }}" for n in range(180))
HOSTILE = {
    "one field again and again": "{" + "__typename " * 1990 + "}",
    "fields to be merged again and again": "{" + "sessions{nodes{id}}" * 280 + "}",
    "with arguments": "{sessions{nodes{" + "messages(first:10){totalCount}" * 160 + "}}}",
    "deeply": "{" + "sessions{nodes{parent{parent{parent{parent{id}}}}}}" * 90 + "}",
    "inline fragments": "{" + "...{__typename}" * 390 + "}",
    "nested fragments": "{sessions{nodes{...F0}}}" + _NESTED + "fragment F60 on Session { id }",
    "a chain of fragments": "{sessions{nodes{...F0}}}" + _TANGLED + "fragment F180 on Session { id }",
    "aliases": "{" + "".join(f"a{number}:__typename " for number in range(600)) + "}",
    "levels": '{session(id:"s"){' + "parent{" * 150 + "id" + "}" * 152,
    "levels beyond the parser's": '{session(id:"s"){' + "parent{" * 300 + "id" + "}" * 302,
    "comments": "#\n" * 90_000 + "{__typename}",
    "blanks": " " * 1_000_000 + "{__typename}",
    "tokens": "{" + "a " * 90_000 + "}",
}


@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_document_is_refused_in_few_steps(query: str) -> None:
    documents = create_schema().documents
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        errors = documents.validate(documents.parse(query))
    except Exception as error:
        errors = [error]  # type: ignore[list-item] # GraphQLError, or the test fails below.
    finally:
        sys.setprofile(None)
    # Several times what it takes: enough to tell work that grows with a power of the document's length.
    assert calls < 5_000_000

    assert [error.message.split()[0] for error in errors] in (["The"], ["Syntax"])


def test_valid_documents_are_cached_up_to_a_number_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schema.limits.documents.CACHE_BYTES", 40_000)
    documents = create_schema(Limits(tokens=100_000)).documents

    def is_cached(text: str) -> bool:
        """Whether the document is cached after it was requested."""
        documents.validate(documents.parse(text))
        return documents.get(text) is not None

    texts = ["{ a: __typename }", "{ b: __typename }", "{ c: __typename }"]
    assert all(is_cached(text) for text in texts)
    assert not is_cached("{ wrong }")
    assert is_cached(texts[0])
    assert is_cached("{ d: __typename }")
    assert [documents.get(text) is not None for text in texts] == [True, False, True]

    # One that is larger than the cache evicts nothing.
    assert not is_cached("{ sessions(filter: {models: [" + '"m" ' * 200 + "]}) { totalCount } }")
    assert [documents.get(text) is not None for text in texts] == [True, False, True]
