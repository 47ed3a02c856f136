"""Conversion of single messages to items: summaries, kinds of tools, statuses, prompts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records.content_block import ToolResultBlock
from storage.records.stored_blocks import read_blocks
from storage.records.transcript_items import Item, items_of, own_item_count, prompt_of, summarize, tool_call_kind
from tests.support.documents import Block, text, thinking, tool_result, tool_use

PICTURE: Block = {"type": "image_url", "image_url": {"url": "https://pictures.test/1.png"}}


def items(role: str, *blocks: Block, answer: ToolResultBlock | None = None) -> list[Item]:
    """The items of a message; `answer`, if given, is the result of the call in its first block."""
    return list(items_of(role, read_blocks(list(blocks)), {} if answer is None else {0: answer}, frozenset()))


def answered(is_error: bool | None) -> ToolResultBlock:
    (result,) = read_blocks([tool_result("t", "said", is_error)])
    assert isinstance(result, ToolResultBlock)
    return result


@given(st.text(max_size=600))
def test_a_summary_is_at_most_280_code_points_of_one_line(said: str) -> None:
    summary = summarize(said)
    assert len(summary) <= 280
    assert "\n" not in summary
    assert summary in said


def test_a_first_line_of_280_code_points_is_the_summary() -> None:
    assert summarize("👍" * 280 + "\nmore") == "👍" * 280


def test_a_longer_first_line_is_cut_at_280_code_points() -> None:
    assert summarize("漢" * 281) == "漢" * 280


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("exec_shell", "COMMAND_EXECUTION"),
        ("exec_shell_background", "COMMAND_EXECUTION"),
        ("bash", "COMMAND_EXECUTION"),
        ("apply_patch", "FILE_CHANGE"),
        ("write_file", "FILE_CHANGE"),
        ("edit", "FILE_CHANGE"),
        ("multi_edit", "FILE_CHANGE"),
        ("read_file", "TOOL_CALL"),
        ("bash_history", "TOOL_CALL"),
        ("ünïcode 工具", "TOOL_CALL"),
    ],
)
def test_the_kind_of_a_tool_call_follows_from_its_name(name: str, kind: str) -> None:
    assert tool_call_kind(name) == kind
    assert items("assistant", tool_use("t", name))[0].kind == kind


@pytest.mark.parametrize(("is_error", "status"), [(None, "COMPLETED"), (False, "COMPLETED"), (True, "FAILED")])
def test_a_call_with_a_result_is_completed_unless_the_tool_failed(is_error: bool | None, status: str) -> None:
    (item,) = items("assistant", tool_use("t", input={"path": "a.py"}), answer=answered(is_error))
    assert (item.type, item.status, item.text, item.detail) == ("ToolCallItem", status, "said", '{"path":"a.py"}')


def test_a_call_without_a_result_is_interrupted() -> None:
    (item,) = items("assistant", tool_use("t"))
    assert (item.status, item.text) == ("INTERRUPTED", None)


def test_a_server_s_own_tool_call_is_a_tool_call() -> None:
    (item,) = items("assistant", {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}})
    assert (item.type, item.name, item.tool_use_id) == ("ToolCallItem", "web_search", "s")


def test_the_texts_of_a_user_message_are_one_item() -> None:
    assert [item.text for item in items("user", text("One"), text(""), text("Two"))] == ["One\nTwo"]


def test_each_text_of_an_assistant_message_is_an_item() -> None:
    assert [item.text for item in items("assistant", text("One"), text("Two"))] == ["One", "Two"]


@pytest.mark.parametrize("role", ["user", "assistant", "system", "assistant_interrupted", "narrator"])
def test_empty_texts_make_no_items(role: str) -> None:
    assert items(role, text(""), thinking("")) == []


@pytest.mark.parametrize("role", ["system", "assistant_interrupted", "narrator"])
def test_texts_of_other_roles_become_other_items_of_that_kind(role: str) -> None:
    (item,) = items(role, text("Note"))
    assert (item.type, item.kind, item.summary) == ("OtherItem", role, "Note")


def test_images_and_unknown_blocks_become_other_items_with_the_stored_block() -> None:
    assert [item.kind for item in items("assistant", PICTURE, {"type": "hologram", "depth": 3})] == [
        "image_url",
        "hologram",
    ]


@pytest.mark.parametrize(
    ("role", "blocks", "prompt"),
    [
        ("user", [text("Why?")], "Why?"),
        ("user", [text("Why?"), text("And how?")], "Why?\nAnd how?"),
        ("user", [PICTURE], ""),
        ("user", [tool_result("t"), text("Thanks")], "Thanks"),
        ("user", [tool_result("t")], None),
        ("user", [text("")], None),
        ("user", [], None),
        ("assistant", [text("Hello")], None),
        ("system", [text("Be brief")], None),
    ],
)
def test_a_turn_begins_with_each_user_message_that_has_text_or_an_image(
    role: str, blocks: list[Block], prompt: str | None
) -> None:
    assert prompt_of(role, read_blocks(blocks)) == prompt


@given(
    role=st.sampled_from(["user", "assistant", "system", "tool", "narrator"]),
    blocks=st.lists(
        st.sampled_from(
            [text(""), text("A"), thinking(""), thinking("B"), tool_use("t"), PICTURE, {"type": "hologram"}]
        )
    ),
)
def test_the_count_made_at_import_is_the_count_of_items_written(role: str, blocks: list[Block]) -> None:
    assert own_item_count(role, read_blocks(blocks)) == len(items(role, *blocks))


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (
            "COMMAND_EXECUTION",
            # Claude Code, OpenCode and pi; Codex; Gemini CLI and Qwen Code; CodeWhale.
            "Bash bash PowerShell exec_command shell local_shell shell_command write_stdin run_shell_command "
            "exec_shell exec_shell_wait",
        ),
        (
            "FILE_CHANGE",
            "Edit MultiEdit Write NotebookEdit apply_patch replace write_file edit write edit_file "
            "str_replace_based_edit_tool mcp__files__write_file",
        ),
        ("TOOL_CALL", "Read TodoWrite todowrite write_todos credit_check Task read_file save_memory update_plan größe"),
    ],
)
def test_the_names_of_tools_decide_the_kinds_of_calls(kind: str, names: str) -> None:
    assert {name: tool_call_kind(name) for name in names.split()} == dict.fromkeys(names.split(), kind)
