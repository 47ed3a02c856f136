"""Files are read in batches and in order, with the same result in this process and in a pool."""

import asyncio
import gc
import json
import os
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

import storage.documents.readers
from storage.documents.document import Document, drafts_of_all
from storage.documents.readers import BATCH_DOCUMENTS, BatchResult, FileBatch, RefusedFile, batches, read_batches
from storage.errors import ReaderEnded
from storage.search.index.pieces import encode_entry
from tests.support.documents import user, zagens


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.json"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """A batch and a half of documents; one file is not a session, and one is missing."""
    texts = [
        json.dumps(zagens(f"s{number}", messages=[user("readFile")])) for number in range(BATCH_DOCUMENTS * 3 // 2)
    ]
    found = [written(tmp_path, f"{number:03}", text) for number, text in enumerate(texts)]
    found[3].write_text("[]")
    found[BATCH_DOCUMENTS].unlink()
    return found


async def read(paths: list[Path], source: str | None = None) -> list[BatchResult]:
    async with aclosing(read_batches(paths, source)) as batches:
        return [batch async for batch in batches]


@pytest.mark.parametrize("pool_bytes", [0, 2**30])
async def test_documents_and_refusals_come_in_the_order_of_the_files(
    paths: list[Path], pool_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.documents.readers, "_POOL_BYTES", pool_bytes)

    results = await read(paths, "CODEWHALE")
    first, second = (result.files for result in results)

    for number, file in enumerate([*first, *second]):
        if number in (3, BATCH_DOCUMENTS):
            assert isinstance(file, RefusedFile)
        else:
            assert isinstance(file, Document)
            assert (file.id, file.source) == (f"s{number}", "CODEWHALE")
            assert file.transcript.entries == [encode_entry(["readFile"])]
    for result in results:
        documents = [file for file in result.files if isinstance(file, Document)]
        assert result.drafts == drafts_of_all(documents)
        assert sum(draft.size for draft in result.drafts) == 2 * len(documents)
    assert (len(first), len(second)) == (BATCH_DOCUMENTS, BATCH_DOCUMENTS // 2)
    refusals = [file.reason for file in (*first, *second) if isinstance(file, RefusedFile)]
    assert "a list" in refusals[0]
    assert "No such file" in refusals[1]


@pytest.mark.slow
async def test_drafts_are_the_same_in_either_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.documents.readers, "BATCH_DOCUMENTS", 1)
    monkeypatch.setattr(storage.documents.readers, "_POOL_BYTES", 0)
    monkeypatch.setattr(storage.documents.readers, "_cores", lambda: 2)
    texts = [json.dumps(zagens(f"s{number}", messages=[user(f"readFile {number}")])) for number in range(6)]
    paths = [written(tmp_path, f"{number:03}", text) for number, text in enumerate(texts)]
    made_here = 0
    with_drafts = BatchResult.with_drafts

    def counted(result: BatchResult) -> BatchResult:
        nonlocal made_here
        made_here += 1
        return with_drafts(result)

    monkeypatch.setattr(BatchResult, "with_drafts", counted)
    async with aclosing(read_batches(paths, None)) as results:
        async for result in results:
            assert result.drafts == drafts_of_all(result.documents)
            # Saving takes so long that the reader process gets ahead once it runs.
            await asyncio.sleep(0.3)
    assert 1 <= made_here < 6


def test_batches_are_bounded_by_bytes_and_a_large_file_is_a_batch_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.documents.readers, "BATCH_BYTES", 10)
    a, b, c, d = (written(tmp_path, name, "x" * size) for name, size in (("a", 4), ("b", 6), ("c", 50), ("d", 1)))

    assert list(batches([a, b, c, d])) == [FileBatch([a, b], 10), FileBatch([c], 50), FileBatch([d], 1)]
    assert list(batches([])) == []


class _Deadly:
    """Stands for a file that takes all memory: the process that unpickles it exits."""

    def __reduce__(self) -> tuple[Callable[[int], Any], tuple[int]]:
        return os._exit, (9,)

    def stat(self) -> os.stat_result:
        raise OSError


async def test_a_reader_process_that_dies_raises_reader_ended_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(storage.documents.readers, "_POOL_BYTES", 0)
    monkeypatch.setattr(storage.documents.readers, "BATCH_DOCUMENTS", 1)

    with pytest.raises(ReaderEnded, match="import again"):
        await read([_Deadly(), _Deadly(), _Deadly()])  # type: ignore[list-item]  # Must not be real files.

    gc.collect()
    assert caplog.records == []
