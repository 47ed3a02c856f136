"""What the model gets beside the conversation: files that prompts mention, instructions, and what hooks say."""

from typing import Any

import pytest

from storage.json_codec import dump
from tests.support.claude_code import FORMAT, Lines, call, result, shown, text

SENT = "<system-reminder>\nSent.\n</system-reminder>"
PNG = {"type": "image", "file": {"base64": "aGk=", "type": "image/png", "originalSize": 2}}
FILE = {"filePath": "/home/dev/shop/a.txt", "content": "Mint tea 2", "numLines": 1, "startLine": 1, "totalLines": 1}


def attach(lines: Lines, kind: str, rendered: Any = None, **fields: Any) -> str:
    """Add a line with an attachment, and return its uuid."""
    parent = fields.pop("parent", None)
    more = ({} if rendered is None else {"rendered": rendered}) | ({} if parent is None else {"parentUuid": parent})
    return lines.add("attachment", attachment={"type": kind, **fields}, **more)


def test_what_was_sent_is_an_injected_message() -> None:
    lines = Lines()
    lines.user("See @a.txt")
    sent = [{"content": SENT}, {"content": [text("Two.")]}]
    attach(lines, "file", sent, filename="a.txt", content={"type": "text", "file": FILE})
    lines.assistant(text("Seen."))

    session = lines.derive()

    assert shown(session, live_only=True) == ["U See @a.txt", f"u {SENT} Two.", "A Seen."]
    assert [block["is_injected"] for block in session.messages[1].build()] == [True, True]
    assert session.first_prompt == "See @a.txt"


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("file", {"filename": "a.txt", "content": {"type": "text", "file": FILE}}, "Mint tea 2"),
        ("directory", {"path": "sub", "content": "a.txt\nb.txt"}, "a.txt\nb.txt"),
        ("nested_memory", {"path": "CLAUDE.md", "content": {"path": "CLAUDE.md", "content": "Be kind."}}, "Be kind."),
        ("hook_additional_context", {"content": ["One.", "Two."], "hookEvent": "PostToolUse"}, "One. Two."),
        ("hook_blocking_error", {"blockingError": {"blockingError": "Not so.", "command": "check"}}, "Not so."),
        ("hook_success", {"content": "On main.", "hookEvent": "UserPromptSubmit"}, "On main."),
        ("selected_lines_in_ide", {"filename": "a.txt", "content": "Mint"}, "Mint"),
    ],
)
def test_what_an_older_version_recorded_is_read_from_the_attachment(
    kind: str, fields: dict[str, Any], words: str
) -> None:
    lines = Lines()
    lines.user("Begin")
    attach(lines, kind, **fields)

    assert shown(lines.derive(), live_only=True) == ["U Begin", f"u {words}"]


def test_a_picture_that_a_prompt_mentions_is_a_picture() -> None:
    lines = Lines()
    lines.user("See @dot.png")
    attach(lines, "file", filename="dot.png", content=PNG)

    session = lines.derive()

    source = {"type": "base64", "media_type": "image/png", "data": "aGk="}
    assert session.messages[1].build() == [{"type": "image", "source": source}]
    assert (session.messages[1].is_injected, session.live) == (True, [0, 1])


def test_a_notebook_that_a_prompt_mentions_has_each_cell_with_its_outputs() -> None:
    lines = Lines()
    lines.user("See @a.ipynb")
    picture = {"image_data": "aGk=", "media_type": "image/png"}
    outputs = [{"output_type": "stream", "text": "2"}, {"output_type": "display_data", "text": "", "image": picture}]
    cells = [
        {"cellType": "code", "source": "draw()", "outputs": outputs},
        {"cellType": "markdown", "source": "The end."},
    ]
    attach(lines, "file", filename="a.ipynb", content={"type": "notebook", "file": {"cells": cells}})

    session = lines.derive()

    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
    first, second, last = ({"type": "text", "text": text, "is_injected": True} for text in ("draw()", "2", "The end."))
    assert session.messages[1].build() == [first, second, image, last]
    assert session.messages[1].is_injected


def test_a_file_of_another_kind_is_kept_as_it_is() -> None:
    lines = Lines()
    lines.user("See @a.pdf")
    attach(lines, "file", filename="a.pdf", content={"type": "pdf", "file": {"filePath": "a.pdf"}})

    assert lines.derive().messages[1].build() == [
        {"type": "file", "filename": "a.pdf", "content": {"type": "pdf", "file": {"filePath": "a.pdf"}}}
    ]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("skill_listing", {"content": "- brew"}),
        ("environment", {"snapshot": {}}),
        ("hook_success", {"content": "", "stdout": "{}", "hookEvent": "SessionStart"}),
        ("hook_success", {"content": "checked", "hookEvent": "PreToolUse"}),
        ("hook_additional_context", {"content": []}),
        ("directory", {"content": {"entries": []}}),
    ],
)
def test_what_was_not_sent_or_is_the_programs_own_is_only_counted(kind: str, fields: dict[str, Any]) -> None:
    lines = Lines()
    lines.user("Begin")
    attach(lines, kind, [{"content": SENT}] if kind in ("skill_listing", "environment") else None, **fields)

    session = lines.derive()

    assert shown(session) == ["U Begin"]
    assert session.metadata["lineCounts"] == {f"attachment:{kind}": 1}


def test_what_hooks_say_of_parallel_calls_is_live_with_them() -> None:
    lines = Lines()
    lines.user("Begin")
    first = lines.assistant(call("c1"), id="m")
    second = lines.assistant(call("c2"), id="m")
    attach(lines, "hook_additional_context", content=["Before 1."], toolUseID="c1", parent=second)
    lines.user([result("c1")], parentUuid=first)
    attach(lines, "hook_additional_context", content=["After 1."], toolUseID="c1")
    attach(lines, "hook_additional_context", content=["Before 2."], toolUseID="c2")
    lines.user([result("c2")], parentUuid=second)
    attach(lines, "hook_additional_context", content=["After 2."], toolUseID="c2")
    lines.assistant(text("Done."))

    session = lines.derive()

    assert shown(session, live_only=True) == [
        "U Begin",
        "A call:c1 call:c2",
        "u Before 1.",
        "U result:c1 result:c2",
        "u After 1.",
        "u Before 2.",
        "u After 2.",
        "A Done.",
    ]
    assert "branches" not in session.metadata


def test_what_a_taken_back_prompt_mentioned_is_on_its_branch() -> None:
    lines = Lines()
    lines.user("Begin")
    answer = lines.assistant(text("Begun."))
    lines.user("See @a.txt")
    attach(lines, "file", filename="a.txt", content={"type": "text", "file": FILE})
    lines.assistant(text("Seen."))
    lines.user("Go on", parentUuid=answer)
    lines.assistant(text("Gone on."))

    session = lines.derive()

    assert shown(session, live_only=True) == ["U Begin", "A Begun.", "U Go on", "A Gone on."]
    assert session.metadata["branches"] == [{"head": "line-2", "messages": [2, 3, 4]}]


def test_what_the_last_prompt_mentions_is_live_before_the_answer() -> None:
    lines = Lines()
    lines.user("See @a.txt")
    attach(lines, "file", filename="a.txt", content={"type": "text", "file": FILE})

    assert lines.derive().live == [0, 1]


def test_attachments_alone_are_no_session() -> None:
    lines = Lines()
    attach(lines, "hook_additional_context", content=["Begun."])

    assert FORMAT.derive([lines.transcript()]) is None


def test_the_input_that_a_hook_put_in_place_of_the_models_is_shown_and_not_sent() -> None:
    lines = Lines()
    lines.user("Begin")
    lines.assistant(call("c", command="rm a.txt"))
    changed = {"hookSpecificOutput": {"hookEventName": "PreToolUse", "updatedInput": {"command": "mv a.txt b.txt"}}}
    hook = {"hookName": "PreToolUse:Bash", "hookEvent": "PreToolUse", "toolUseID": "c"}
    attach(lines, "hook_success", content="", stdout=f"{dump(changed)}\n", **hook)
    lines.user([result("c")])
    lines.assistant(text("Done."))

    session = lines.derive()

    words = 'PreToolUse:Bash: {"command":"mv a.txt b.txt"}'
    assert shown(session) == ["U Begin", "A call:c", f"s {words}", "U result:c", "A Done."]
    assert shown(session, live_only=True) == ["U Begin", "A call:c", "U result:c", "A Done."]
    assert session.messages[2].build() == [{**text(words), "is_injected": True}]


@pytest.mark.parametrize("stdout", ["", "updatedInput", '{"hookSpecificOutput":{"updatedInput":{}}}', "[]", None, 5])
def test_a_hook_that_changed_no_input_is_only_counted(stdout: object) -> None:
    lines = Lines()
    lines.user("Begin")
    attach(lines, "hook_success", content="", hookEvent="PreToolUse", stdout=stdout)

    assert shown(lines.derive()) == ["U Begin"]
