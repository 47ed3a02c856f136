"""OpenCode's sessions are found in its homes: in its database, and in the JSON files of older versions."""

import sqlite3
from pathlib import Path

import orjson

from tests.support.format_checks import shown
from tests.support.opencode_sessions import FORMAT, text
from tests.support.stored_transcript import StoredTranscript

SESSION_ID = "ses_ddf2cd0aaffeJh9chseJaTFwHs"


def test_homes() -> None:
    assert FORMAT.homes({}, Path("/home/dev")) == [Path("/home/dev/.local/share/opencode")]
    data = {"XDG_DATA_HOME": "/data"}
    assert FORMAT.homes(data, Path("/home/dev")) == [Path("/data/opencode")]
    for named, more in {
        "": [],
        ":memory:": [],
        "opencode-next.db": [],
        "work.db": [Path("/data/opencode/work.db")],
        "/tea/opencode.db": [Path("/tea/opencode.db")],
    }.items():
        assert FORMAT.homes({**data, "OPENCODE_DB": named}, Path("/home/dev")) == [Path("/data/opencode"), *more]


def test_passes_over_what_is_no_database_of_sessions(home: Path) -> None:
    (home / "auth.json").write_text("{}")
    (home / "opencode-broken.db").write_bytes(b"not a database" * 100)
    sqlite3.connect(home / "opencode-empty.db").close()
    (home / "opencode-link.db").symlink_to(home / "opencode.db")
    (home / "opencode-next.db").write_bytes((home / "opencode.db").read_bytes())
    found = FORMAT.find(home)
    assert [transcript.name for transcript in found.transcripts] == [f"opencode.db/{SESSION_ID}"]
    assert found.passed_over == 3
    assert FORMAT.find(home / "none").transcripts == []


def test_a_fork_of_the_program_names_its_database_after_itself(home: Path) -> None:
    (home / "opencode.db").rename(home / "kilo.db")
    sqlite3.connect(home / "cache.db").close()
    found = FORMAT.find(home)
    assert [transcript.name for transcript in found.transcripts] == [f"kilo.db/{SESSION_ID}"]
    assert found.passed_over == 1


def test_databases_of_other_names_beside_that_of_the_program_are_copies(home: Path) -> None:
    (home / "copy.db").write_bytes((home / "opencode.db").read_bytes())
    assert [found.name for found in FORMAT.find(home).transcripts] == [f"opencode.db/{SESSION_ID}"]


def write_files(home: Path, session_id: str) -> None:
    files = {
        f"session/global/{session_id}": {
            "title": "Old",
            "directory": "/home/dev/shop",
            "time": {"created": 1795847040000},
        },
        f"message/{session_id}/msg_2": {"role": "assistant", "time": {"created": 1795847042000}, "modelID": "m"},
        f"message/{session_id}/msg_1": {"role": "user", "time": {"created": 1795847041000}},
        "part/msg_1/prt_1": text("Hi"),
        "part/msg_2/prt_3": text("there"),
        "part/msg_2/prt_2": text("Hello"),
    }
    for name, value in files.items():
        path = home / "storage" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(value))


def test_files_of_older_versions(tmp_path: Path) -> None:
    write_files(tmp_path, "ses_old")
    [found] = FORMAT.find(tmp_path).transcripts
    assert found.name == "storage/session/global/ses_old.json"
    session = FORMAT.derive([StoredTranscript.found(found)])
    assert shown(session) == [("USER", ["text: Hi"]), ("ASSISTANT", ["text: Hello", "text: there"])]
    assert session is not None
    assert (session.id, session.title) == ("ses_old", "Old")
    assert FORMAT.find(tmp_path).transcripts[0].fingerprint == found.fingerprint
    (tmp_path / "storage" / "part" / "msg_2" / "prt_4.json").write_bytes(orjson.dumps(text("!")))
    assert FORMAT.find(tmp_path).transcripts[0].fingerprint != found.fingerprint


def test_the_database_wins_over_the_files_of_the_same_session(home: Path) -> None:
    write_files(home, SESSION_ID)
    assert [found.name for found in FORMAT.find(home).transcripts] == [f"opencode.db/{SESSION_ID}"]
