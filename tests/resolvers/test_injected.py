"""What an agent program puts into a person's message is shown and found, but it is not the person's words."""

import json
from time import thread_time
from typing import Any

import pytest

from storage.records.injected import split_injected
from tests.conftest import Serve
from tests.support.documents import FILES, assistant, codewhale, message, text, user
from tests.support.resumes import follow, resumed, turns
from tests.support.searches import search
from tests.support.sessions import exported, imported, session, strictly

META = "<turn_meta>\nCurrent local date: 2026-08-01\nWorking set: src/cart.py\n</turn_meta>"


def sample(name: str) -> Any:
    return json.loads((FILES / "injected" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "own", "has_injected"),
    [
        ("Fix it", "Fix it", False),
        (META, "", True),
        (f"{META}\n\nFix it", "Fix it", True),
        (f"Fix it\n{META}", "Fix it", True),
        (f"Fix {META} it", "Fix\nit", True),
        (f"{META}Fix it{META}", "Fix it", True),
        (f" Fix {META} {META} it ", " Fix\nit ", True),
        (f"{META} <turn_meta> is left", "<turn_meta> is left", True),
        ("What does <turn_meta> mean?", "What does <turn_meta> mean?", False),
    ],
)
def test_a_persons_words_are_those_around_injected_text(text: str, own: str, has_injected: bool) -> None:
    assert split_injected(text) == (own, has_injected)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<turn_meta>" * 100_000, id="openings"),
        pytest.param(" " * 1_000_000 + META, id="spaces before"),
        pytest.param(META + " " * 1_000_000 + "it", id="spaces behind"),
        pytest.param("<turn_meta>" + "<" * 1_000_000, id="no closing"),
    ],
)
def test_long_texts_are_split_in_linear_time(text: str) -> None:
    began = thread_time()
    split_injected(text)
    assert thread_time() - began < 0.1


async def test_titles_come_from_the_persons_words(serve: Serve) -> None:
    server = await serve(seed=False)
    document = sample("before-the-prompt")

    found = await imported(
        server.client,
        document,
        codewhale("inside", "", messages=[user(f"{META}\nFix the cart")]),
        codewhale("alone", "", messages=[user(META), user("And now?")]),
    )

    assert [one["title"] for one in found] == ["Fix the flaky test", "Fix the cart", "And now?"]
    assert strictly(await exported(server, document["metadata"]["id"])) == strictly(document)


async def test_a_message_of_nothing_else_is_injected(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    messages = [
        user(META),
        user(META, text(META)),
        user("Fix it", text(META)),
        user(f"{META}\nFix it"),
        assistant(META),
        message("user"),
        message("system", text("[compaction summary] in short")),
        message("system", text("Be brief.")),
    ]
    await imported(client, codewhale("s", messages=messages))

    found = await session(client, "s", "messages { nodes { isInjected text } }")

    assert found is not None
    nodes = found["messages"]["nodes"]
    assert [node["isInjected"] for node in nodes] == [True, True, False, False, False, False, True, False]
    assert nodes[0]["text"] == META


async def test_a_search_finds_injected_text_below_all_else(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    long = "README " + "and so on " * 500
    about = sample("about-the-file")
    await imported(client, about, codewhale("long", "t", messages=[assistant(long), user("README", text(META))]))

    found = await search(client, "README")

    assert [(hit["session"]["id"], hit["message"]["position"]) for hit in found["nodes"]] == [
        ("long", 1),
        ("long", 0),
        (about["metadata"]["id"], 0),
    ]
    assert (await search(client, "README", scopes=["TITLE"]))["nodes"] == []


MARKED = {"type": "text", "text": "# AGENTS.md\nRun the linter.", "is_injected": True}


async def test_a_block_that_is_marked_as_injected_is_no_word_of_the_person_in_any_role(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    messages = [message(role, MARKED) for role in ("user", "assistant", "system")]
    long = "linter " + "and so on " * 500
    [found] = await imported(
        client, codewhale("s", "", messages=[*messages, user("Fix the cart", MARKED), assistant(long)])
    )

    assert found["title"] == "Fix the cart"
    stored = await session(client, "s", "messages { nodes { isInjected content { ... on TextBlock { text } } } }")
    assert stored is not None
    nodes = stored["messages"]["nodes"]
    assert [node["isInjected"] for node in nodes] == [True, True, True, False, False]
    assert nodes[0]["content"] == [{"text": MARKED["text"]}]
    hits = (await search(client, "linter"))["nodes"]
    positions = [hit["message"]["position"] for hit in hits]
    assert positions[0] == 4
    assert sorted(positions) == [0, 1, 2, 3, 4]


async def test_marked_blocks_and_compactions_become_items_of_their_own(serve: Serve) -> None:
    client = (await serve(seed=True)).client
    compaction = {"type": "compaction", "summary": "We fixed the cart.\nTests pass."}
    messages = [
        user("Fix the cart", MARKED),
        message("assistant", MARKED),
        message("user", compaction),
        assistant("Done"),
    ]
    await imported(client, codewhale("s", messages=messages))

    stored = await session(client, "s", "messages { nodes { content { __typename } isInjected } }")
    task = await resumed(client, "s")
    await follow(client, task["threadId"])

    assert stored is not None
    assert stored["messages"]["nodes"][2] == {"content": [{"__typename": "CompactionBlock"}], "isInjected": True}
    items = [item for turn in await turns(client, task["threadId"]) for item in turn["items"]["nodes"]]
    assert [(item["__typename"], item["summary"], item.get("blockKind")) for item in items] == [
        ("UserMessageItem", "Fix the cart", None),
        ("OtherItem", "", "injected"),
        ("OtherItem", "", "injected"),
        ("OtherItem", "We fixed the cart.", "compaction"),
        ("AgentMessageItem", "Done", None),
    ]
    assert [hit["message"]["position"] for hit in (await search(client, "fixed"))["nodes"]] == [2]
