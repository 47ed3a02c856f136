"""Where transcripts lie."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from storage.documents.formats.claude_code import layout
from storage.records.identifier import is_id
from tests.support.claude_code import FOLDER, FORMAT, NAME, OTHER_SESSION, SESSION

AGENT = f"{FOLDER}/subagents/agent-a1.jsonl"
NESTED = f"{FOLDER}/subagents/workflows/run_1/agent-b2.jsonl"
OLD_AGENT = "projects/-home-dev-shop/agent-0fcdc4af.jsonl"
OUTPUT = f"{FOLDER}/tool-results/b1.txt"
PICTURE = f"{FOLDER}/tool-results/mcp-resource-1796060969877-0-ia613s.png"
TITLE = f"{FOLDER}/custom-title.json"


def write(home: Path, *names: str) -> None:
    for name in names:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}\n")


def names(home: Path) -> list[str]:
    return [found.name for found in FORMAT.find(home).transcripts]


def test_sessions_and_subagents_are_found_sorted_by_name(tmp_path: Path) -> None:
    write(tmp_path, NESTED, OLD_AGENT, AGENT, NAME)

    found = FORMAT.find(tmp_path)

    assert [transcript.name for transcript in found.transcripts] == sorted([NESTED, OLD_AGENT, AGENT, NAME])
    assert all(transcript.path == tmp_path / transcript.name for transcript in found.transcripts)
    assert found.passed_over == 0


def test_the_files_that_belong_to_a_transcript_are_its_companions(tmp_path: Path) -> None:
    meta = AGENT.replace(".jsonl", ".meta.json")
    write(tmp_path, NAME, AGENT, meta, OUTPUT, PICTURE, TITLE)

    found = FORMAT.find(tmp_path)

    companions = {transcript.name: dict(transcript.companions) for transcript in found.transcripts}
    assert companions == {
        NAME: {name: tmp_path / name for name in (OUTPUT, PICTURE, TITLE)},
        AGENT: {meta: tmp_path / meta},
    }
    assert found.passed_over == 0


def test_everything_else_is_passed_over_and_counted(tmp_path: Path) -> None:
    others = [
        ".credentials.json",
        "history.jsonl",
        "projects/notes.txt",
        "projects/-home-dev-shop/title.jsonl",
        "projects/-home-dev-shop/memory/MEMORY.md",
        f"{FOLDER}/todo.json",
        f"{FOLDER}/subagents/workflows/run_1/journal.jsonl",
        f"{FOLDER}/tool-results/deeper/b1.txt",
        f"projects/-home-dev-shop/{OTHER_SESSION}/tool-results/b2.txt",
    ]
    write(tmp_path, NAME, *others)
    write(tmp_path, "plugins/cache/x.jsonl")

    found = FORMAT.find(tmp_path)

    assert [transcript.name for transcript in found.transcripts] == [NAME]
    assert not found.transcripts[0].companions
    assert found.passed_over == len(others)


def test_no_link_is_followed_and_nothing_but_files_is_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    write(outside, NAME, OUTPUT)
    home = tmp_path / "home"
    (home / "projects/-home-dev-shop").mkdir(parents=True)
    (home / "projects/linked").symlink_to(outside / "projects/-home-dev-shop")
    (home / NAME).symlink_to(outside / NAME)
    os.mkfifo(home / f"projects/-home-dev-shop/{OTHER_SESSION}.jsonl")

    found = FORMAT.find(home)

    assert (found.transcripts, found.passed_over) == ([], 3)


def test_a_home_that_is_itself_a_link_is_read(tmp_path: Path) -> None:
    write(tmp_path / "dotfiles", NAME)
    (tmp_path / ".claude").symlink_to(tmp_path / "dotfiles")

    assert names(tmp_path / ".claude") == [NAME]


@pytest.mark.parametrize("part", ["projects", "projects/-home-dev-shop", NAME])
def test_a_part_of_a_home_gives_the_same_names(tmp_path: Path, part: str) -> None:
    write(tmp_path, NAME, OUTPUT)

    found = FORMAT.find(tmp_path / part)

    assert [transcript.name for transcript in found.transcripts] == [NAME]
    assert list(found.transcripts[0].companions) == [OUTPUT]


def test_the_folder_of_a_session_gives_its_subagents(tmp_path: Path) -> None:
    write(tmp_path, AGENT, NAME)

    assert names(tmp_path / FOLDER) == [AGENT]


def test_a_folder_that_is_no_home_is_looked_through(tmp_path: Path) -> None:
    write(tmp_path, f"copies/{SESSION}.jsonl")

    assert names(tmp_path) == [f"copies/{SESSION}.jsonl"]


def test_a_missing_home_is_empty(tmp_path: Path) -> None:
    assert FORMAT.find(tmp_path / "missing") == ([], 0, [])


def test_a_folder_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, NAME, f"projects/closed/{OTHER_SESSION}.jsonl")
    scandir = os.scandir

    def closed(path: Path) -> Any:
        if path.name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)

    found = FORMAT.find(tmp_path)

    assert [transcript.name for transcript in found.transcripts] == [NAME]
    assert (found.passed_over, found.refused) == (0, [(tmp_path / "projects" / "closed", "Permission denied")])


def test_the_home_is_that_of_the_environment_or_of_the_user(tmp_path: Path) -> None:
    assert FORMAT.homes({}, tmp_path) == [tmp_path / ".claude"]
    assert FORMAT.homes({"CLAUDE_CONFIG_DIR": " "}, tmp_path) == [tmp_path / ".claude"]
    assert FORMAT.homes({"CLAUDE_CONFIG_DIR": "/a"}, tmp_path) == [Path("/a")]
    assert FORMAT.homes({"CLAUDE_CONFIG_DIR": "/a, /b,/a"}, tmp_path) == [Path("/a"), Path("/b")]


def test_a_home_with_a_comma_in_its_name_is_one_home(tmp_path: Path) -> None:
    home = tmp_path / "a,b"
    home.mkdir()

    assert FORMAT.homes({"CLAUDE_CONFIG_DIR": str(home)}, tmp_path) == [home]


@pytest.mark.parametrize("agent", ["agent-a1", "agent-x.y", "agent-" + "x" * 240])
def test_the_id_of_a_subagent_is_valid_and_its_own(agent: str) -> None:
    id = layout.subagent_id(SESSION, agent)

    assert is_id(id)
    assert id.startswith(SESSION)
    assert id != layout.subagent_id(SESSION, agent + "z")
