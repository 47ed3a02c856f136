"""pi's transcripts: the tree of entries, compactions, commands of the person's, and forks."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from storage.documents.derived_session import FORK, MAIN, DerivedSession
from storage.documents.formats.pi.pi_format import PiFormat
from storage.records.token_usage import TokenUsage
from tests.support.format_checks import check, check_every_prefix, check_mutations, shown
from tests.support.stored_transcript import StoredTranscript

HOME = Path(__file__).parent / "pi" / "home"
FORMAT = PiFormat()
SESSION_ID = "01a220d3-0ca2-766b-bf88-dd02e0985b63"
NAME = f"sessions/--home-dev-shop--/2026-11-28T06-23-51-970Z_{SESSION_ID}.jsonl"
STARTED = "2026-11-28T06:00:00.000Z"


def fixture() -> StoredTranscript:
    [found] = FORMAT.find(HOME).transcripts
    return StoredTranscript.found(found)


class Entries:
    """Entries of a transcript, each a child of the one before unless a parent is named."""

    def __init__(self, version: int = 3, **header: Any) -> None:
        self._version = version
        head = {"type": "session", "version": version, "id": "s1", "timestamp": STARTED, "cwd": "/home/dev/shop"}
        self.records: list[dict[str, Any]] = [{**head, **header}]
        self._last: str | None = None

    def add(self, kind: str, entry_id: str, **fields: Any) -> "Entries":
        entry: dict[str, Any] = {"type": kind, "timestamp": f"2026-11-28T06:00:{len(self.records):02}.000Z"}
        if self._version > 1:
            entry.update(id=entry_id, parentId=self._last)
        self.records.append({**entry, **fields})
        self._last = entry_id
        return self

    def say(self, role: str, entry_id: str, content: Any = None, parent: str | None = None, **fields: Any) -> "Entries":
        place = {"parentId": parent} if parent else {}
        return self.add("message", entry_id, message={"role": role, "content": content, **fields}, **place)

    def session(self) -> DerivedSession:
        session = FORMAT.derive([StoredTranscript.of(NAME, *self.records)])
        check(session)
        assert session is not None
        return session


def call(call_id: str) -> dict[str, Any]:
    return {"type": "toolCall", "id": call_id, "name": "bash", "arguments": {"command": "ls"}}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def usage(cost: float, **tokens: int) -> dict[str, Any]:
    return {"input": 10, "output": 5, "cacheRead": 3, "cacheWrite": 2, **tokens, "cost": {"total": cost}}


def live(session: DerivedSession) -> list[str]:
    return [
        str(block.get("text") or block.get("summary") or block["type"])
        for index in session.live
        for block in session.messages[index].build()
    ]


def test_a_session_of_two_runs() -> None:
    transcript = fixture()
    assert FORMAT.session_id(transcript) == SESSION_ID
    session = FORMAT.derive([transcript])
    check(session)
    assert shown(session) == [
        ("USER", ["text: What is in this folder?"]),
        (
            "ASSISTANT",
            ["thinking: I should list the folder first.", "text: Let me look.", 'call bash: {"command":"ls"}'],
        ),
        ("TOOL", ["result call_0_bash: README.md\nprices.csv\n"]),
        ("ASSISTANT", ["text: There is a price list and a readme."]),
        ("USER", ["text: What is the cheapest tea?"]),
        ("ASSISTANT", ["thinking: Read the price list.", 'call read: {"path":"prices.csv"}']),
        ("TOOL", ["result call_0_read: tea,price\nmint,2\nblack,3\n"]),
        ("ASSISTANT", ["text: Mint tea is the cheapest, at 2 a cup."]),
    ]
    assert session is not None
    assert (session.id, session.workspace, session.kind, session.model) == (SESSION_ID, "/home/dev/shop", MAIN, "mock")
    assert (session.title, session.first_prompt) == (None, "What is in this folder?")
    assert (session.usage, session.recorded_cost) == (TokenUsage(input=400, output=80), 0.0)
    assert session.created_at == datetime(2026, 11, 28, 6, 23, 51, 970000, UTC)
    assert session.updated_at == datetime(2026, 11, 28, 6, 23, 53, 385000, UTC)
    assert list(session.live) == list(range(8))
    assert session.metadata == {"version": 3, "provider": "mock", "thinking_level": "medium"}


def test_any_whole_lines_and_strange_values_derive() -> None:
    check_every_prefix(FORMAT, fixture())
    check_mutations(FORMAT, fixture())


def test_homes() -> None:
    assert FORMAT.homes({}, Path("/home/dev")) == [Path("/home/dev/.pi/agent")]
    environment = {"PI_CODING_AGENT_DIR": "~/pi", "PI_CODING_AGENT_SESSION_DIR": "/srv/pi"}
    assert FORMAT.homes(environment, Path("/home/dev")) == [Path("/srv/pi"), Path("/home/dev/pi")]


def test_finds_sessions_and_passes_over_all_else(tmp_path: Path) -> None:
    home = tmp_path / "agent"
    shutil.copytree(HOME, home)
    folder = home / "sessions" / "--home-dev-shop--"
    (folder / "by-hand.jsonl").write_text("{}\n")
    (folder / "notes.txt").write_text("")
    (home / "auth.json").write_text("{}")
    (home / "other.jsonl").write_text("{}\n")
    (home / "2025-11-28T06-23-51-970Z_stray.jsonl").write_text("{}\n")
    found = FORMAT.find(home)
    assert [transcript.name for transcript in found.transcripts] == [
        "2025-11-28T06-23-51-970Z_stray.jsonl",
        NAME,
        "sessions/--home-dev-shop--/by-hand.jsonl",
    ]
    assert found.passed_over == 3
    assert FORMAT.find(folder).transcripts[0].name == NAME


def test_results_of_one_reply_are_one_message() -> None:
    picture = {"type": "image", "data": "AAAA", "mimeType": "image/png"}
    entries = Entries().say("user", "u1", "Go").say("assistant", "a1", [call("c1"), call("c2")])
    entries.say("toolResult", "t1", [text("one"), picture], toolCallId="c1")
    entries.say("toolResult", "t2", [text("no")], toolCallId="c2", isError=True).say("assistant", "a2", [text("Done")])
    session = entries.session()
    assert shown(session)[2:] == [
        ("TOOL", ["result c1: ['one', 'image']", "failed c2: no"]),
        ("ASSISTANT", ["text: Done"]),
    ]
    assert list(session.live) == [0, 1, 2, 3]


def test_a_branch_that_was_left_is_not_live() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [text("First")])
    entries.say("user", "u2", "Two").say("assistant", "a2", [text("Second")])
    entries.add("branch_summary", "b1", parentId="a1", fromId="a2", summary="Tried two").say("user", "u3", "Three")
    session = entries.session()
    assert live(session) == ["One", "First", "Tried two", "Three"]
    assert session.metadata["branches"] == [{"leaf": "a2", "left_at": "a1"}]
    assert [message.is_injected for message in session.messages] == [False, False, False, False, True, False]


def test_the_last_entry_is_where_the_session_goes_on() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [text("First")]).say("user", "u2", "Two")
    entries.add("label", "l1", parentId="a1", targetId="u1", label="start")
    session = entries.session()
    assert live(session) == ["One", "First"]
    assert session.metadata["labels"] == {"u1": "start"}
    entries.add("label", "l2", targetId="u1")
    assert "labels" not in entries.session().metadata


def test_after_a_compaction_its_summary_and_what_it_kept_are_live() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [text("First")])
    entries.add("compaction", "z1", summary="One so far", firstKeptEntryId="a1", tokensBefore=100)
    entries.say("user", "u2", "Two").say("assistant", "a2", [text("Second")])
    assert live(entries.session()) == ["One so far", "First", "Two", "Second"]
    entries.add("compaction", "z2", summary="All so far", firstKeptEntryId="a1", tokensBefore=100).say(
        "user", "u3", "Three"
    )
    session = entries.session()
    assert live(session) == ["All so far", "First", "Two", "Second", "Three"]
    assert session.messages[2].build() == [{"type": "compaction", "summary": "One so far"}]
    assert (session.messages[2].role, session.messages[2].is_injected) == ("SYSTEM", True)
    entries.add("compaction", "z3", summary="None kept", firstKeptEntryId="gone", tokensBefore=1)
    assert live(entries.session()) == ["None kept"]


def test_a_file_of_version_1_is_a_line_of_entries() -> None:
    entries = Entries(version=1).say("user", "", "One").say("assistant", "", [text("First")]).say("user", "", "Two")
    entries.add("compaction", "", summary="So far", firstKeptEntryIndex=3, tokensBefore=1).say("user", "", "Three")
    session = entries.session()
    assert live(session) == ["So far", "Two", "Three"]
    assert len(session.messages) == 5


def test_a_command_of_the_person() -> None:
    entries = Entries().say("bashExecution", "e1", None, command="make", output="boom", exitCode=2)
    entries.say("bashExecution", "e2", None, command="ls", output="", excludeFromContext=True, cancelled=True)
    entries.say("user", "u1", "Why?")
    session = entries.session()
    assert shown(session)[:2] == [
        ("USER", ["text: !make", "text: boom\n\nCommand exited with code 2"]),
        ("USER", ["text: !!ls", "text: (no output)\n\n(command cancelled)"]),
    ]
    assert session.first_prompt == "Why?"
    assert list(session.live) == [0, 2]
    assert [block.get("is_injected", False) for block in session.messages[0].build()] == [False, True]


@pytest.mark.parametrize("role", ["custom", "hookMessage"])
def test_messages_of_extensions_are_injected(role: str) -> None:
    entries = Entries().say(role, "x1", "Remember").add("custom_message", "x2", customType="t", content=[text("Note")])
    entries.add("custom", "x3", customType="t", data={"count": 1}).say("user", "u1", [text("Hi")])
    session = entries.session()
    assert live(session) == ["Remember", "Note", "Hi"]
    assert [message.is_injected for message in session.messages] == [True, True, False]
    assert session.first_prompt == "Hi"


def test_failed_replies_and_unknown_entries_are_shown_and_not_live() -> None:
    entries = Entries().say("user", "u1", "One")
    entries.say("assistant", "a1", [text("Half")], stopReason="error", errorMessage="overloaded")
    entries.say("novelty", "n1", "?").add("context_edit", "n2", targetId="u1")
    entries.say("assistant", "a2", [text("Whole"), {"type": "strange", "x": 1}], stopReason="stop")
    session = entries.session()
    assert [block["type"] for message in session.messages for block in message.build()] == [
        "text", "text", "error", "record", "context_edit", "text", "strange",
    ]  # fmt: skip
    assert list(session.live) == [0, 4]


def test_usage_and_cost_are_sums_of_the_own_replies() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [text("a")], usage=usage(0.5), model="m1")
    entries.say("assistant", "a2", [text("b")], usage=usage(0.25, output=7, reasoning=4), model="m2")
    entries.add("usage", "x1", usage=usage(0.125))
    session = entries.session()
    assert session.usage == TokenUsage(input=30, cache_read=9, cache_write=6, output=13, reasoning=4)
    assert (session.recorded_cost, session.model) == (0.875, "m2")
    assert Entries().say("user", "u1", "One").session().recorded_cost is None


def test_tokens_of_summaries_and_tools_count() -> None:
    entries = Entries().say("user", "u1", "One").add("compaction", "z1", summary="s", usage=usage(0.5))
    entries.add("branch_summary", "b1", summary="q", usage=usage(0.25))
    entries.say("toolResult", "t1", [text("x")], toolCallId="c1", usage=usage(1))
    session = entries.session()
    assert session.usage == TokenUsage(input=30, cache_read=9, cache_write=6, output=15)
    assert session.recorded_cost == 1.75


def test_the_system_prompt_is_stated_by_sections() -> None:
    entries = Entries().say("system", "p1", "Be brief.", sections={"role": "You are pi.", "tools": "read"})
    entries.say("user", "u1", "One").say("system", "p2", [text("And kind.")], sections={"tools": None, "skills": "git"})
    session = entries.session()
    assert session.system_prompt == "Be brief.\n\nAnd kind.\n\nYou are pi.\n\ngit"
    assert [message.role for message in session.messages] == ["USER"]
    assert Entries().say("user", "u1", "One").session().system_prompt is None


def test_an_edit_of_the_context_leaves_an_entry_out() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [text("First")]).say("user", "u2", "Two")
    entries.add("context_edit", "e1", targetId="a1", replacement=None)
    session = entries.session()
    assert live(session) == ["One", "Two"]
    assert [message.role for message in session.messages] == ["USER", "ASSISTANT", "USER", "SYSTEM"]


def test_an_edit_of_the_context_replaces_a_content() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [text("First")], model="m", usage=usage(0.5))
    entries.say("user", "u2", "Two").add("context_edit", "e1", targetId="u1", replacement={"content": "1"})
    entries.add("context_edit", "e2", targetId="a1", replacement={"content": [text("Instead")]})
    session = entries.session()
    assert live(session) == ["1", "Instead", "Two"]
    assert [blocks for _, blocks in shown(session)] == [
        ["text: One"], ["text: First"], ["text: Two"], ["text: 1"], ["text: Instead"],
    ]  # fmt: skip
    assert [(edit.role, edit.usage) for edit in session.messages[3:]] == [("USER", None), ("ASSISTANT", None)]
    assert session.usage.input == 10


def test_the_last_edit_on_the_branch_counts() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [text("First")])
    entries.add("context_edit", "e1", targetId="u1", replacement=None)
    entries.add("context_edit", "e2", targetId="u1", replacement={"content": "1"})
    assert live(entries.session()) == ["1", "First"]
    # Before the edits, the entry stands as it was written.
    entries.say("user", "u2", "Two", parent="a1")
    assert live(entries.session()) == ["One", "First", "Two"]


def test_results_of_one_reply_are_edited_one_by_one() -> None:
    entries = Entries().say("user", "u1", "One").say("assistant", "a1", [call("c1"), call("c2"), call("c3")])
    for number in (1, 2, 3):
        entries.say("toolResult", f"t{number}", [text(f"long {number}")], toolCallId=f"c{number}")
    entries.add("context_edit", "e1", targetId="t1", replacement={"content": [text("short")]})
    entries.add("context_edit", "e2", targetId="t3", replacement=None)
    session = entries.session()
    [results] = [session.messages[index] for index in session.live if session.messages[index].role == "TOOL"]
    assert [(block["tool_use_id"], block["content"]) for block in results.build()] == [
        ("c1", "short"),
        ("c2", "long 2"),
    ]
    assert [message.role for message in session.messages].count("TOOL") == 3
    for number in (1, 2):
        entries.add("context_edit", f"o{number}", targetId=f"t{number}", replacement=None)
    assert [entries.session().messages[index].role for index in entries.session().live] == ["USER", "ASSISTANT"]


def test_edits_of_what_cannot_be_edited_are_shown() -> None:
    entries = Entries().say("user", "u1", "One").add("compaction", "z1", summary="Sum", firstKeptEntryId="z1")
    entries.add("context_edit", "e1", targetId="nobody", replacement=None).add("context_edit", "e2", targetId="u1")
    entries.add("context_edit", "e3", targetId="e1", replacement={"content": "x"})
    session = entries.session()
    assert [block["type"] for message in session.messages for block in message.build()] == [
        "text", "compaction", "context_edit", "context_edit", "context_edit",
    ]  # fmt: skip
    assert list(session.live) == [1]


@pytest.mark.parametrize(
    ("behind", "typed"), [("\n\nfor three", "/skill:brew for three"), ("", "/skill:brew")], ids=["words", "alone"]
)
def test_the_first_prompt_of_a_skill_is_what_was_typed(behind: str, typed: str) -> None:
    skill = '<skill name="brew" location="/home/dev/brew/SKILL.md">\nReferences are relative to /home/dev/brew.\n\n'
    body = f"{skill}{'Brew it. ' * 50}\n</skill>{behind}"

    session = Entries().say("user", "u1", [text(body)]).say("user", "u2", [text("Then serve it.")]).session()

    assert session.first_prompt == typed
    assert session.messages[0].build() == [text(body)]


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        ('<file name="/a.txt">\nMint tea 2\n\n</file>\n<file name="/dot.png"></file>\nLook at it', "Look at it"),
        ('<file name="/a.txt">\nMint tea 2\n</file>\n', '<file name="/a.txt">\nMint tea 2\n</file>'),
        ('<file name="/a.txt"> is a tag.', '<file name="/a.txt"> is a tag.'),
    ],
    ids=["files", "a file alone", "a tag"],
)
def test_files_of_the_command_line_are_no_part_of_the_first_prompt(words: str, typed: str) -> None:
    assert Entries().say("user", "u1", [text(words)]).session().first_prompt == typed


def test_a_prompt_about_skills_is_its_own_first_prompt() -> None:
    words = '<skill name="brew" is what I wrote.'

    assert Entries().say("user", "u1", [text(words)]).session().first_prompt == words


def test_a_fork_counts_only_its_own_replies() -> None:
    source = f"/home/dev/.pi/agent/{NAME}"
    before = "2026-11-27T06:00:00.000Z"
    entries = Entries(parentSession=source).say("user", "u1", "One")
    entries.say("assistant", "a1", [text("a")], usage=usage(0.5)).say("assistant", "a2", [text("b")], usage=usage(0.25))
    for copied in entries.records[1:3]:
        copied["timestamp"] = before
    session = entries.session()
    assert (session.kind, session.parent_id) == (FORK, SESSION_ID)
    assert session.usage == TokenUsage(input=10, cache_read=3, cache_write=2, output=5)
    assert [message.usage for message in session.messages] == [None, None, session.usage]
    assert session.recorded_cost == 0.25
    assert session.metadata["parentSession"] == source
    new = Entries(parentSession=source.replace("/", "\\")).say("user", "u1", "One").session()
    assert (new.kind, new.parent_id) == (MAIN, SESSION_ID)


def test_names_models_and_levels() -> None:
    entries = Entries().add("model_change", "c1", provider="p", modelId="m").say("user", "u1", "One")
    entries.add("session_info", "i1", name="First name").add("session_info", "i2", name="Tea shop")
    session = entries.session()
    assert (session.title, session.model, session.metadata["provider"]) == ("Tea shop", "m", "p")
    entries.add("session_info", "i3", name="")
    assert entries.session().title is None


def test_signatures_are_kept_where_they_are_signatures() -> None:
    thought = {"type": "thinking", "thinking": "Hm", "thinkingSignature": "sig"}
    entries = Entries().say("assistant", "a1", [thought], api="anthropic-messages")
    entries.say("assistant", "a2", [thought], api="openai-completions")
    session = entries.session()
    assert [message.build()[0].get("signature") for message in session.messages] == ["sig", None]


@pytest.mark.parametrize("data", [b"", b"{}\n", b'{"type":"session","id":"s1"}\n', b'{"type":"message"}\n'])
def test_a_file_without_messages_is_no_session(data: bytes) -> None:
    assert FORMAT.derive([StoredTranscript(NAME, data)]) is None
