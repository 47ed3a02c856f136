"""What a session has beside its messages."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.claude_code import FOLDER, FORMAT, Lines, call, text
from tests.support.stored_transcript import StoredTranscript

TITLE_FILE = f"{FOLDER}/custom-title.json"


def talk() -> Lines:
    lines = Lines()
    lines.user("Count the pears.\nAll of them.")
    lines.assistant(text("Three."))
    return lines


def test_the_persons_title_wins_over_the_agents_and_the_last_one_counts() -> None:
    lines = talk()
    assert lines.derive().title is None
    lines.meta(type="summary", summary="Old style", leafUuid="line-1")
    assert lines.derive().title == "Old style"
    lines.meta(type="ai-title", aiTitle="First guess")
    lines.meta(type="ai-title", aiTitle="Second guess")
    assert lines.derive().title == "Second guess"
    assert lines.derive({TITLE_FILE: b'{"customTitle":"From the file"}'}).title == "From the file"
    lines.meta(type="custom-title", customTitle="Pears")
    lines.meta(type="custom-title", customTitle="\x1b[1mMany\n pears\x1b[0m")
    lines.meta(type="ai-title", aiTitle="Late guess")
    assert lines.derive({TITLE_FILE: b'{"customTitle":"From the file"}'}).title == "Many pears"


def test_a_summary_of_another_file_is_no_title() -> None:
    lines = talk()
    lines.meta(type="summary", summary="Of another session", leafUuid="elsewhere")

    assert lines.derive().title is None


@pytest.mark.parametrize("title", ["", " ", None, 7])
def test_a_title_without_text_is_none(title: object) -> None:
    lines = talk()
    lines.meta(type="custom-title", customTitle=title)
    lines.meta(type="ai-title", aiTitle="Pears")

    assert lines.derive({TITLE_FILE: b"not JSON"}).title == "Pears"


def test_the_first_prompt_is_the_first_that_was_not_taken_back() -> None:
    lines = Lines()
    lines.user("Wrong")
    lines.user([{"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}], parentUuid=None)
    lines.user("\x1b[31mRight\x1b[0m " + "x" * 300)

    prompt = lines.derive().first_prompt
    assert prompt is not None
    assert (prompt[:9], len(prompt)) == ("Right xxx", 280)


def test_a_prompt_that_was_taken_back_serves_when_there_is_no_other() -> None:
    lines = Lines()
    lines.user("Wrong")
    lines.assistant(text("Hello."), parentUuid=None)

    assert lines.derive().first_prompt == "Wrong"


def test_lines_without_messages_are_no_session() -> None:
    lines = Lines()
    lines.meta(type="ai-title", aiTitle="Pears")
    lines.meta(type="last-prompt", lastPrompt="Count the pears.")
    lines.add("attachment", attachment={"type": "hook_success"})
    lines.add("system", subtype="turn_duration", durationMs=1)

    assert FORMAT.derive([lines.transcript()]) is None
    assert FORMAT.session_id(lines.transcript()) is None
    lines.user("Count the pears.")
    assert FORMAT.session_id(lines.transcript()) == lines.session


def test_the_directory_is_the_first_and_branch_and_version_are_the_last() -> None:
    lines = talk()
    lines.user("More", cwd="/home/dev/shop/out", gitBranch="fix/pears", version="2.1.400")
    lines.assistant(text("Four."), model="claude-haiku-4-5", gitBranch="fix/pears", version=None, cwd=None)

    session = lines.derive()

    assert (session.workspace, session.git_branch) == ("/home/dev/shop", "fix/pears")
    assert (session.agent_version, session.model) == ("2.1.400", "claude-haiku-4-5")
    assert [message.model for message in session.messages] == [None, "claude-opus-5-5", None, "claude-haiku-4-5"]
    lines.user("Outside", gitBranch="HEAD")
    assert lines.derive().git_branch is None


def test_a_session_lasts_from_its_first_to_its_last_time() -> None:
    lines = talk()
    lines.lines.insert(0, {"type": "queue-operation", "timestamp": "2026-08-01T09:00:00.000Z"})
    lines.user("More", timestamp=None)
    lines.user("Even more", timestamp="yesterday")

    session = lines.derive()

    assert session.created_at == datetime(2026, 8, 1, 9, tzinfo=UTC)
    assert session.updated_at == datetime(2026, 8, 1, 10, 0, 1, tzinfo=UTC)
    assert [message.created_at is None for message in session.messages] == [False, False, True, True]


@pytest.mark.parametrize(
    "timestamp",
    [
        "2026-08-01T12:00:00+02:00",
        1785578400000,
        1785578400000.0,
        "2026-08-01T10:00:00Z",
        "2026-08-01T10:00:00.000000Z",
    ],
)
def test_times_of_other_forms_are_read(timestamp: Any) -> None:
    lines = Lines()
    lines.user("Begin", timestamp=timestamp)

    session = lines.derive()

    assert session.messages[0].created_at == session.created_at == datetime(2026, 8, 1, 10, tzinfo=UTC)


def test_without_any_time_a_session_has_that_of_its_file() -> None:
    lines = Lines()
    lines.user("Begin", timestamp=None)

    session = lines.derive()

    assert session.created_at == session.updated_at == StoredTranscript.modified_at


def test_what_was_recorded_beside_the_messages_is_metadata() -> None:
    lines = talk()
    for mode in ("plan", "normal"):
        lines.meta(type="mode", mode=mode, sessionId=lines.session)
    lines.meta(type="tag", tag="fruit", sessionId=lines.session)
    lines.meta(type="pr-link", prNumber=7, prUrl="https://example.org/7", sessionId=lines.session)
    lines.meta(type="worktree-state", originalCwd="/home/dev/shop")
    lines.meta(type="cost-state", totalCostUSD=0.25, hasUnknownModelCost=False)
    lines.meta(type="cost-state", totalCostUSD=0.5, hasUnknownModelCost=False)
    lines.meta(type="new-kind", value=[1])
    lines.meta(type="huge-kind", value="x" * 70_000)
    lines.meta(type="api-request-shape", shape={"system": "secret"})
    lines.meta(sessionId=lines.session, type="api-request", params={"system": "secret"})

    session = lines.derive()

    assert session.recorded_cost == 0.5
    assert session.metadata == {
        "mode": {"mode": "normal"},
        "tag": {"tag": "fruit"},
        "pr-link": {"prNumber": 7, "prUrl": "https://example.org/7"},
        "worktree-state": {"originalCwd": "/home/dev/shop"},
        "cost-state": {"totalCostUSD": 0.5, "hasUnknownModelCost": False},
        "new-kind": {"value": [1]},
        "lineCounts": {
            "mode": 2,
            "tag": 1,
            "pr-link": 1,
            "worktree-state": 1,
            "cost-state": 2,
            "new-kind": 1,
            "huge-kind": 1,
            "api-request-shape": 1,
            "api-request": 1,
        },
    }


def test_a_recorded_line_may_have_a_place_in_the_conversation() -> None:
    lines = talk()
    lines.add("custom-title", customTitle="Pears")
    lines.add("tag", tag="fruit")
    lines.user("More")

    session = lines.derive()

    assert (session.title, len(session.messages), session.live) == ("Pears", 3, [0, 1, 2])
    assert session.metadata["tag"]["tag"] == "fruit"  # type: ignore[index]  # An object.


def test_the_mode_is_the_last_one_of_permissions() -> None:
    lines = Lines()
    lines.user("Begin", permissionMode="default")
    lines.user("Plan it", permissionMode="plan")

    assert lines.derive().mode == "plan"
    lines.meta(type="permission-mode", permissionMode="acceptEdits")
    assert lines.derive().mode == "acceptEdits"


def test_a_line_of_an_unknown_type_is_kept_in_its_place() -> None:
    lines = talk()
    lines.add("narration", voice="low", message={"content": "Meanwhile"})
    lines.user("More")

    session = lines.derive()

    assert [message.role for message in session.messages] == ["USER", "ASSISTANT", "SYSTEM", "USER"]
    block = session.messages[2].build()[0]
    assert (block["type"], block["voice"]) == ("narration", "low")
    assert session.live == [0, 1, 3]


def test_several_files_of_one_session_are_one_session() -> None:
    first = talk()
    second = Lines()
    second.lines = [*first.lines]
    second.add("user", message={"content": "More"}, uuid="line-9", parentUuid="line-1")
    second.assistant(call("c"), id="m9", uuid="line-10")

    session = FORMAT.derive([first.transcript(), second.transcript()])

    assert session is not None
    assert len(session.messages) == 4
    assert session.messages[2].build() == [text("More")]
    assert session.live == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("entrypoints", "is_automated"),
    [
        ((), False),
        (("cli",), False),
        (("sdk-cli",), True),
        (("sdk-py", "sdk-cli"), True),
        (("claude-code-github-action",), True),
        # Editors.
        (("sdk-ts",), False),
        (("claude-vscode",), False),
        # A person continues a run, and a script continues a person's session.
        (("sdk-cli", "cli"), False),
        (("cli", "sdk-cli"), False),
    ],
)
def test_a_session_is_automated_if_no_person_was_at_the_program(
    entrypoints: tuple[str, ...], is_automated: bool
) -> None:
    lines = talk()
    for entrypoint in entrypoints:
        lines.user("And the apples?", entrypoint=entrypoint)

    assert lines.derive().is_automated is is_automated
