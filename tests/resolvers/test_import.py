"""importSession accepts every valid document, and refuses others with a coded error and a path."""

import json
from typing import Any

from storage.documents.formats.agent_json import derived_title
from tests.conftest import Serve
from tests.support import documents
from tests.support.documents import FILES, assistant, codewhale, user, zagens
from tests.support.sessions import exported, import_session, imported, rows, session, strictly

REPLACED = "\ufffd"


def sample(path: str) -> Any:
    return json.loads((FILES / path).read_text(encoding="utf-8"))


async def test_an_invalid_document_is_refused_and_stores_nothing(serve: Serve) -> None:
    server = await serve(seed=False)
    for name, code, path, named in [
        ("not-an-object", "INVALID_VALUE", ["document"], "list"),
        ("no-metadata", "INVALID_VALUE", ["document", "metadata"], "metadata"),
        ("bad-id", "INVALID_ID", ["document", "metadata", "id"], "metadata.id"),
        ("future-version", "INVALID_VALUE", ["document", "schema_version"], "schema_version 99"),
        ("bad-timestamps", "INVALID_VALUE", ["document", "metadata", "created_at"], "metadata.created_at"),
    ]:
        payload = await import_session(server.client, sample(f"edge/{name}.json"))

        assert (payload["session"], payload["outcome"]) == (None, None), name
        [error] = payload["userErrors"]
        assert (error["code"], error["path"]) == (code, path)
        assert named in error["message"]
    assert await rows(server) == []


async def test_unusual_documents_are_accepted(serve: Serve) -> None:
    server = await serve(seed=False)
    names = ["no-version", "count-mismatch", "thread-link-traversal", "unknown-fields", "empty-session"]
    found = {name: (await imported(server.client, sample(f"edge/{name}.json")))[0] for name in names}

    assert found["count-mismatch"]["messageCount"] == 2
    assert found["empty-session"]["messageCount"] == 0
    assert {one["source"] for one in found.values()} == {"ZAGENS"}
    for name in names:
        assert strictly(await exported(server, found[name]["id"])) == strictly(sample(f"edge/{name}.json"))
    assert await session(server.client, found["thread-link-traversal"]["id"], "thread { id }") == {"thread": None}


async def test_a_padded_id_is_trimmed_everywhere(serve: Serve) -> None:
    server = await serve(seed=False)
    document = sample("edge/padded-id.json")

    [found] = await imported(server.client, document)

    assert found["id"] == "padded_1"
    document["metadata"]["id"] = "padded_1"
    assert strictly(await exported(server, "padded_1")) == strictly(document)


async def test_nul_and_lone_surrogates_are_replaced_on_both_databases(serve: Serve) -> None:
    server = await serve(seed=False)

    [found] = await imported(server.client, sample("edge/nul-and-surrogates.json"))

    assert found["title"] == f"NUL {REPLACED} and {REPLACED}"
    read = await session(server.client, found["id"], "messages { nodes { text } }")
    assert read == {"messages": {"nodes": [{"text": f"a{REPLACED}b {REPLACED} c"}]}}


async def test_content_that_is_a_string_is_one_text_block(serve: Serve) -> None:
    server = await serve(seed=False)
    [found] = await imported(server.client, sample("edge/content-is-a-string.json"))

    read = await session(
        server.client,
        found["id"],
        "messages { nodes { text rawContent content { __typename position ... on TextBlock { text } } } }",
    )

    block = {"__typename": "TextBlock", "position": 0, "text": "plain string"}
    message = {"text": "plain string", "rawContent": "plain string", "content": [block]}
    assert read == {"messages": {"nodes": [message]}}


async def test_a_blank_title_becomes_the_first_line_of_the_first_prompt(serve: Serve) -> None:
    server = await serve(seed=False)
    found = await imported(
        server.client,
        sample("edge/blank-title.json"),
        zagens("nothing-said", " \n", messages=[assistant("Hello."), user("  ")]),
        zagens("long", "", messages=[user("\n " + "x" * 51 + "\nmore")]),
    )

    assert [one["title"] for one in found] == ["What is in the box?", "New Session", "x" * 47 + "..."]
    assert derived_title([user("x" * 50)]) == "x" * 50


async def test_every_sample_document_is_imported_with_its_metadata(serve: Serve) -> None:
    server = await serve(seed=False)
    for path in sorted(FILES.glob("zagens/*.json")) + sorted(FILES.glob("codewhale/*.json")):
        document = sample(str(path.relative_to(FILES)))
        metadata = document["metadata"]

        payload = await import_session(server.client, document, source=path.parent.name.upper())

        assert payload["outcome"] == "CREATED", path.name
        found = payload["session"]
        assert found["source"] == path.parent.name.upper()
        assert found["title"] == metadata["title"]
        assert (found["model"], found["workspace"]) == (metadata["model"], metadata["workspace"])
        assert found["messageCount"] == len(document["messages"])
        assert found["totalTokens"] == metadata["total_tokens"]
        assert strictly(await exported(server, found["id"])) == strictly(document)


async def test_the_source_is_detected_unless_it_is_given(serve: Serve) -> None:
    client = (await serve(seed=False)).client

    detected = await imported(
        client, zagens("z"), codewhale("c"), zagens("linked", runtime_thread_id="thr_1", spawn_depth=0)
    )
    given = await import_session(client, zagens("g"), source="CODEWHALE")

    assert [one["source"] for one in detected] == ["ZAGENS", "CODEWHALE", "ZAGENS"]
    assert given["session"]["source"] == "CODEWHALE"


async def test_a_document_that_is_no_transcript_of_the_given_source_is_refused(serve: Serve) -> None:
    server = await serve(seed=False)

    [error] = (await import_session(server.client, zagens("s"), source="CODEX"))["userErrors"]

    assert (error["code"], error["path"]) == ("INVALID_VALUE", ["document"])
    assert "Codex" in error["message"]


async def test_an_id_is_trimmed_and_an_invalid_one_is_refused(serve: Serve) -> None:
    server = await serve(seed=False)

    for id in ("", "   ", "a" * 201, "a b", "a/b", "a:b", "ä", "..", "a\nb", "a\x00", "١"):
        [error] = (await import_session(server.client, zagens(id)))["userErrors"]
        assert (error["code"], error["path"]) == ("INVALID_ID", ["document", "metadata", "id"]), id
    assert await rows(server) == []

    for id in ("a" * 200, "A-z_0", "\u00a0s\u2003"):
        assert [one["id"] for one in await imported(server.client, zagens(id))] == [id.strip()]


async def test_metadata_is_read_and_normalized(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    document = zagens(
        "s",
        "  Padded  ",
        created_at="2026-06-11T09:52:10.118204999+02:00",
        updated_at="2026-06-11 08:03:44z",
        total_tokens=2**53 - 1,
        mode=" plan ",
        system_prompt="Be brief.",
        archived=True,
    )

    [found] = await imported(client, document)

    assert found == {
        "id": "s",
        "source": "CODEWHALE",
        "title": "Padded",
        "workspace": documents.zagens("s")["metadata"]["workspace"],
        "model": "deepseek-v4-pro",
        "mode": "plan",
        "systemPrompt": "Be brief.",
        "isArchived": True,
        "messageCount": 0,
        "totalTokens": 2**53 - 1,
        "createdAt": "2026-06-11T07:52:10.118204Z",
        "updatedAt": "2026-06-11T08:03:44.000000Z",
    }
