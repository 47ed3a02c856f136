"""How rollouts are found below a home of Codex."""

import os
from pathlib import Path

import pytest
from zstandard import compress

from tests.support.rollouts import CODEX, THREAD, derive, header, said
from tests.support.stored_transcript import StoredTranscript

SEGMENT = "01a220d4-ffff-7ba2-b57f-45505d20b13b"
STEM = f"rollout-2026-11-28T06-25-09-{THREAD}"
DAY = "sessions/2026/11/28"


def put(home: Path, *names: str, data: bytes = b"{}\n") -> None:
    for name in names:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def test_the_environment_names_the_home() -> None:
    assert CODEX.homes({}, Path("/home/dev")) == [Path("/home/dev/.codex")]
    assert CODEX.homes({"CODEX_HOME": "/data/codex"}, Path("/home/dev")) == [Path("/data/codex")]
    assert CODEX.homes({"CODEX_HOME": "~/codex"}, Path("/home/dev")) == [Path("/home/dev/codex")]
    assert CODEX.homes({"CODEX_HOME": ""}, Path("/home/dev")) == [Path("/home/dev/.codex")]


def test_all_forms_of_names_are_found_and_the_rest_is_counted(tmp_path: Path) -> None:
    put(tmp_path, f"{DAY}/{STEM}.jsonl", f"{DAY}/{STEM}_{SEGMENT}.jsonl", f"archived_sessions/{STEM}.jsonl")
    put(tmp_path, f"{DAY}/{THREAD}.jsonl", f"{DAY}/notes.txt", "auth.json", "config.toml", "state_5.sqlite")
    put(tmp_path, "log/codex.log")
    found = CODEX.find(tmp_path)
    assert [transcript.name for transcript in found.transcripts] == [
        f"archived_sessions/{STEM}.jsonl",
        f"{DAY}/{STEM}.jsonl",
        f"{DAY}/{STEM}_{SEGMENT}.jsonl",
    ]
    assert all(transcript.path == tmp_path / transcript.name for transcript in found.transcripts)
    assert found.passed_over == 5


def test_a_compressed_rollout_is_the_transcript_of_the_plain_name(tmp_path: Path) -> None:
    put(tmp_path, f"{DAY}/{STEM}.jsonl.zst", data=compress(b"{}\n"))
    [compressed] = CODEX.find(tmp_path).transcripts
    assert (compressed.name, compressed.is_compressed) == (f"{DAY}/{STEM}.jsonl", True)
    # Until the plain file is removed, both lie side by side.
    put(tmp_path, f"{DAY}/{STEM}.jsonl")
    [plain] = CODEX.find(tmp_path).transcripts
    assert (plain.name, plain.is_compressed) == (compressed.name, False)


@pytest.mark.parametrize("place", ["sessions", DAY, f"{DAY}/{STEM}.jsonl"])
def test_a_part_of_a_home_gives_the_same_names(tmp_path: Path, place: str) -> None:
    put(tmp_path, f"{DAY}/{STEM}.jsonl")
    assert [transcript.name for transcript in CODEX.find(tmp_path / place).transcripts] == [f"{DAY}/{STEM}.jsonl"]


def test_loose_rollouts_are_found(tmp_path: Path) -> None:
    put(tmp_path, f"saved/{STEM}.jsonl", "saved/readme.txt")
    found = CODEX.find(tmp_path)
    assert ([transcript.name for transcript in found.transcripts], found.passed_over) == ([f"saved/{STEM}.jsonl"], 1)
    [alone] = CODEX.find(tmp_path / "saved" / f"{STEM}.jsonl").transcripts
    assert alone.name == f"{STEM}.jsonl"


def test_links_pipes_and_missing_folders_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path / "outside", f"{STEM}.jsonl")
    home = tmp_path / "home"
    (home / "sessions").mkdir(parents=True)
    (home / "sessions" / "linked").symlink_to(tmp_path / "outside")
    (home / "sessions" / f"{STEM}.jsonl").symlink_to(tmp_path / "outside" / f"{STEM}.jsonl")
    os.mkfifo(home / "sessions" / f"{STEM}_{SEGMENT}.jsonl")
    assert CODEX.find(home).transcripts == []
    assert CODEX.find(tmp_path / "nowhere").transcripts == []


def test_the_last_name_that_a_person_gave_is_the_title(tmp_path: Path) -> None:
    put(tmp_path, f"{DAY}/{STEM}.jsonl")
    lines = [
        f'{{"id": "{THREAD}", "thread_name": "First", "updated_at": "2026-11-28T06:30:00Z"}}',
        '{"id": "another", "thread_name": "Of another"}',
        "no JSON",
        f'{{"id": "{THREAD}", "thread_name": " Second ", "updated_at": "2026-11-28T06:31:00Z"}}',
        f'{{"id": "{THREAD}", "thread_name": "Half a',
    ]
    put(tmp_path, "session_index.jsonl", data="\n".join(lines).encode())
    [found] = CODEX.find(tmp_path).transcripts
    # Only the thread's own line belongs to it: the index tells of all threads.
    assert found.excerpts == {"session_index.jsonl": lines[3].encode() + b"\n"}
    transcript = StoredTranscript.of(found.name, header(), said("user", "One."), **dict.fromkeys(["x"], b""))
    assert derive(transcript).title is None
    named = StoredTranscript(found.name, transcript.data, found.excerpts)
    assert derive(named).title == "Second"


def test_credentials_and_databases_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, f"{DAY}/{STEM}.jsonl", "auth.json", "state_5.sqlite", "session_index.jsonl")
    opened: list[str] = []
    open_path = Path.open

    def note(path: Path, mode: str = "r") -> object:
        opened.append(path.name)
        return open_path(path, mode)

    monkeypatch.setattr(Path, "open", note)
    CODEX.find(tmp_path)
    assert opened == ["session_index.jsonl"]
