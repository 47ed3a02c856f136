"""The default task type of a directory."""

from pathlib import Path

import pytest

from storage.resume import workspace
from storage.resume.workspace import default_task_type

BUILD_FILES = "Cargo.toml package.json pnpm-lock.yaml yarn.lock go.mod pyproject.toml requirements.txt .git".split()
ENDINGS = ".rs .ts .tsx .js .jsx .py .go .java .kt .c .cpp .h .hpp .cs .rb .php .swift .toml".split()


def touched(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@pytest.mark.parametrize("name", BUILD_FILES)
def test_a_build_file_means_code(tmp_path: Path, name: str) -> None:
    touched(tmp_path / name)
    assert default_task_type(str(tmp_path)) == "CODE"


def test_a_git_folder_means_code(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert default_task_type(str(tmp_path)) == "CODE"


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_source_file_means_code(tmp_path: Path, ending: str) -> None:
    touched(tmp_path / f"notes{ending}")
    assert default_task_type(str(tmp_path)) == "CODE"


@pytest.mark.parametrize("name", ["report.docx", "table.xlsx", "slides.pdf", "readme.md", "py", "main.pyc", "a.c.txt"])
def test_other_files_mean_office(tmp_path: Path, name: str) -> None:
    touched(tmp_path / "2026" / name)
    assert default_task_type(str(tmp_path)) == "OFFICE"


@pytest.mark.parametrize(("place", "expected"), [("a/x.py", "CODE"), ("a/b/x.py", "CODE"), ("a/b/c/x.py", "OFFICE")])
def test_source_files_count_down_to_a_depth_of_two(tmp_path: Path, place: str, expected: str) -> None:
    touched(tmp_path / place)
    assert default_task_type(str(tmp_path)) == expected


@pytest.mark.parametrize("folder", ["node_modules", "target", "dist", "a/node_modules"])
def test_build_folders_are_skipped(tmp_path: Path, folder: str) -> None:
    touched(tmp_path / folder / "x.js")
    assert default_task_type(str(tmp_path)) == "OFFICE"


def test_a_folder_named_like_a_source_file_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "archive.py").mkdir()
    assert default_task_type(str(tmp_path)) == "OFFICE"


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "self.py").symlink_to(tmp_path / "self.py")
    assert default_task_type(str(tmp_path)) == "OFFICE"


def test_a_link_to_another_folder_is_not_followed(tmp_path: Path) -> None:
    touched(tmp_path / "elsewhere" / "x.py")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert default_task_type(str(tmp_path / "work")) == "OFFICE"


def test_parts_of_a_path_may_lead_up(tmp_path: Path) -> None:
    touched(tmp_path / "code" / "x.py")
    (tmp_path / "office").mkdir()
    assert default_task_type(str(tmp_path / "office" / ".." / "code")) == "CODE"
    assert default_task_type(str(tmp_path / "code" / ".." / "office")) == "OFFICE"


@pytest.mark.parametrize("path", ["", ".", "..", "tests", "/nowhere/at/all", "/\0", "C:\\work", "/" + "x" * 5_000])
def test_an_unreadable_path_means_office(path: str) -> None:
    assert default_task_type(path) == "OFFICE"


def test_a_file_in_place_of_a_folder_means_office(tmp_path: Path) -> None:
    touched(tmp_path / "x.py")
    assert default_task_type(str(tmp_path / "x.py")) == "OFFICE"


def test_the_number_of_entries_read_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "_MOST_ENTRIES", 50)
    for number in range(50):
        touched(tmp_path / f"{number}.txt")
    touched(tmp_path / "deep" / "x.py")
    assert default_task_type(str(tmp_path)) == "OFFICE"
