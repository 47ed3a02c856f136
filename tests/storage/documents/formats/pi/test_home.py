"""Where pi's sessions are found, and what is derived of those of the sample home."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.documents.derived_session import MAIN
from storage.documents.formats.file_walk import FileWalk
from storage.records.token_usage import TokenUsage
from tests.support.format_checks import check, check_every_prefix, check_mutations, shown
from tests.support.pi_entries import FORMAT, NAME, SESSION_ID
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


def test_files_in_the_root_of_the_file_system_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    file = Path("/2025-11-28T06-23-51-970Z_stray.jsonl")
    monkeypatch.setattr(FileWalk, "files", lambda _walk, folder, _depth: [file] if folder == file.parent else [])

    assert [transcript.path for transcript in FORMAT.find(file.parent).transcripts] == [file]


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
