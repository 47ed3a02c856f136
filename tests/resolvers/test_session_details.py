"""What a session tells beside its messages: kind, prompt, tokens, cost, metadata, document; and ids cut short."""

import json
from typing import Any

import pytest

from tests.conftest import Serve
from tests.support.documents import assistant, codewhale, user, zagens
from tests.support.server import Served
from tests.support.sessions import exported, imported, run_sql, session, strictly, update_session

DETAILS = "kind firstPrompt agentVersion gitBranch recordedCost metadata document usage { ...U }"
USAGE = "inputTokens cacheReadTokens cacheWriteTokens outputTokens reasoningTokens totalTokens"
TEXT = """
mutation ($input: ImportSessionInput!) {
  importSession(input: $input) { outcome session { id title } userErrors { code message path } }
}
"""


async def details(server: Served, id: str, fields: str) -> Any:
    return await session(server.client, id, fields)


async def test_details_of_a_document(server: Served) -> None:
    document = codewhale("s1", messages=[user("What is it?"), assistant("That.")], system_prompt="Be kind.")
    await imported(server.client, document)
    found = await details(server, "s1", DETAILS.replace("...U", USAGE))
    assert (found["kind"], found["firstPrompt"], found["recordedCost"]) == ("MAIN", "What is it?", 0.0123)
    assert (found["agentVersion"], found["gitBranch"]) == (None, None)
    assert found["usage"] == {**dict.fromkeys(USAGE.split(), 0), "totalTokens": 18422}
    assert strictly(found["metadata"]) == strictly({key: document[key] for key in document if key != "messages"})
    assert strictly(json.loads(found["document"])) == strictly(document)


async def test_metadata_stay_as_they_are_in_the_file_and_the_document_has_what_changed_here(server: Served) -> None:
    await imported(server.client, zagens("s1", "The first", messages=[user("a")], big=2**70))
    await update_session(server.client, "s1", title="Renamed", isArchived=True)
    found = await details(server, "s1", "metadata document")
    assert (found["metadata"]["metadata"]["title"], found["metadata"]["metadata"]["big"]) == ("The first", 2**70)
    assert json.loads(found["document"]) == await exported(server, "s1")
    assert json.loads(found["document"])["metadata"]["title"] == "Renamed"


async def test_details_of_derived_sessions_and_their_messages(server: Served) -> None:
    await imported(server.client, zagens("s1", messages=[user("a"), assistant("b")]))
    await run_sql(
        server,
        "UPDATE session SET agent_version = '2.1', git_branch = 'main', input_tokens = 1, cache_read_tokens = 2, "
        "cache_write_tokens = 3, output_tokens = 4, reasoning_tokens = 5, total_tokens = 15, parser_version = 1, "
        """header = '{"metadata": {"messages": 3}}'""",
    )
    await run_sql(
        server,
        "UPDATE message SET model = 'm1', usage = '[1, 2, 3, 4, 5]', is_injected = true, "
        "created_at = (SELECT created_at FROM session) WHERE position = 1",
    )
    fields = f"agentVersion gitBranch metadata usage {{ {USAGE} }}"
    query = f"messages {{ nodes {{ model isInjected createdAt usage {{ {USAGE} }} }} }}"
    counts = dict(zip(USAGE.split(), (1, 2, 3, 4, 5, 15), strict=True))
    assert await details(server, "s1", fields) == {
        "agentVersion": "2.1",
        "gitBranch": "main",
        "metadata": {"messages": 3},
        "usage": counts,
    }
    [first, second] = (await details(server, "s1", query))["messages"]["nodes"]
    assert first == {"model": None, "isInjected": False, "createdAt": None, "usage": None}
    assert second == {"model": "m1", "isInjected": True, "createdAt": "2026-06-11T07:52:10.118000Z", "usage": counts}


@pytest.mark.parametrize("field", ["metadata", "document"])
async def test_metadata_and_documents_count_in_the_size_of_the_answer(serve: Serve, field: str) -> None:
    server = await serve(seed=False, max_answer_bytes=100_000)
    documents = [zagens(f"s{n}", messages=[user("x" * 30_000)], system_prompt="y" * 20_000) for n in range(6)]
    await imported(server.client, *documents)
    few = await server.client.data(f"{{ sessions(first: 1) {{ nodes {{ {field} }} }} }}")
    assert "y" * 20_000 in str(few)
    for _ in range(3):
        answer = await server.client.execute(f"{{ sessions {{ nodes {{ {field} }} }} }}")
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"QUERY_TOO_COMPLEX"}


async def test_a_session_is_found_by_eight_or_more_characters_that_only_its_id_begins_with(server: Served) -> None:
    ids = ["0b1c2d3e-aaaa", "0b1c2d3e-aaab", "0b1c2d3f-aaaa", "0b1c2d3f-aaaa-1", "short"]
    await imported(server.client, *(zagens(id) for id in ids))

    async def found(id: str) -> Any:
        given = await server.client.execute("query ($id: ID!) { session(id: $id) { id } }", {"id": id})
        if "errors" in given:
            return given["errors"][0]["extensions"]["code"], given["errors"][0]["message"]
        return given["data"]["session"] and given["data"]["session"]["id"]

    for _ in range(2):
        assert [await found(id) for id in ids] == ids
        assert await found(" 0b1c2d3f-aaaa- ") == "0b1c2d3f-aaaa-1"
        assert await found("0b1c2d3e-aaaa0") is None
        assert await found("0b1c2d3") is None
        assert await found("shor") is None
        code, message = await found("0b1c2d3e")
        assert (code, "several sessions" in message) == ("BAD_USER_INPUT", True)


async def test_a_transcript_is_imported_from_its_text(server: Served) -> None:
    document = zagens("s1", messages=[user("a")], big=2**70)
    given = await server.client.data(TEXT, input={"text": json.dumps(document, indent=2)})
    assert given["importSession"]["outcome"] == "CREATED"
    assert strictly(await exported(server, "s1")) == strictly(document)
    again = await server.client.data(TEXT, input={"document": document | {"messages": document["messages"] * 2}})
    assert again["importSession"]["outcome"] == "UPDATED"


async def test_the_text_of_a_transcript_is_imported_and_given_back(server: Served) -> None:
    at = {"sessionId": "0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d", "cwd": "/home/dev/shop", "version": "2.1.332"}
    said = {"type": "user", "uuid": "u1", "timestamp": "2026-06-11T07:52:10.118Z", "isSidechain": False, **at}
    line = json.dumps({**said, "parentUuid": None, "message": {"role": "user", "content": "What is it? 🦆"}})
    payloads = [(await server.client.data(TEXT, input={"text": f"{line}\n"}))["importSession"] for _ in range(2)]
    assert [payload["userErrors"] for payload in payloads] == [[], []]
    assert [payload["outcome"] for payload in payloads] == ["CREATED", "UNCHANGED"]
    found = await details(server, at["sessionId"], "source firstPrompt agentVersion document metadata")
    assert (found["source"], found["firstPrompt"], found["agentVersion"]) == (
        "CLAUDE_CODE",
        "What is it? 🦆",
        "2.1.332",
    )
    assert found["document"] == f"{line}\n"
    assert isinstance(found["metadata"], dict)
    empty = await server.client.data(TEXT, input={"text": "[]", "source": "CODEX"})
    [refused] = empty["importSession"]["userErrors"]
    assert (refused["code"], refused["path"]) == ("INVALID_VALUE", ["text"])


@pytest.mark.parametrize(
    ("given", "path", "message"),
    [
        ({}, None, "exactly one"),
        ({"document": None, "text": None}, None, "exactly one"),
        ({"document": {}, "text": "{}"}, None, "exactly one"),
        ({"text": "{"}, ["text"], "Not JSON"),
        ({"text": ""}, ["text"], "Not JSON"),
        ({"text": "[]"}, ["text"], "JSON object"),
        ({"text": '{"metadata": {"id": "../x"}, "messages": []}'}, ["text"], "An id has"),
        ({"text": "{}", "source": "CODEX"}, ["text"], "No session of Codex"),
        ({"document": [{}], "source": "CODEX"}, ["document"], "No session of Codex"),
        ({"document": [{}]}, ["document"], "JSON object"),
    ],
)
async def test_an_import_without_one_readable_document_is_a_user_error(
    server: Served, given: dict[str, Any], path: list[str] | None, message: str
) -> None:
    payload = (await server.client.data(TEXT, input=given))["importSession"]
    [error] = payload["userErrors"]
    assert (payload["session"], payload["outcome"], error["path"]) == (None, None, path)
    assert message in error["message"]


async def test_every_agent_is_listed_with_what_can_be_done(server: Served) -> None:
    query = """{
      agents { source name canImport canHandOff triedVersion }
      __type(name: "SessionSource") { enumValues { name } }
    }"""
    data = await server.client.data(query)
    assert {agent["source"] for agent in data["agents"]} == {kind["name"] for kind in data["__type"]["enumValues"]}
    zagens_agent = next(agent for agent in data["agents"] if agent["source"] == "ZAGENS")
    assert zagens_agent == {
        "source": "ZAGENS",
        "name": "zagens",
        "canImport": True,
        "canHandOff": False,
        "triedVersion": None,
    }
    handed_to = {agent["source"] for agent in data["agents"] if agent["canHandOff"]}
    assert handed_to == {"CLAUDE_CODE", "CODEX", "GEMINI", "OPENCODE", "QWEN_CODE", "PI"}
