"""Qwen Code's transcripts: replies, results, compressions, branches and forks."""

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from storage.documents.derived_session import FORK, MAIN, SUBAGENT, DerivedSession
from storage.documents.formats.qwen.qwen_format import QwenFormat
from storage.records.token_usage import TokenUsage
from tests.support.format_checks import check, check_every_prefix, check_mutations, shown
from tests.support.stored_transcript import StoredTranscript

HOME = Path(__file__).parent / "qwen" / "home"
FORMAT = QwenFormat()
SESSION_ID = "7520e01e-306c-49d0-8180-c12ac79498db"
NAME = f"projects/-home-dev-shop/chats/{SESSION_ID}.jsonl"


def fixture() -> StoredTranscript:
    [found] = FORMAT.find(HOME).transcripts
    return StoredTranscript.found(found)


class Lines:
    """Lines of a transcript, each a child of the one before unless a parent is named."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self._last: str | None = None

    def add(self, kind: str, uuid: str, parts: list[Any] | None = None, **fields: Any) -> "Lines":
        record: dict[str, Any] = {
            "uuid": uuid,
            "parentUuid": self._last,
            "sessionId": SESSION_ID,
            "timestamp": f"2026-11-28T06:00:{len(self.records):02}.000Z",
            "type": kind,
            "cwd": "/home/dev/shop",
            "version": "0.24.4",
        }
        if parts is not None:
            record["message"] = {"role": "model" if kind == "assistant" else "user", "parts": parts}
        self.records.append({**record, **fields})
        self._last = uuid
        return self

    def system(self, uuid: str, subtype: str, payload: Any = None, **fields: Any) -> "Lines":
        return self.add("system", uuid, subtype=subtype, systemPayload=payload, **fields)

    def transcript(self, name: str = NAME, **companions: bytes) -> StoredTranscript:
        return StoredTranscript.of(name, *self.records, **companions)

    def session(self, name: str = NAME) -> DerivedSession:
        session = FORMAT.derive([self.transcript(name)])
        check(session)
        assert session is not None
        return session


def text(words: str, **fields: Any) -> dict[str, Any]:
    return {"text": words, **fields}


def call(call_id: str) -> dict[str, Any]:
    return {"functionCall": {"id": call_id, "name": "glob", "args": {"pattern": "*"}}}


def response(call_id: str, output: str = "out") -> dict[str, Any]:
    return {"functionResponse": {"id": call_id, "name": "glob", "response": {"output": output}}}


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
            ["thinking: I should list the folder first.", "text: Let me look.", 'call glob: {"pattern":"*"}'],
        ),
        (
            "TOOL",
            [
                'result call_0_glob: Found 2 file(s) matching "*" in the workspace directory, sorted by modification '
                "time (newest first):\n---\n/home/dev/shop/prices.csv\n/home/dev/shop/README.md"
            ],
        ),
        ("ASSISTANT", ["text: There is a price list and a readme."]),
        ("USER", ["text: What is the cheapest tea?"]),
        (
            "ASSISTANT",
            ["thinking: Read the price list.", 'call read_file: {"file_path":"/home/dev/shop/prices.csv"}'],
        ),
        ("TOOL", ["result call_0_read_file: tea,price\nmint,2\nblack,3\n"]),
        ("ASSISTANT", ["text: Mint tea is the cheapest, at 2 a cup."]),
    ]
    assert session is not None
    assert (session.id, session.workspace, session.kind) == (SESSION_ID, "/home/dev/shop", MAIN)
    assert (session.title, session.first_prompt, session.model) == (None, "What is in this folder?", "mock")
    assert (session.agent_version, session.is_archived) == ("0.24.4", False)
    assert session.usage == TokenUsage(input=400, output=67, reasoning=13)
    assert list(session.live) == list(range(8))
    assert session.metadata == {}


def test_any_whole_lines_and_strange_values_derive() -> None:
    check_every_prefix(FORMAT, fixture())
    check_mutations(FORMAT, fixture())


def test_digests_stay_as_the_file_grows() -> None:
    transcript = fixture()
    whole = FORMAT.derive([transcript])
    assert whole is not None
    for end in (place + 1 for place, byte in enumerate(transcript.data) if byte == 0x0A):
        part = FORMAT.derive([transcript.cut(end)])
        assert part is not None
        digests = [message.digest for message in part.messages]
        assert digests == [message.digest for message in whole.messages[: len(digests)]]


def test_homes() -> None:
    assert FORMAT.homes({}, Path("/home/dev")) == [Path("/home/dev/.qwen")]
    environment = {"QWEN_RUNTIME_DIR": "~/run", "QWEN_HOME": "/srv/qwen"}
    assert FORMAT.homes(environment, Path("/home/dev")) == [Path("/home/dev/run"), Path("/srv/qwen")]


def test_finds_chats_archives_subagents_and_older_documents(tmp_path: Path) -> None:
    home = tmp_path / ".qwen"
    shutil.copytree(HOME, home)
    project = home / "projects" / "-home-dev-shop"
    for name in (
        "chats/archive/11111111-1111-4111-8111-111111111111.jsonl",
        "chats/11111111-1111-4111-8111-111111111111.ledger.jsonl",
        "chats/11111111-1111-4111-8111-111111111111.worktree.json",
        "subagents/s1/agent-explore-1.jsonl",
        "subagents/s1/agent-explore-1.meta.json",
        "../../tmp/abc/chats/session-2025-10-01T10-00-1234.json",
        "../../tmp/abc/logs.json",
        "../../oauth_creds.json",
    ):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("{}")
    found = FORMAT.find(home)
    assert [(transcript.name, transcript.is_rewritten) for transcript in found.transcripts] == [
        (NAME, False),
        ("projects/-home-dev-shop/chats/archive/11111111-1111-4111-8111-111111111111.jsonl", False),
        ("projects/-home-dev-shop/subagents/s1/agent-explore-1.jsonl", False),
        ("tmp/abc/chats/session-2025-10-01T10-00-1234.json", True),
    ]
    assert list(found.transcripts[2].companions) == ["projects/-home-dev-shop/subagents/s1/agent-explore-1.meta.json"]
    assert found.passed_over == 5
    assert FORMAT.find(project).transcripts == found.transcripts[:3]


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


def test_a_subagent_is_a_session_of_its_own() -> None:
    name = f"projects/-home-dev-shop/subagents/{SESSION_ID}/agent-explore-1.jsonl"
    lines = Lines().add("user", "u1", [text("Look")], isSidechain=True, agentId="explore-1", agentName="Explore")
    tokens = {"promptTokenCount": 1, "candidatesTokenCount": 2}
    lines.add("assistant", "a1", [text("I look.")], isSidechain=True, usageMetadata=tokens)
    lines.add("assistant", "a2", [call("c1")], isSidechain=True).add("assistant", "a3", [call("c2")], isSidechain=True)
    lines.add("tool_result", "t1", [response("c1")], isSidechain=True)
    meta = orjson.dumps({"description": "Look around", "parentAgentId": None, "agentType": "explore"})
    transcript = StoredTranscript(
        name, lines.transcript().data, {name.replace(".jsonl", ".meta.json"): meta}
    )  # fmt: skip
    assert FORMAT.session_id(transcript) == f"{SESSION_ID}-explore-1"
    session = FORMAT.derive([transcript])
    check(session)
    assert shown(session)[1] == (
        "ASSISTANT",
        ["text: I look.", 'call glob: {"pattern":"*"}', 'call glob: {"pattern":"*"}'],
    )
    assert session is not None
    assert (session.kind, session.parent_id, session.title) == (SUBAGENT, SESSION_ID, "Look around")
    assert session.metadata["agent_name"] == "Explore"
    nested = StoredTranscript(
        name, transcript.data, {name.replace(".jsonl", ".meta.json"): b'{"parentAgentId":"root-1"}'}
    )  # fmt: skip
    session = FORMAT.derive([nested])
    assert session is not None
    assert session.parent_id == f"{SESSION_ID}-root-1"


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


def test_a_copy_of_the_same_lines_changes_nothing() -> None:
    transcript = fixture()
    twice = FORMAT.derive([transcript, transcript])
    assert shown(twice) == shown(FORMAT.derive([transcript]))


@pytest.mark.parametrize("data", [b"", b"{}\n", b"not json\n"])
def test_a_file_without_messages_is_no_session(data: bytes) -> None:
    transcript = StoredTranscript(NAME, data)
    assert FORMAT.derive([transcript]) is None
    assert FORMAT.session_id(transcript) is None
