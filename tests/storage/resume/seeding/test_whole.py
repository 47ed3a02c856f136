"""Every block of a session is in its thread, and the placement of tool results does not change the thread."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from hypothesis import given

from storage.database.database import Database
from storage.resume.seeding.seeder import Seeder
from tests.support.documents import (
    Block,
    Document,
    Message,
    assistant,
    message,
    text,
    tool_result,
    tool_use,
    user,
    zagens,
)
from tests.support.examples import examples
from tests.support.seeding import ThreadRows, resume, save, seed, seeded, task_of, thread_rows
from tests.support.strategies import Conversation, as_codewhale, as_zagens, conversations, json_documents

EXAMPLES = examples(20)
TYPE, STATUS, TOOL_ID, DETAIL, TEXT = 2, 3, 7, 8, 9

Shown = tuple[str, str]


def identified(document: Document) -> Document:
    return {**document, "metadata": {**document["metadata"], "id": uuid4().hex}}


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def blocks_of(saved: Message) -> list[Block]:
    content = saved["content"]
    return [text(content)] if isinstance(content, str) else content


def is_call(block: Block) -> bool:
    return block["type"] in {"tool_use", "server_tool_use"}


def expected(document: Document) -> Iterator[Shown]:
    """Type and content of the items that a document's blocks make, computed without the code under test.

    A result is an answer if a call of its id before it is still open.
    """
    calls: Counter[str] = Counter()
    for saved in document["messages"]:
        role, blocks = saved["role"], blocks_of(saved)
        said = [block["text"] for block in blocks if block["type"] == "text" and block["text"]]
        if role == "user" and said:
            yield "UserMessageItem", "\n".join(said)
        for block in blocks:
            match block["type"]:
                case "text" if role == "user" or not block["text"]:
                    pass
                case "text" if role == "assistant":
                    yield "AgentMessageItem", block["text"]
                case "text" if isinstance(saved["content"], str):
                    yield "OtherItem", canonical(block["text"])
                case "thinking" if not block["thinking"]:
                    pass
                case "thinking":
                    yield "ReasoningItem", block["thinking"]
                case "tool_use" | "server_tool_use":
                    calls[block["id"]] += 1
                    yield "ToolCallItem", canonical([block["id"], block["name"], block["input"]])
                case "tool_result" if calls[block["tool_use_id"]] > 0:
                    calls[block["tool_use_id"]] -= 1
                    yield "answer", canonical([block["tool_use_id"], block["content"]])
                case _:
                    yield "OtherItem", canonical(block)


def shown(rows: ThreadRows) -> Iterator[Shown]:
    """Type and content of a thread's items, answers apart from their calls."""
    for _, _, type, status, _, _, name, tool_use_id, detail, said in rows.items:
        if type == "ToolCallItem":
            yield type, canonical([tool_use_id, name, json.loads(detail or "null")])
            if status != "INTERRUPTED":
                yield "answer", canonical([tool_use_id, said])
        elif type == "OtherItem":
            yield type, canonical(json.loads(detail))
        else:
            yield type, said


def calls_of(rows: ThreadRows) -> list[tuple[Any, ...]]:
    """Tool id, status and answer of the thread's tool calls."""
    return [(item[TOOL_ID], item[STATUS], item[TEXT]) for item in rows.items if item[TYPE] == "ToolCallItem"]


@EXAMPLES
@given(conversation=conversations(hostile=True))
async def test_zagens_and_codewhale_placements_of_one_conversation_seed_equal_threads(
    database: Database, conversation: Conversation
) -> None:
    assert await seeded(database, identified(as_zagens(conversation))) == await seeded(
        database, identified(as_codewhale(conversation))
    )


@EXAMPLES
@given(document=json_documents())
async def test_every_block_is_represented_by_an_item_or_is_empty_text(database: Database, document: Document) -> None:
    document = identified(document)
    thread_id = await resume(database, await save(database, document))
    task = await seed(database, thread_id)
    rows = await thread_rows(database, thread_id)
    assert task.state == "READY", task.error
    assert Counter(shown(rows)) == Counter(expected(document))
    assert task.items_total == len(rows.items)


@EXAMPLES
@given(document=json_documents())
async def test_the_log_numbers_every_item_in_order_without_a_gap(database: Database, document: Document) -> None:
    rows = await seeded(database, identified(document))
    assert [event[0] for event in rows.events] == list(range(1, len(rows.items) + 3))
    names = ["item.failed" if item[STATUS] == "FAILED" else "item.completed" for item in rows.items]
    assert [event[1] for event in rows.events] == ["thread.started", *names, "thread.updated"]
    assert [event[2:4] for event in rows.events[1:-1]] == [item[:2] for item in rows.items]


async def test_a_result_answers_the_nearest_open_call_of_its_id(database: Database) -> None:
    messages = [
        assistant(tool_use("t"), tool_result("t", "first"), tool_use("t")),
        user(tool_result("t", "second", is_error=True), tool_result("t", "third")),
    ]
    rows = await seeded(database, zagens("twice", messages=messages))
    assert calls_of(rows) == [("t", "COMPLETED", "first"), ("t", "FAILED", "second")]
    assert [item[TYPE] for item in rows.items] == ["ToolCallItem", "ToolCallItem", "OtherItem"]


async def test_two_results_of_one_call_leave_the_second_as_an_item_of_its_own(database: Database) -> None:
    messages = [assistant(tool_use("t")), user(tool_result("t", "first"), tool_result("t", "second"))]
    rows = await seeded(database, zagens("two-results", messages=messages))
    assert calls_of(rows) == [("t", "COMPLETED", "first")]
    assert [json.loads(item[DETAIL]) for item in rows.items[1:]] == [tool_result("t", "second")]


async def test_an_id_used_again_after_an_interruption_leaves_the_first_call_unanswered(database: Database) -> None:
    messages = [
        assistant(tool_use("t")),
        user("Stop."),
        assistant(tool_use("t")),
        user(tool_result("t", "second")),
        assistant(tool_use("t")),
        user(tool_result("t", "third", is_error=True)),
    ]
    for size in (1, 2, 6):
        thread_id = await resume(database, await save(database, zagens(f"again{size}", messages=messages)))
        await seed(database, thread_id, Seeder(database, batch_messages=size))
        assert calls_of(await thread_rows(database, thread_id)) == [
            ("t", "INTERRUPTED", None),
            ("t", "COMPLETED", "second"),
            ("t", "FAILED", "third"),
        ]


async def test_parallel_calls_of_one_message_with_one_id_are_answered_in_their_order(database: Database) -> None:
    messages = [
        assistant(tool_use("t", "first"), tool_use("t", "second")),
        user(tool_result("t", "1"), tool_result("t", "2"), tool_result("t", "3")),
    ]
    rows = await seeded(database, zagens("parallel", messages=messages))
    assert calls_of(rows) == [("t", "COMPLETED", "1"), ("t", "COMPLETED", "2")]
    assert [item[TYPE] for item in rows.items] == ["ToolCallItem", "ToolCallItem", "OtherItem"]


async def test_a_result_before_its_call_is_an_item_of_its_own(database: Database) -> None:
    messages = [user("Go", tool_result("t", "early")), assistant(tool_use("t"))]
    for size in (1, 2):
        thread_id = await resume(database, await save(database, zagens(f"early{size}", messages=messages)))
        await seed(database, thread_id, Seeder(database, batch_messages=size))
        rows = await thread_rows(database, thread_id)
        assert calls_of(rows) == [("t", "INTERRUPTED", None)]
        assert json.loads(rows.items[1][DETAIL]) == tool_result("t", "early")


async def test_a_result_many_batches_away_answers_its_call(database: Database) -> None:
    between = [message for number in range(20) for message in (user(f"Still there? {number}"), assistant("Yes."))]
    messages = [assistant(tool_use("t")), *between, message("tool", tool_result("t", "late"))]
    thread_id = await resume(database, await save(database, zagens("far", messages=messages)))
    task = await seed(database, thread_id, Seeder(database, batch_messages=2))
    assert task.state == "READY"
    assert calls_of(await thread_rows(database, thread_id)) == [("t", "COMPLETED", "late")]


async def test_a_result_without_a_call_is_kept_unchanged(database: Database) -> None:
    rows = await seeded(database, zagens("orphan", messages=[user("Hi", tool_result("nobody", "42"))]))
    assert [item[TYPE] for item in rows.items] == ["UserMessageItem", "OtherItem"]
    assert json.loads(rows.items[1][DETAIL]) == tool_result("nobody", "42")


async def test_a_call_without_a_result_is_interrupted(database: Database) -> None:
    rows = await seeded(database, zagens("unanswered", messages=[assistant(tool_use("t"))]))
    assert calls_of(rows) == [("t", "INTERRUPTED", None)]


async def test_an_empty_session_is_ready_with_nothing_in_it(database: Database) -> None:
    thread_id = await resume(database, await save(database, zagens("empty")))
    await seed(database, thread_id)
    task = await task_of(database, thread_id)
    assert (task.state, task.items_total, task.progress) == ("READY", 0, 1.0)
    assert [event[1] for event in (await thread_rows(database, thread_id)).events] == [
        "thread.started",
        "thread.updated",
    ]
