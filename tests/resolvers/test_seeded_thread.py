"""A seeded thread as clients read it: turns, items, and a log with an event for each item."""

import json
from typing import Any

import pytest

from tests.support.documents import (
    FILES,
    Block,
    assistant,
    message,
    text,
    thinking,
    tool_result,
    tool_use,
    user,
    zagens,
)
from tests.support.resumes import anonymous, events, follow, resumed, save, turns
from tests.support.server import Served
from tests.support.strategies import Answer, Called, Said, Thought, Turn, as_codewhale, as_zagens

PICTURE: Block = {"type": "image_url", "image_url": {"url": "https://pictures.test/1.png"}}
LONG = "é" * 300
CONVERSATION = (
    Turn(("Why?", "Be brief."), ((Thought("Look first."), Called("bash", {"cmd": "ls"}, Answer("a\nb", None))),)),
    Turn(
        ("And then?",),
        (
            (Called("edit", {"path": "a"}, Answer("no such file", True)), Called("read_file", None, None)),
            (Said(LONG),),
        ),
    ),
)


async def seeded(server: Served, document: dict[str, Any]) -> str:
    """Imports and resumes a document; its thread's id once that is READY."""
    task = await resumed(server.client, await save(server.client, document))
    assert (await follow(server.client, task["threadId"]))[-1]["state"] == "READY"
    thread_id: str = task["threadId"]
    return thread_id


def document_of(path: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FILES / path).read_text(encoding="utf-8"))
    return document


def outline(thread: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    return [(turn["summary"], [item["__typename"] for item in turn["items"]["nodes"]]) for turn in thread]


async def test_a_conversation_reads_as_turns_of_items(server: Served) -> None:
    first, second = await turns(server.client, await seeded(server, as_zagens(CONVERSATION)))
    assert (first["position"], first["status"], first["summary"]) == (0, "COMPLETED", "Why?")
    said, thought, called = first["items"]["nodes"]
    assert (said["__typename"], said["text"], said["summary"]) == ("UserMessageItem", "Why?\nBe brief.", "Why?")
    assert (thought["__typename"], thought["text"]) == ("ReasoningItem", "Look first.")
    assert (called["kind"], called["name"], called["input"]) == ("COMMAND_EXECUTION", "bash", {"cmd": "ls"})
    assert (called["output"], called["status"]) == ("a\nb", "COMPLETED")
    _, failed, unanswered, answer = second["items"]["nodes"]
    assert (failed["kind"], failed["status"], failed["output"]) == ("FILE_CHANGE", "FAILED", "no such file")
    assert (unanswered["kind"], unanswered["status"], unanswered["output"]) == ("TOOL_CALL", "INTERRUPTED", None)
    assert unanswered["input"] is None
    assert (answer["text"], answer["summary"]) == (LONG, LONG[:280])
    for turn in (first, second):
        assert [item["position"] for item in turn["items"]["nodes"]] == list(range(len(turn["items"]["nodes"])))


async def test_both_document_formats_give_the_same_thread(server: Served) -> None:
    forms = [
        await seeded(server, as_zagens(CONVERSATION, "zagens")),
        await seeded(server, as_codewhale(CONVERSATION, "codewhale")),
    ]
    first, second = [anonymous(await turns(server.client, thread_id), thread_id) for thread_id in forms]
    assert first == second


@pytest.mark.slow
@pytest.mark.parametrize("page", [1, 4, 500])
async def test_the_log_replayed_page_by_page_gives_the_items_in_order(server: Served, page: int) -> None:
    thread_id = await seeded(server, as_codewhale(CONVERSATION))
    log = await events(server.client, thread_id, page)
    thread = await turns(server.client, thread_id)
    assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
    items = [(turn["id"], item) for turn in thread for item in turn["items"]["nodes"]]
    assert [(event["turnId"], event["item"]) for event in log[1:-1]] == items
    assert [event["itemId"] for event in log[1:-1]] == [item["id"] for _, item in items]
    assert [event["payload"]["item"]["id"] for event in log[1:-1]] == [item["id"] for _, item in items]
    assert [event["event"] for event in log[1:-1]] == [
        "item.failed" if item["status"] == "FAILED" else "item.completed" for _, item in items
    ]
    assert log[0]["event"] == "thread.started"
    assert (log[-1]["event"], log[-1]["payload"]) == ("thread.updated", {"reason": "session_resume"})
    assert [event["timestamp"] for event in log] == sorted(event["timestamp"] for event in log)


async def test_items_before_the_first_prompt_are_a_turn_without_a_summary(server: Served) -> None:
    thread = await turns(server.client, await seeded(server, document_of("codewhale/leading-assistant.json")))
    assert outline(thread)[0] == ("", ["OtherItem", "AgentMessageItem"])
    assert thread[1]["summary"] == "At the parser."
    (interrupted,) = [item for item in thread[1]["items"]["nodes"] if item["__typename"] == "OtherItem"]
    assert (interrupted["blockKind"], interrupted["status"]) == ("assistant_interrupted", "INTERRUPTED")
    assert interrupted["raw"] == text("I was about to")


async def test_blocks_of_every_kind_become_items(server: Served) -> None:
    (turn,) = await turns(server.client, await seeded(server, document_of("codewhale/blocks-of-every-kind.json")))
    said, picture, call, second, hologram, orphan = turn["items"]["nodes"]
    assert (said["text"], picture["blockKind"]) == ("Look at this", "image_url")
    assert (call["name"], call["output"]) == ("web_search", '{"hits":[1,2]}')
    assert second["blockKind"] == "code_execution_tool_result"
    assert (hologram["blockKind"], hologram["raw"]["nested"]) == ("hologram", {"a": [None, True]})
    assert orphan["raw"]["tool_use_id"] == "never_called"


async def test_an_image_starts_a_turn_and_tool_results_do_not(server: Served) -> None:
    messages = [
        user("One"),
        assistant(tool_use("t"), thinking("Hm.")),
        user(tool_result("t")),
        user(PICTURE),
        assistant("Nice."),
        user(""),
        message("system", "Note"),
        user(tool_result("nobody"), "Three"),
    ]
    thread = await turns(server.client, await seeded(server, zagens("s1", messages=messages)))
    assert outline(thread) == [
        ("One", ["UserMessageItem", "ToolCallItem", "ReasoningItem"]),
        ("", ["OtherItem", "AgentMessageItem", "OtherItem"]),
        ("Three", ["OtherItem", "UserMessageItem"]),
    ]


async def test_an_id_that_an_agent_uses_in_every_turn_pairs_each_call_with_its_own_result(server: Served) -> None:
    thread = await turns(server.client, await seeded(server, document_of("zagens/tool-id-reused.json")))
    calls = [item for turn in thread for item in turn["items"]["nodes"] if item["__typename"] == "ToolCallItem"]
    assert [(call["input"]["command"], call["status"], call["output"]) for call in calls] == [
        ("make a", "INTERRUPTED", None),
        ("make b", "COMPLETED", "B-OUTPUT"),
        ("make c", "FAILED", "C-OUTPUT"),
    ]


async def test_an_empty_session_has_no_turns_and_a_log_of_two(server: Served) -> None:
    thread_id = await seeded(server, document_of("edge/empty-session.json"))
    assert await turns(server.client, thread_id) == []
    assert [event["event"] for event in await events(server.client, thread_id, 50)] == [
        "thread.started",
        "thread.updated",
    ]


async def test_characters_replaced_on_import_are_replaced_in_the_thread(server: Served) -> None:
    thread_id = await seeded(server, zagens("s1", messages=[user("a\u0000b"), assistant("c\ud800d")]))
    (turn,) = await turns(server.client, thread_id)
    assert [item["text"] for item in turn["items"]["nodes"]] == ["a\ufffdb", "c\ufffdd"]
