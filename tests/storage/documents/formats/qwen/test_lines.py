"""What the lines of Qwen Code's transcripts are derived to: messages, branches, tokens and titles."""

import orjson
import pytest

from storage.documents.derived_session import FORK, SUBAGENT
from storage.records.token_usage import TokenUsage
from tests.support.format_checks import check, shown
from tests.support.qwen_lines import FORMAT, NAME, SESSION_ID, Lines, call, live, response, text
from tests.support.stored_transcript import StoredTranscript


def test_results_of_one_reply_are_one_message() -> None:
    lines = Lines().add("user", "u1", [text("Go")]).add("assistant", "a1", [call("c1"), call("c2"), call("c3")])
    lines.system("s1", "ui_telemetry").add("tool_result", "t1", [response("c1")])
    lines.add("tool_result", "t2", [response("c2", "no")], toolCallResult={"status": "error"})
    picture = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    lines.add("tool_result", "t3", [response("c3"), picture]).add("assistant", "a2", [text("Done")])
    session = lines.session()
    assert shown(session)[2:] == [
        ("TOOL", ["result c1: out", "failed c2: no", "result c3: ['out', 'image']"]),
        ("ASSISTANT", ["text: Done"]),
    ]
    assert list(session.live) == [0, 1, 2, 3]


_SKILL = "Base directory for this skill: {}\nImportant: ALWAYS resolve absolute paths.\n\nBoil.\n\n/tmp is small.\n"
_ARGUMENTS = "\n\n/brew-tea mint\n\nYour invocation arguments have been written verbatim to a session-private file. Its"


@pytest.mark.parametrize(
    ("recorded", "typed"),
    [
        (_SKILL.format("/home/dev/.qwen/skills/brew-tea"), "/brew-tea"),
        (_SKILL.format("C:\\dev\\.qwen\\skills\\brew-tea"), "/brew-tea"),
        (_SKILL.format("/home/dev/.qwen/skills/brew-tea") + _ARGUMENTS, "/brew-tea mint"),
    ],
)
def test_a_session_that_a_skill_began_is_named_by_what_was_typed(recorded: str, typed: str) -> None:
    lines = Lines().add("user", "u0", [text("/stats")]).add("user", "u1", [text(recorded)])
    assert lines.add("user", "u2", [text("And then?")]).session().first_prompt == typed


def test_a_session_that_a_custom_command_began_is_named_by_what_was_typed() -> None:
    command = {"rawCommand": "/brew green tea", "sentToModel": True}
    lines = Lines().system("s1", "slash_command", {**command, "phase": "invocation"})
    lines.system("s2", "slash_command", {**command, "phase": "result"}).add("user", "u1", [text("Brew green tea.")])
    session = lines.session()
    assert session.first_prompt == "/brew green tea"
    assert live(session) == ["Brew green tea."]


def test_a_command_that_the_model_answered_is_the_first_prompt() -> None:
    lines = Lines().add("user", "u0", [text("/stats")]).add("user", "u1", [text("/brew-tea mint")])
    lines.system("s1", "ui_telemetry").add("assistant", "a1", [text("Boil water.")])
    assert lines.add("user", "u2", [text("And then?")]).session().first_prompt == "/brew-tea mint"


def test_a_command_that_the_program_answered_itself_is_not_sent() -> None:
    lines = Lines().add("user", "u1", [text("Go")]).add("assistant", "a1", [text("Gone")])
    answers = {"assistant": [{"type": "assistant", "text": "5 tokens"}], "error": [{"type": "error", "text": "No"}]}
    for kind, items in answers.items():
        lines.add("user", f"u-{kind}", [text("/stats")]).system(f"s-{kind}", "file_history_snapshot")
        result = {"phase": "result", "rawCommand": "/stats", "outputHistoryItems": items}
        lines.system(f"r-{kind}", "slash_command", result)
    result = {"phase": "result", "rawCommand": "Stop", "outputHistoryItems": answers["assistant"]}
    lines.add("assistant", "a2", [text("Stop")]).system("r3", "slash_command", result)
    session = lines.session()
    # After an error, the program sends the command.
    assert live(session) == ["Go", "Gone", "/stats", "Stop"]
    assert len(session.messages) == 5


def test_a_rewind_leaves_a_branch() -> None:
    lines = Lines().add("user", "u1", [text("One")]).add("assistant", "a1", [text("First")])
    lines.add("user", "u2", [text("Two")]).add("assistant", "a2", [text("Second")]).system("s1", "ui_telemetry")
    lines.system("r1", "rewind", {"truncatedCount": 2}, parentUuid="a1")
    lines.add("user", "u3", [text("Three")])
    session = lines.session()
    assert live(session) == ["One", "First", "Three"]
    assert len(session.messages) == 5
    assert session.metadata == {"branches": [{"leaf": "a2", "left_at": "a1"}], "rewinds": 1}


def test_lost_lines_do_not_hide_what_is_before_them() -> None:
    lines = Lines().add("user", "u1", [text("One")]).add("assistant", "a1", [text("First")])
    lines.add("user", "u2", [text("Two")], parentUuid="lost")
    assert live(lines.session()) == ["One", "First", "Two"]
    rewound = Lines().add("user", "u1", [text("One")]).system("r1", "rewind", {}, parentUuid="lost")
    assert live(rewound.add("user", "u2", [text("Two")]).session()) == ["Two"]


def test_records_in_one_line_after_a_crash_are_read() -> None:
    lines = (
        Lines()
        .add("user", "u1", [text("Où ?")])
        .add("assistant", "a1", [text("Hélas")])
        .add("user", "u2", [text("Two")])
    )
    first, second, third, _ = lines.transcript().data.split(b"\n")
    half = first + b"\n" + second[:80] + third + b"\n"
    session = FORMAT.derive([StoredTranscript(NAME, half)])
    check(session)
    assert session is not None
    assert live(session) == ["Où ?", "Two"]
    joined = FORMAT.derive([StoredTranscript(NAME, first + second + b"\n" + third + b"\n")])
    assert joined is not None
    assert live(joined) == ["Où ?", "Hélas", "Two"]
    assert FORMAT.session_id(StoredTranscript(NAME, second[:80] + first + b"\n")) == SESSION_ID


def test_a_compression_replaces_what_it_does_not_keep() -> None:
    lines = Lines().add("user", "u1", [text("One")]).add("assistant", "a1", [text("First")])
    lines.add("user", "u2", [text("Two")]).add("assistant", "a2", [text("Second")])
    history = [
        {"role": "user", "parts": [text("All so far")]},
        {"role": "model", "parts": [text("Got it.")]},
        {"role": "user", "parts": [text("Two")]},
        {"role": "model", "parts": [text("Second")]},
    ]
    lines.system("z1", "chat_compression", {"info": {}, "compressedHistory": history})
    lines.add("user", "u3", [text("Three")])
    session = lines.session()
    assert live(session) == ["All so far", "Two", "Second", "Three"]
    assert session.messages[4].build() == [{"type": "compaction", "summary": "All so far"}]
    assert (session.messages[4].role, session.messages[4].is_injected) == ("SYSTEM", True)


def test_a_fork_counts_only_its_own_replies() -> None:
    tokens = {"promptTokenCount": 100, "candidatesTokenCount": 10, "totalTokenCount": 110}
    origin = {"sessionId": "0ld", "messageUuid": "a1"}
    lines = Lines().add("user", "u1", [text("One")], forkedFrom=origin)
    lines.add("assistant", "a1", [text("First")], forkedFrom=origin, usageMetadata=tokens, model="m1")
    lines.add("user", "u2", [text("Two")]).add("assistant", "a2", [text("Second")], usageMetadata=tokens, model="m2")
    session = lines.session()
    assert (session.kind, session.parent_id, session.model) == (FORK, "0ld", "m2")
    assert session.usage == TokenUsage(input=100, output=10)
    assert [message.usage for message in session.messages] == [None, None, None, session.usage]


def test_tokens_in_classes_that_do_not_overlap() -> None:
    apart = {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 60,
        "candidatesTokenCount": 10,
        "thoughtsTokenCount": 5,
        "toolUsePromptTokenCount": 3,
        "totalTokenCount": 118,
    }
    inside = {**apart, "totalTokenCount": 113}
    lines = Lines().add("user", "u1", [text("One")]).add("assistant", "a1", [text("a")], usageMetadata=apart)
    assert lines.session().usage == TokenUsage(43, 60, 0, 10, 5)
    lines.add("user", "u2", [text("b")]).add("assistant", "a2", [text("b")], usageMetadata=inside)
    assert lines.session().usage == TokenUsage(86, 120, 0, 15, 10)


def test_titles_modes_and_parents() -> None:
    lines = Lines().add("user", "u1", [text("/init")], gitBranch="main").add("user", "u2", [text("Two")])
    lines.system("s1", "custom_title", {"customTitle": "Generated", "titleSource": "auto"})
    assert lines.session().title == "Generated"
    lines.system("s2", "custom_title", {"customTitle": "Mine"})
    lines.system("s3", "custom_title", {"customTitle": "Again", "titleSource": "auto"})
    lines.system("s4", "session_approval_mode", {"mode": "plan"}).system("s5", "session_model", {"modelId": "m3"})
    lines.system("s6", "parent_session", {"parentSessionId": "p1"})
    session = lines.session(NAME.replace("chats/", "chats/archive/"))
    assert (session.title, session.mode, session.model, session.git_branch) == ("Mine", "plan", "m3", "main")
    assert (session.kind, session.parent_id, session.is_archived) == (SUBAGENT, "p1", True)
    assert session.first_prompt == "Two"


def test_what_the_program_wrote_is_injected() -> None:
    lines = Lines().add("user", "u1", [text("<task-notification/>")], subtype="notification", provenance="system")
    lines.add("user", "u2", [text("Continue")], provenance="goal_runtime")
    lines.add("user", "u3", [text("Read @a"), text("--- a ---")], systemPayload={"displayText": "Read @a"})
    lines.add("user", "u4", [text("And b")], subtype="mid_turn_user_message")
    lines.add("user", "u5", [text("spoken")], subtype="realtime_message").add("novelty", "n1").add(
        "assistant", "a0", []
    )
    session = lines.session()
    assert [message.is_injected for message in session.messages] == [True, True, False, False, True, True]
    assert session.messages[2].build()[1]["is_injected"] is True
    assert session.first_prompt == "Read @a"
    assert list(session.live) == [0, 1, 2, 3]
    assert session.messages[5].build()[0]["type"] == "novelty"


def test_a_goal_is_a_prompt_when_it_is_set_and_when_it_is_edited() -> None:
    lines = Lines()
    for number, objective in enumerate(("Brew tea", "Brew tea", "Brew mint tea", "", "Brew mint tea")):
        goal = {"goalId": "g1", "objective": objective} if objective else None
        lines.system(f"s{number}", "goal_state", {"v": 2, "snapshot": {"v": 2, "goal": goal}})
    session = lines.session()
    assert live(session) == ["Brew tea", "Brew mint tea", "Brew mint tea"]
    assert [(message.role, message.is_injected) for message in session.messages] == [("USER", False)] * 3
    assert session.first_prompt == "Brew tea"


def test_a_document_of_an_older_version() -> None:
    document = {
        "sessionId": "old-1",
        "projectHash": "x",
        "startTime": "2025-10-01T10:00:00.000Z",
        "messages": [{"id": "u1", "type": "user", "timestamp": "2025-10-01T10:00:01.000Z", "content": "Hi"}],
    }
    transcript = StoredTranscript(
        "tmp/abc/chats/session-2025-10-01T10-00-old.json", orjson.dumps(document, option=orjson.OPT_INDENT_2)
    )
    assert FORMAT.session_id(transcript) == "old-1"
    session = FORMAT.derive([transcript])
    assert shown(session) == [("USER", ["text: Hi"])]
    assert session is not None
    assert session.source == "QWEN_CODE"


@pytest.mark.parametrize("data", [b"", b"{}\n", b"not json\n"])
def test_a_file_without_messages_is_no_session(data: bytes) -> None:
    transcript = StoredTranscript(NAME, data)
    assert FORMAT.derive([transcript]) is None
    assert FORMAT.session_id(transcript) is None
