"""Calls of tools and their outputs, in all the forms that they have had."""

import json
from typing import Any

import pytest

from storage.records.searched_text import content_texts
from storage.records.stored_blocks import read_blocks
from tests.support.rollouts import completed, contents, derive, event, header, item, rollout, said

Block = dict[str, Any]
PICTURE = "data:image/png;base64,AAAA"
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
HEAD = "Chunk ID: a0\nWall time: 0.0000 seconds\nProcess exited with code {}\nOriginal token count: 4\nOutput:\n"


def blocks(*lines: object) -> list[list[Block]]:
    """The blocks of what follows a prompt, message by message."""
    return [message for _, message in contents(derive(rollout(header(), said("user", "Go."), *lines)))[1:]]


def call(call_id: str = "c1", **values: object) -> dict[str, object]:
    return item("function_call", **{"name": "exec_command", "call_id": call_id, "arguments": '{"cmd": "ls"}', **values})


def output(value: object, call_id: str = "c1") -> dict[str, object]:
    return item("function_call_output", call_id=call_id, output=value)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"arguments": '{"cmd": "ls"}'}, {"name": "exec_command", "input": {"cmd": "ls"}}),
        ({"arguments": '{"cmd": "ls'}, {"name": "exec_command", "input": '{"cmd": "ls'}),
        ({"arguments": ""}, {"name": "exec_command", "input": ""}),
        ({"arguments": "null"}, {"name": "exec_command", "input": None}),
        ({"arguments": {"cmd": "ls"}}, {"name": "exec_command", "input": {"cmd": "ls"}}),
        (
            {"name": "price", "namespace": "mcp__till", "arguments": "{}"},
            {"name": "mcp__till__price", "input": {}, "namespace": "mcp__till"},
        ),
        (
            {"name": "spawn_agent", "namespace": "multi_agent_v1", "arguments": "{}"},
            {"name": "multi_agent_v1__spawn_agent", "input": {}, "namespace": "multi_agent_v1"},
        ),
    ],
)
def test_function_calls(payload: Block, expected: Block) -> None:
    assert blocks(call(**payload)) == [[{"type": "tool_use", "id": "c1", **expected}]]


def test_other_calls() -> None:
    patch = "*** Begin Patch\n*** End Patch\n"
    shell = {"type": "exec", "command": ["ls"]}
    search = {"type": "search", "query": "oil"}
    [reply] = blocks(
        item("custom_tool_call", name="apply_patch", call_id="c1", input=patch),
        item("local_shell_call", call_id="c2", action=shell, status="completed"),
        item("tool_search_call", call_id="c3", arguments={"query": "till"}, execution="client"),
        item("web_search_call", id="ws_1", action=search, status="completed"),
        item("image_generation_call", id="ig_1", status="completed", revised_prompt="a van", result="AAAA"),
    )
    assert reply == [
        {"type": "tool_use", "id": "c1", "name": "apply_patch", "input": patch},
        {"type": "tool_use", "id": "c2", "name": "local_shell", "input": shell},
        {"type": "tool_use", "id": "c3", "name": "tool_search", "input": {"query": "till"}},
        {"type": "server_tool_use", "id": "ws_1", "name": "web_search", "input": search},
        {"type": "web_search_tool_result", "tool_use_id": "ws_1", "content": []},
        {"type": "tool_use", "id": "ig_1", "name": "image_generation", "input": {"revised_prompt": "a van"}},
        {"type": "tool_result", "tool_use_id": "ig_1", "content": [IMAGE]},
    ]
    assert not any(block.typename == "OtherBlock" for block in read_blocks(reply))


def test_a_web_search_without_an_id_has_one_of_its_own() -> None:
    search = item("web_search_call", action={"type": "search", "query": "oil"}, status="in_progress")
    session = derive(rollout(header(), said("user", "Go."), search, event("token_count", info=None), search))
    _, one, two = session.messages
    assert one.build()[0]["id"] != two.build()[0]["id"]
    # Equal digests are those of equal contents.
    assert one.digest != two.digest


@pytest.mark.parametrize(
    ("value", "content", "is_error"),
    [
        (HEAD.format(0) + "oil 4\n", HEAD.format(0) + "oil 4\n", False),
        (HEAD.format(2) + "no\n", HEAD.format(2) + "no\n", True),
        (HEAD.format(0) + "Exit code: 1\n", HEAD.format(0) + "Exit code: 1\n", False),
        ("Exit code: 0\nWall time: 0 seconds\nOutput:\nok", "Exit code: 0\nWall time: 0 seconds\nOutput:\nok", False),
        ("Exit code: 1\nWall time: 0 seconds\nOutput:\nno", "Exit code: 1\nWall time: 0 seconds\nOutput:\nno", True),
        ("aborted", "aborted", True),
        ("Wall time: 1.0 seconds\naborted by user", "Wall time: 1.0 seconds\naborted by user", True),
        (
            'exec_command failed: Rejected("rejected by user")',
            'exec_command failed: Rejected("rejected by user")',
            True,
        ),
        ("plain", "plain", False),
        (json.dumps({"output": "oil", "metadata": {"exit_code": 0, "duration_seconds": 0.1}}), "oil", False),
        (json.dumps({"output": "no", "metadata": {"exit_code": 2}}), "no", True),
        ('{"price": 4}', '{"price": 4}', False),
        ({"content": "no", "success": False}, "no", True),
        ({"content": "ok", "success": True}, "ok", False),
        (None, "", False),
        (5, "5", False),
        ([{"type": "input_text", "text": "4"}], [{"type": "text", "text": "4"}], False),
        (
            [{"type": "input_text", "text": "seen"}, {"type": "input_image", "image_url": PICTURE}],
            [{"type": "text", "text": "seen"}, IMAGE],
            False,
        ),
        (
            [{"type": "input_image", "image_url": "https://shop.example/dot.png"}],
            [{"type": "image", "source": {"type": "url", "url": "https://shop.example/dot.png"}}],
            False,
        ),
        ([1, 2], "[1,2]", False),
    ],
)
def test_outputs(value: object, content: object, is_error: bool) -> None:
    [_, [result]] = blocks(call(), output(value))
    mark = {"is_error": True} if is_error else {}
    assert result == {"type": "tool_result", "tool_use_id": "c1", "content": content, **mark}


def test_outputs_of_other_kinds() -> None:
    tools = [{"name": "price", "description": "The price of a ware."}]
    [_, results] = blocks(
        item("tool_search_call", call_id="c1", arguments={}),
        item("tool_search_output", call_id="c1", tools=tools),
        item("custom_tool_call_output", call_id="c2", output="Success."),
    )
    assert [result["tool_use_id"] for result in results] == ["c1", "c2"]
    assert json.loads(results[0]["content"]) == tools


def test_a_reply_is_one_message_and_its_outputs_are_one() -> None:
    session = derive(
        rollout(
            header(),
            said("user", "Go."),
            item("reasoning", summary=[{"type": "summary_text", "text": "Two at once."}]),
            said("assistant", "I look."),
            call("c1"),
            call("c2"),
            output("a", "c1"),
            event("token_count", info=None),
            output("b", "c2"),
            item("reasoning", summary=[{"type": "summary_text", "text": "Enough."}]),
            said("assistant", "Done."),
        )
    )
    kinds = [(message.role, [block["type"] for block in message.build()]) for message in session.messages]
    assert kinds == [
        ("USER", ["text"]),
        ("ASSISTANT", ["thinking", "text", "tool_use", "tool_use"]),
        ("TOOL", ["tool_result", "tool_result"]),
        ("ASSISTANT", ["thinking", "text"]),
    ]


def test_calls_without_an_output_stay() -> None:
    session = derive(rollout(header(), said("user", "Go."), call(), said("user", "Never mind.")))
    assert [role for role, _ in contents(session)] == ["USER", "ASSISTANT", "USER"]


def test_the_event_of_a_command_has_more_than_its_output() -> None:
    cut = "line 1\n[... 90 lines truncated ...]\n"
    whole = "".join(f"line {number}\n" for number in range(100))
    done = completed("CommandExecution", id="c1", status="completed", exit_code=0, aggregated_output=whole)
    for lines in ([done, output(HEAD.format(0) + cut)], [output(HEAD.format(0) + cut), done]):
        [_, [result]] = blocks(call(), *lines)
        assert result["content"] == HEAD.format(0) + whole


@pytest.mark.parametrize("kept", ["Wall time: 1 second\nProcess running with session ID 5\nOutput:\nline", "line"])
def test_the_event_of_a_command_does_not_replace_an_output_that_was_not_cut(kept: str) -> None:
    done = completed("CommandExecution", id="c1", status="completed", aggregated_output="line 1\nline 2\n")
    [_, [result]] = blocks(call(), output(kept), done)
    assert result["content"] == kept


@pytest.mark.parametrize(
    "failed",
    [
        completed("FileChange", id="c1", status="failed"),
        completed("McpToolCall", id="c1", status="failed"),
        completed("CommandExecution", id="c1", status="declined"),
        event("patch_apply_end", call_id="c1", success=False),
    ],
)
def test_events_tell_that_a_call_failed(failed: object) -> None:
    [_, [result]] = blocks(call(), failed, output("no such file"))
    assert result["is_error"] is True
    [_, [other]] = blocks(call("c2"), failed, output("ok", "c2"))[-2:]
    assert "is_error" not in other


def test_an_id_that_was_used_again_has_an_event_for_each_output() -> None:
    [_, [one], _, [two]] = blocks(
        call(),
        completed("CommandExecution", id="c1", status="failed"),
        output("first"),
        # The very same call: models repeat ids.
        call(),
        completed("CommandExecution", id="c1", status="completed"),
        output("second"),
    )
    assert ("is_error" in one, "is_error" in two) == (True, False)


def test_the_event_of_a_call_that_has_no_item_is_shown() -> None:
    session = derive(
        rollout(header(), said("user", "Go."), completed("CommandExecution", id="c9", aggregated_output="oil 4"))
    )
    [block] = session.messages[1].build()
    assert (block["type"], block["aggregated_output"]) == ("CommandExecution", "oil 4")
    assert session.messages[1].is_injected


@pytest.mark.parametrize("length", [10, 50_000])
def test_the_event_of_a_persons_command_is_shown_if_it_has_more_than_the_model_got(length: int) -> None:
    printed = "2" * length
    told = said("user", f"<user_shell_command>\n<result>\n{printed[:40_000]}\n</result>\n</user_shell_command>")
    ran = completed("CommandExecution", id="e1", source="user_shell", status="completed", aggregated_output=printed)

    session = derive(rollout(header(), said("user", "Go."), ran, told))

    notes = [message.build() for message in session.messages if message.role == "SYSTEM"]
    assert [printed in str(blocks) for blocks in notes] == [True] * (length > 40_000)


def test_snapshots_of_the_working_tree_are_metadata() -> None:
    session = derive(rollout(header(), said("user", "Go."), item("ghost_snapshot", ghost_commit={"id": "abc"})))
    assert len(session.messages) == 1
    assert session.metadata["ghost_commits"] == [{"id": "abc"}]


def test_reasoning_that_only_the_provider_can_read_is_not_searched() -> None:
    secret = "QUJD" * 20
    [reply] = blocks(item("reasoning", summary=[], encrypted_content=secret), said("assistant", "Done."))
    assert reply[0] == {"type": "thinking", "thinking": ""}
    assert not any(secret in text for text in content_texts(reply))


@pytest.mark.parametrize(("head", "is_error"), [("Script failed", True), ("Script completed", False)])
def test_a_script_of_the_newest_models_may_fail(head: str, is_error: bool) -> None:
    # Scripts call the other tools, so that the parts behind the head may say anything.
    parts = [
        {"type": "input_text", "text": text}
        for text in (f"{head}\nWall time 0.1 seconds\nOutput:\n", "Script failed\n")
    ]
    script = item("custom_tool_call", name="exec", call_id="c1", input='text("Script failed")')
    _, [result] = blocks(script, item("custom_tool_call_output", call_id="c1", output=parts))
    assert result.get("is_error", False) is is_error
    assert [part["text"] for part in result["content"]] == [part["text"] for part in parts]
