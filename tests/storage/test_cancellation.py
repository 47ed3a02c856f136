"""Work in threads ends soon after its request: each kind of work that takes long is seen to stop."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from storage.archive.byte_lines import ByteLines
from storage.archive.chunk import make_chunks
from storage.cancellation import WorkCancelled, check_cancelled, run_in_cancellable_thread
from storage.database.database import Database
from storage.documents.derived_session import DerivedMessage
from storage.documents.formats import read_document
from storage.json_codec import storable
from storage.records.searched_text import searched_texts
from storage.records.stored_blocks import read_blocks
from storage.search.index.drafts import draft_encoded
from storage.search.index.pieces import encode_entry
from storage.transcripts.derived_rows import build_rows
from storage.transcripts.given_imports import import_given
from tests.support.documents import text, user, zagens

PATIENCE = 30
MESSAGE = DerivedMessage("USER", b"", lambda: [text("Ask")])


class Endless(list[Any]):
    """A list that has no end. `begun` is set once it is read, `ended` once it is no longer read."""

    def __init__(self, item: object, begun: threading.Event, ended: threading.Event | None = None) -> None:
        super().__init__([item])
        self._begun = begun
        self._ended = ended or threading.Event()

    def __iter__(self) -> Iterator[Any]:
        try:
            while True:
                yield self[0]
        finally:
            self._ended.set()

    def __len__(self) -> int:
        return 2**40

    def __getitem__(self, index: Any) -> Any:
        self._begun.set()
        return super().__getitem__(0)


def endless_bytes(begun: threading.Event) -> Callable[[int, int], bytes]:
    def read(start: int, count: int) -> bytes:
        begun.set()
        return b"{}\n" * (count // 3)

    return read


WORK: dict[str, Callable[[threading.Event], object]] = {
    "storable text": lambda begun: storable(Endless({}, begun)),
    "lists in lists": lambda begun: storable(Endless([], begun)),
    "a document": lambda begun: read_document({**zagens("s"), "messages": Endless(user("Ask"), begun)}),
    "searched texts": lambda begun: searched_texts(Endless(read_blocks([text(" ")])[0], begun)),
    "drafts": lambda begun: draft_encoded(Endless(encode_entry(["word " * 10_000]), begun)),
    "lines": lambda begun: sum(1 for _ in ByteLines(endless_bytes(begun), 2**60).lines()),
    "chunks": lambda begun: sum(1 for _ in make_chunks(endless_bytes(begun), 0, 2**60)),
    "rows": lambda begun: list(build_rows(Endless(MESSAGE, begun), Endless(b"", begun), Endless(0, begun), 0, 1000)),
}


@pytest.mark.parametrize("kind", WORK)
async def test_work_stops_when_its_task_is_cancelled(kind: str) -> None:
    begun, ended = threading.Event(), threading.Event()

    def work() -> None:
        with pytest.raises(WorkCancelled):
            WORK[kind](begun)
        ended.set()

    task = asyncio.create_task(run_in_cancellable_thread(work))
    assert await asyncio.to_thread(begun.wait, PATIENCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, PATIENCE)


async def test_reading_an_imported_document_stops_with_the_import() -> None:
    begun, ended = threading.Event(), threading.Event()
    document = {**zagens("s"), "messages": Endless(user("Ask"), begun, ended)}
    # It does not get as far as the database.
    task = asyncio.create_task(import_given(cast("Database", None), document, None, None))
    assert await asyncio.to_thread(begun.wait, PATIENCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, PATIENCE)


async def test_work_that_is_not_cancelled_continues() -> None:
    check_cancelled()

    def work(number: int) -> int:
        check_cancelled()
        return number

    assert await run_in_cancellable_thread(work, 1) == 1
    check_cancelled()
