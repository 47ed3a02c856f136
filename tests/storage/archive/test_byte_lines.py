"""Lines of transcripts, over files and over chunks."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import storage.archive.byte_lines
from storage.archive.byte_lines import ByteLines
from storage.archive.byte_sources import ChunkBytes, FileBytes, NotAFile, end_of_lines
from storage.archive.chunk import CHUNK_BYTES, chunk_digest, first_changed_chunk, make_chunks
from storage.compression import decompress


def reader(data: bytes) -> ByteLines:
    return ByteLines(lambda offset, count: data[offset : offset + count], len(data))


@given(st.binary(max_size=200).map(lambda data: data.replace(b"a", b"\n")), st.integers(1, 64))
def test_lines_and_their_offsets_do_not_depend_on_how_the_bytes_are_read(data: bytes, block: int) -> None:
    expected, offset = [], 0
    for line in data.split(b"\n"):
        if line not in (b"", b"\r"):
            expected.append((offset, line))
        offset += len(line) + 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage.archive.byte_lines, "_BLOCK_BYTES", block)
        patch.setattr(storage.archive.byte_lines, "_WINDOW_BYTES", block)
        lines = reader(data)
        assert list(lines.lines()) == expected
        assert [lines.line(offset) for offset, _ in expected] == [line for _, line in expected]
        assert [lines.line(offset) for offset, _ in reversed(expected)] == [line for _, line in reversed(expected)]


def test_a_line_of_many_blocks(tmp_path: Path) -> None:
    long = bytes(range(32, 127)) * 30_000
    path = tmp_path / "long"
    path.write_bytes(b"one\n" + long + b"\nthree")

    with FileBytes(path) as file:
        size = end_of_lines(file.read, file.stat.st_size)
        lines = ByteLines(file.read, size)
        assert size == len(long) + 5
        assert list(lines.lines()) == [(0, b"one"), (4, long)]
        assert lines.line(4) == long


def test_chunks_give_the_bytes_back_at_any_offset() -> None:
    data = b"".join(b"line %d\n" % number for number in range(300_000))
    chunks = {
        chunk.start: chunk for chunk in make_chunks(lambda offset, count: data[offset : offset + count], 0, len(data))
    }

    assert [chunk.size for chunk in chunks.values()] == [CHUNK_BYTES] * 3 + [len(data) % CHUNK_BYTES]
    assert b"".join(decompress(chunk.data) for chunk in chunks.values()) == data
    assert all(chunk.digest == chunk_digest(data[start : start + CHUNK_BYTES]) for start, chunk in chunks.items())
    read = ChunkBytes(lambda start: chunks[start].data).read
    for offset, count in ((0, 1), (CHUNK_BYTES - 1, 2), (5, 2 * CHUNK_BYTES), (len(data) - 3, 3), (0, len(data))):
        assert read(offset, count) == data[offset : offset + count]


def test_an_append_rewrites_the_last_chunk_alone() -> None:
    assert first_changed_chunk(0) == 0
    assert first_changed_chunk(CHUNK_BYTES - 1) == 0
    assert first_changed_chunk(CHUNK_BYTES) == CHUNK_BYTES
    assert first_changed_chunk(2 * CHUNK_BYTES + 7) == 2 * CHUNK_BYTES


def test_a_file_without_a_line_end_has_no_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "half"
    path.write_bytes(b"x" * 200_000)
    with FileBytes(path) as file:
        assert end_of_lines(file.read, file.stat.st_size) == 0


def test_a_file_that_is_cut_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "cut"
    path.write_bytes(b"0123456789")
    with FileBytes(path) as file:
        path.write_bytes(b"01")
        with pytest.raises(OSError, match="was cut"):
            file.read(0, 10)


def test_links_and_folders_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for name in ("link", "."):
        with pytest.raises(NotAFile):
            FileBytes(tmp_path / name)
