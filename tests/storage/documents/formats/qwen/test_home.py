"""Where Qwen Code's sessions are found, and what is derived of those of the sample home."""

import shutil
from pathlib import Path

import orjson

from storage.documents.derived_session import MAIN, SUBAGENT
from storage.records.token_usage import TokenUsage
from tests.support.format_checks import check, check_every_prefix, check_mutations, shown
from tests.support.qwen_lines import FORMAT, NAME, SESSION_ID, Lines, call, response, text
from tests.support.stored_transcript import StoredTranscript

HOME = Path(__file__).parent / "home"


def fixture() -> StoredTranscript:
    [found] = FORMAT.find(HOME).transcripts
    return StoredTranscript.found(found)


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


def test_a_subagent_is_a_session_of_its_own() -> None:
    name = f"projects/-home-dev-shop/subagents/{SESSION_ID}/agent-explore-1.jsonl"
    lines = Lines().add("user", "u1", [text("Look")], isSidechain=True, agentId="explore-1", agentName="Explore")
    tokens = {"promptTokenCount": 1, "candidatesTokenCount": 2}
    lines.add("assistant", "a1", [text("I look.")], isSidechain=True, usageMetadata=tokens)
    lines.add("assistant", "a2", [call("c1")], isSidechain=True).add("assistant", "a3", [call("c2")], isSidechain=True)
    lines.add("tool_result", "t1", [response("c1")], isSidechain=True)
    meta = orjson.dumps({"description": "Look around", "parentAgentId": None, "agentType": "explore", "model": "q3"})
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
    assert session.model == session.messages[1].model == "q3"
    assert session.metadata["agent_name"] == "Explore"
    nested = StoredTranscript(
        name, transcript.data, {name.replace(".jsonl", ".meta.json"): b'{"parentAgentId":"root-1"}'}
    )  # fmt: skip
    session = FORMAT.derive([nested])
    assert session is not None
    assert session.parent_id == f"{SESSION_ID}-root-1"


def test_a_copy_of_the_same_lines_changes_nothing() -> None:
    transcript = fixture()
    twice = FORMAT.derive([transcript, transcript])
    assert shown(twice) == shown(FORMAT.derive([transcript]))
