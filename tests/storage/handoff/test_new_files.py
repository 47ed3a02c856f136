"""Files of handoffs are written whole and at once, for their owner alone, and never over others."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.handoff.new_files import FileExists, UnsafePath, copy_new, place_of, write_new


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b.jsonl"

    write_new(place, b"x")

    assert place.read_bytes() == b"x"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert [path.name for path in place.parent.iterdir()] == ["b.jsonl"]


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_nothing_is_written_over(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "b.jsonl"
    if kind == "file":
        place.write_bytes(b"y")
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(FileExists):
        write_new(place, b"x")

    assert names(tmp_path) == ["b.jsonl"]


async def test_a_file_that_appears_meanwhile_stays(tmp_path: Path) -> None:
    place = tmp_path / "b.jsonl"

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"
        place.write_bytes(b"y")
        yield b"x"

    with pytest.raises(FileExists):
        await copy_new(place, pieces())

    assert place.read_bytes() == b"y"
    assert names(tmp_path) == ["b.jsonl"]


async def test_a_file_whose_content_fails_is_not_written(tmp_path: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await copy_new(tmp_path / "b.jsonl", pieces())

    assert names(tmp_path) == []


@pytest.mark.parametrize("path", ["../a", "/a", "a/../../b", "", "a\\..\\b", "C:/a", "./a"])
def test_paths_stay_below_the_home(tmp_path: Path, path: str) -> None:
    if path == "./a":
        assert place_of(tmp_path, path) == tmp_path / "a"
        return
    with pytest.raises(UnsafePath):
        place_of(tmp_path, path)
