"""Which files below a folder are sessions, and which agent their folder is named after."""

import json
from pathlib import Path

import pytest

from storage.documents.document_files import FoundFiles, find_files, read_file
from storage.documents.formats.file_walk import LINK
from tests.support.documents import codewhale, zagens


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        (".zagens/sessions", "ZAGENS"),
        (".codewhale/sessions", "CODEWHALE"),
        ("zagens", "ZAGENS"),
        ("codewhale/zagens", "ZAGENS"),
        ("zagens/codewhale/a/b", "CODEWHALE"),
        ("elsewhere", "ZAGENS"),
    ],
)
def test_the_nearest_folder_named_after_an_agent_decides_the_source(tmp_path: Path, folder: str, source: str) -> None:
    path = tmp_path / folder / "s.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(zagens("s")), encoding="utf-8")

    assert read_file(path).source == source
    assert read_file(path, "CODEWHALE").source == "CODEWHALE"


def test_outside_of_such_folders_the_document_decides_the_source(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps(codewhale("s")), encoding="utf-8")

    assert read_file(path).source == "CODEWHALE"


def test_folders_are_walked_in_order_and_named_files_are_always_included(tmp_path: Path) -> None:
    kept = ["a.json", "b/c.json", "b/d.json", "z.json"]
    skipped = ["latest.json", "session_boot_owners.json", "b/checkpoints/e.json", "b/.f/g.json", ".h.json", "i.jsonl"]
    for name in kept + skipped:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    found = find_files([tmp_path, tmp_path / "latest.json"])

    names = ("a.json", "z.json", "b/c.json", "b/d.json", "latest.json")
    paths = [tmp_path / name for name in names]
    assert found == FoundFiles(paths, frozenset(paths[:-1]), [], 0)


def test_homes_are_walked_to_their_sessions_and_other_data_is_counted(tmp_path: Path) -> None:
    sessions = [".codewhale/sessions/s.json", ".deepseek/sessions/t.json", ".zagens/sessions/u.json"]
    others = [
        ".codewhale/settings.json",
        ".codewhale/tasks/1/task.json",
        ".codewhale/sessions/s/runtime/owner.json",
        ".codewhale/sessions/s/runtime/threads/thr_1.json",
        ".codewhale/sessions/runtime/threads/thr_2.json",
    ]
    for name in sessions + others:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    paths = [tmp_path / name for name in sessions]
    assert find_files([tmp_path]) == FoundFiles(paths, frozenset(paths), [], len(others))
    assert find_files([tmp_path / ".codewhale"]).paths == [tmp_path / sessions[0]]
    assert find_files([tmp_path / ".codewhale/sessions"]).paths == [tmp_path / sessions[0]]


def test_a_home_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere/sessions").mkdir(parents=True)
    (tmp_path / "elsewhere/sessions/s.json").touch()
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.codewhale").symlink_to(tmp_path / "elsewhere")

    found = find_files([tmp_path / "home"])
    assert (found.paths, found.refused) == ([], [(tmp_path / "home/.codewhale", LINK)])


def test_a_folder_of_sessions_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/s.json").touch()
    home = tmp_path / "home/.codewhale"
    home.mkdir(parents=True)
    (home / "sessions").symlink_to(tmp_path / "elsewhere")

    for path in (home, tmp_path / "home"):
        found = find_files([path])
        assert (found.paths, found.refused) == ([], [(home / "sessions", LINK)])
    assert find_files([home / "sessions"]).paths == [home / "sessions/s.json"]


@pytest.mark.parametrize("path", [".", "sessions/..", "../link"])
def test_a_home_is_recognized_however_its_path_is_spelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    home = tmp_path / ".codewhale"
    (home / "sessions").mkdir(parents=True)
    (home / "sessions/s.json").touch()
    (home / "settings.json").touch()
    (tmp_path / "link").symlink_to(home)
    monkeypatch.chdir(home)

    session = Path(path, "sessions/s.json")
    assert find_files([Path(path)]) == FoundFiles([session], frozenset([session]), [], 1)


def test_what_a_link_in_a_home_leads_to_is_not_counted(tmp_path: Path) -> None:
    (tmp_path / ".codewhale/sessions").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.json").touch()
    (tmp_path / ".codewhale/skills").symlink_to(tmp_path / "elsewhere")

    assert find_files([tmp_path / ".codewhale"]) == FoundFiles([], frozenset(), [], 0)
