"""Gemini CLI's checkpoints, which are saved by `/chat save` and have neither ids nor times."""

from pathlib import Path
from typing import Any

import orjson

from storage.documents.derived_session import MAIN, DerivedSession
from storage.documents.formats.gemini.gemini_format import GeminiFormat
from tests.support.format_checks import check, check_mutations, shown
from tests.support.stored_transcript import StoredTranscript

FORMAT = GeminiFormat()
NAME = "tmp/shop/checkpoint-prices%2F%C3%A9%20one.json"
ROOT = {"tmp/shop/.project_root": b"/home/dev/shop"}
CALL = {"id": "call_1", "name": "run_shell_command", "args": {"command": "cat prices.txt"}}
ANSWER = {"id": "call_1", "name": "run_shell_command", "response": {"output": "Mint tea 2"}}
HISTORY: list[dict[str, Any]] = [
    {"role": "user", "parts": [{"text": "<session_context>\nToday is Sunday."}, {"text": "What does mint tea cost?"}]},
    {"role": "model", "parts": [{"text": "I look."}, {"functionCall": CALL}]},
    {"role": "user", "parts": [{"functionResponse": ANSWER}]},
    {"role": "model", "parts": [{"text": "It costs 2."}]},
]
CHECKPOINT = {"history": HISTORY, "authType": "gemini-api-key"}


def stored(document: Any = CHECKPOINT, name: str = NAME, companions: dict[str, bytes] = ROOT) -> StoredTranscript:
    # The program indents what it writes.
    return StoredTranscript(name, orjson.dumps(document, option=orjson.OPT_INDENT_2), companions)


def derive(transcript: StoredTranscript) -> DerivedSession:
    session = FORMAT.derive([transcript])
    check(session)
    assert session is not None
    return session


def test_a_checkpoint_is_a_session_with_the_name_that_the_person_gave() -> None:
    transcript = stored()
    session = derive(transcript)

    assert shown(session) == [
        ("USER", ["text: <session_context>\nToday is Sunday.", "text: What does mint tea cost?"]),
        ("ASSISTANT", ["text: I look.", 'call run_shell_command: {"command":"cat prices.txt"}']),
        ("TOOL", ["result call_1: Mint tea 2"]),
        ("ASSISTANT", ["text: It costs 2."]),
    ]
    assert list(session.live) == [0, 1, 2, 3]
    assert (session.title, session.first_prompt) == ("prices/é one", "What does mint tea cost?")
    assert (session.kind, session.workspace) == (MAIN, "/home/dev/shop")
    assert session.created_at == session.updated_at == transcript.modified_at
    assert session.metadata == {"checkpoint": "prices/é one", "authType": "gemini-api-key"}


def test_a_checkpoint_that_is_saved_again_is_the_same_session_and_those_of_other_places_are_not() -> None:
    longer = [*HISTORY, {"role": "user", "parts": [{"text": "And black tea?"}]}]
    ids = [
        FORMAT.session_id(stored()),
        FORMAT.session_id(stored({"history": longer})),
        FORMAT.session_id(stored(name="tmp/shop/checkpoint-two.json")),
        FORMAT.session_id(stored(companions={"tmp/shop/.project_root": b"/home/dev/other"})),
    ]

    assert derive(stored()).id == ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(session_id is not None and session_id.endswith("-checkpoint") for session_id in ids)


def test_old_versions_wrote_the_history_alone_and_one_checkpoint_a_project() -> None:
    session = derive(stored(HISTORY, "tmp/5ed3/checkpoint.json", {}))

    assert len(session.messages) == 4
    assert (session.title, session.workspace) == (None, "")


def test_a_content_of_an_unknown_role_is_kept() -> None:
    session = derive(stored({"history": [*HISTORY, {"role": "narrator", "parts": [{"text": "Night falls."}]}]}))

    assert session.messages[-1].role == "SYSTEM"
    assert "Night falls." in str(session.messages[-1].build())
    assert 4 not in session.live


def test_a_file_without_a_history_is_no_session() -> None:
    documents: list[Any] = [{}, {"history": []}, [], "text", None, {"history": "text"}]
    for document in documents:
        assert FORMAT.session_id(stored(document)) is None
        assert FORMAT.derive([stored(document)]) is None
    assert FORMAT.session_id(StoredTranscript(NAME, b'{"history": [')) is None


def test_strange_values_derive() -> None:
    check_mutations(FORMAT, StoredTranscript(NAME, orjson.dumps(CHECKPOINT) + b"\n", ROOT))


def test_finds_the_checkpoints_of_projects_and_not_those_of_calls(tmp_path: Path) -> None:
    project = tmp_path / ".gemini" / "tmp" / "shop"
    (project / "checkpoints").mkdir(parents=True)
    (project / "checkpoints" / "2026-11-28T06_00_00-a.txt-write_file.json").write_text("{}")
    (project / "checkpoint-one.json").write_text("{}")
    (project / ".project_root").write_text("/home/dev/shop")
    (tmp_path / ".gemini" / "checkpoint-two.json").write_text("{}")

    found = FORMAT.find(tmp_path / ".gemini")

    [checkpoint] = found.transcripts
    assert (checkpoint.name, checkpoint.is_rewritten) == ("tmp/shop/checkpoint-one.json", True)
    assert list(checkpoint.companions) == ["tmp/shop/.project_root"]
