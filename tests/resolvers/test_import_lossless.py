"""An exported document equals the imported one as a JSON value."""

import itertools
import json
import re
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from tests.support.documents import Document, assistant, tool_use, user, zagens
from tests.support.examples import examples
from tests.support.server import Served
from tests.support.sessions import exported, import_session, imported, session, strictly
from tests.support.strategies import Conversation, as_codewhale, as_zagens, conversations, json_documents

EXAMPLES = 25
READ = "messages { nodes { rawContent content { ... on ToolUseBlock { input } } } }"
_IMPORT = "mutation ($d: JSON!) { importSession(input: {document: $d}) { outcome userErrors { code message path } } }"


async def sent(server: Served, document: str | bytes) -> tuple[int, dict[str, Any]]:
    """Status and body of an import whose JSON text Python's encoder cannot write."""
    text = document if isinstance(document, bytes) else document.encode()
    response = await server.client.http.post(
        "/graphql",
        content=b'{"query": %s, "variables": {"d": %s}}' % (json.dumps(_IMPORT).encode(), text),
        headers={"content-type": "application/json"},
    )
    return response.status_code, response.json()


def storable(value: Any) -> Any:
    """The value with U+0000 and lone surrogates replaced, as an import does."""
    match value:
        case str():
            return re.sub("[\x00\ud800-\udfff]", "\ufffd", value)
        case list():
            return [storable(item) for item in value]
        case dict():
            return {storable(key): storable(item) for key, item in value.items()}
    return value


@examples(EXAMPLES)
@given(document=json_documents())
async def test_a_document_comes_back_as_the_same_value_and_is_unchanged_when_sent_again(
    server: Served, document: Document
) -> None:
    # Examples share the database: another document under the same id could be the newer one.
    document = {**document, "metadata": {**document["metadata"], "id": uuid4().hex}}

    [found] = await imported(server.client, document)

    assert strictly(await exported(server, found["id"])) == strictly(document)
    assert (await import_session(server.client, document))["outcome"] == "UNCHANGED"


@examples(EXAMPLES)
@given(conversation=conversations(hostile=True), write=st.sampled_from([as_zagens, as_codewhale]))
async def test_hostile_text_comes_back_with_two_replacements_and_reads_without_error(
    server: Served, conversation: Conversation, write: Any
) -> None:
    document = write(conversation, uuid4().hex)

    [found] = await imported(server.client, document)

    assert strictly(await exported(server, found["id"])) == strictly(storable(document))
    assert (await import_session(server.client, document))["outcome"] == "UNCHANGED"
    read = await session(
        server.client, found["id"], "messages(first: 500) { nodes { text rawContent content { __typename } } }"
    )
    assert read is not None
    assert [one["rawContent"] for one in read["messages"]["nodes"]] == [
        storable(one["content"]) for one in document["messages"]
    ]


async def test_numbers_keep_their_type_and_every_digit(server: Served) -> None:
    numbers = [1, 1.0, True, 0, -0.0, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**400, 0.1, 1e308, 5e-324, 1e22]
    document = zagens("s", messages=[assistant(tool_use("t", input=numbers))], extra=numbers)
    await imported(server.client, document)

    assert strictly(await exported(server, "s")) == strictly(document)
    read = await session(server.client, "s", READ)
    assert read is not None
    [message] = read["messages"]["nodes"]
    assert strictly(message["rawContent"]) == strictly(document["messages"][0]["content"])
    assert strictly(message["content"][0]["input"]) == strictly(numbers)


async def test_a_number_that_json_cannot_represent_is_refused(server: Served) -> None:
    for text in ("NaN", "-Infinity", "1e400"):
        document = json.dumps(zagens("s", extra="HERE")).replace('"HERE"', text)

        status, body = await sent(server, document)

        assert status == 400
        [error] = body["errors"]
        assert error["extensions"]["code"] == "BAD_REQUEST"
    assert await session(server.client, "s") is None


async def test_deep_nesting_is_refused_or_stored_readably(server: Served) -> None:
    for depth, leaf in itertools.product((100, 240, 249, 250, 260, 300, 480), (0, 2**70)):
        nested: Any = leaf
        for _ in range(depth):
            nested = [nested]
        id = f"{depth}-{leaf}"
        document = zagens(id, messages=[assistant(tool_use("t", input=[leaf, nested]))])

        payload = await import_session(server.client, document)

        if depth <= 240:
            assert payload["outcome"] == "CREATED"
        if payload["outcome"] is None:
            [error] = payload["userErrors"]
            assert (error["code"], error["message"]) == ("INVALID_VALUE", "The document is nested too deeply.")
            continue
        assert strictly(await exported(server, id)) == strictly(document)
        read = await session(server.client, id, READ)
        assert read is not None
        [message] = read["messages"]["nodes"]
        assert message["content"][0]["input"] == message["rawContent"][0]["input"] == [leaf, nested]


async def test_nesting_beyond_the_limit_of_requests_is_refused(server: Served) -> None:
    for depth in (500, 900):
        document = json.dumps(zagens("s", extra="HERE")).replace('"HERE"', "[" * depth + "]" * depth)

        status, body = await sent(server, document)

        assert (status, body["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
    assert await session(server.client, "s") is None


async def test_a_body_that_cannot_be_read_is_a_bad_request(server: Served) -> None:
    for body in (b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b"1" * 5000, b'"\xff"', b"", b"{,}", b"\x00"):
        status, _ = await sent(server, body)

        assert status == 400, body[:10]
    for body in (b"", b"\xff", b'"text"', b"7", b"null", b"\xef\xbb\xbf{"):
        response = await server.client.http.post("/graphql", content=body, headers={"content-type": "application/json"})

        assert response.status_code == 400, body


async def test_the_last_value_of_a_duplicate_key_wins(server: Served) -> None:
    document = zagens("s", "The last")

    status, _ = await sent(server, json.dumps(document).replace('"title"', '"title": "The first", "title"'))

    assert status == 200
    assert strictly(await exported(server, "s")) == strictly(document)


async def test_a_document_given_as_a_literal_in_the_query_is_imported(server: Served) -> None:
    data = await server.client.data(
        """mutation ($title: String) {
          importSession(input: {document: {
            metadata: {id: "s", title: $title, created_at: "2026-06-11T07:52:10Z", updated_at: "2026-06-11T07:52:10Z"}
            messages: [{role: "user", content: [{type: "text", text: "Why?", weights: [1, 1.0, 1e3, true, null]}]}]
          }}) { outcome }
        }""",
        title="From a literal",
    )

    assert data["importSession"] == {"outcome": "CREATED"}
    document = await exported(server, "s")
    assert document["metadata"]["title"] == "From a literal"
    block = {"type": "text", "text": "Why?", "weights": [1, 1.0, 1000.0, True, None]}
    assert strictly(document["messages"]) == strictly([user(block)])
