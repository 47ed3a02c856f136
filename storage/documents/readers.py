"""Documents read from files in batches, ahead of who saves them: by processes of their own when there are many.

Reading a document and finding its words takes longer than saving it, and Python does one thing at a time in a process.
"""

import asyncio
import contextlib
import functools
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple

from storage.documents.document import Document, drafts_of_all
from storage.documents.document_files import read_file
from storage.errors import InvalidDocument, InvalidId, ReaderEnded
from storage.search.index.drafts import Draft

BATCH_DOCUMENTS = 500
BATCH_BYTES = 16 * 2**20
"""Bytes of files in a batch, unless one alone has more; they take a fraction of a second to save.

What is indexed of so many of text makes a full segment, which is merged with no other.
"""

_AHEAD_BYTES = 4 * BATCH_BYTES
# Fewer bytes than this are read in less time than processes take to start.
_POOL_BYTES = 24 * 2**20


class FileBatch(NamedTuple):
    """Files to be read together, and how many bytes they have."""

    paths: list[Path]
    size: int


class RefusedFile(NamedTuple):
    """Why a file holds no session document."""

    reason: str


class BatchResult(NamedTuple):
    """What is in each file of a batch, and the drafts of all its documents together."""

    found: list[Document | RefusedFile]
    drafts: list[Draft]

    @property
    def documents(self) -> list[Document]:
        """Those of the files that hold one."""
        return [one for one in self.found if isinstance(one, Document)]

    def drafted(self) -> "BatchResult":
        """With its drafts."""
        return self._replace(drafts=drafts_of_all(self.documents))


def batches(paths: Iterable[Path]) -> Iterator[FileBatch]:
    """The files in order, parted by their number and size."""
    batch = FileBatch([], 0)
    for path in paths:
        size = _size(path)
        if batch.paths and (len(batch.paths) == BATCH_DOCUMENTS or batch.size + size > BATCH_BYTES):
            yield batch
            batch = FileBatch([], 0)
        batch = FileBatch([*batch.paths, path], batch.size + size)
    if batch.paths:
        yield batch


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        # Reading it will tell why.
        return 0


def read_batch(paths: list[Path], source: str | None, *, drafts: bool = True) -> BatchResult:
    """What is in these files, without the drafts where they are made elsewhere."""
    found: list[Document | RefusedFile] = []
    for path in paths:
        try:
            found.append(read_file(path, source))
        except (InvalidDocument, InvalidId, OSError) as error:
            found.append(RefusedFile(str(error)))
    reading = BatchResult(found, [])
    return reading.drafted() if drafts else reading


async def read_batches(paths: Iterable[Path], source: str | None) -> AsyncGenerator[BatchResult, None]:
    """What is in the files, batch by batch in order; a few batches are read ahead. Raises ReaderEnded."""
    waiting = deque(batches(paths))
    with _executor(sum(batch.size for batch in waiting)) as (executor, workers):
        reading: deque[tuple[asyncio.Future[BatchResult], int]] = deque()

        async def read(paths: list[Path], *, does_draft: bool) -> BatchResult:
            reads = functools.partial(read_batch, paths, source, drafts=does_draft)
            found = await asyncio.get_running_loop().run_in_executor(executor, reads)
            return found if does_draft else await asyncio.to_thread(found.drafted)

        try:
            is_ahead = False
            while waiting or reading:
                ahead = sum(size for _, size in reading)
                while waiting and len(reading) <= workers and (not reading or ahead + waiting[0].size <= _AHEAD_BYTES):
                    batch = waiting.popleft()
                    ahead += batch.size
                    # Whoever of a process that reads and the one that saves has the time to spare makes the drafts.
                    found = read(batch.paths, does_draft=workers > 1 or is_ahead)
                    reading.append((asyncio.create_task(found), batch.size))
                first, _ = reading.popleft()
                is_ahead = first.done()
                yield await first
        except BrokenProcessPool:
            raise ReaderEnded(
                "A process that reads documents was ended, perhaps because memory ran out. What is saved stays; "
                "import again for the rest."
            ) from None
        finally:
            # Of what is not read any more nothing is told.
            for future, _ in reading:
                future.cancel()
            await asyncio.gather(*(future for future, _ in reading), return_exceptions=True)


@contextlib.contextmanager
def _executor(size: int) -> Iterator[tuple[Executor, int]]:
    """What reads so many bytes, and how many batches it reads at a time."""
    workers = max(1, _cores() - 1)
    executor: Executor
    if size < _POOL_BYTES:
        workers = 1
        executor = ThreadPoolExecutor(workers)
    else:
        # Not forked: this process has threads.
        context = multiprocessing.get_context("spawn")
        executor = ProcessPoolExecutor(workers, mp_context=context, initializer=begin_process)
    try:
        yield executor, workers
    finally:
        executor.shutdown(cancel_futures=True)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def begin_process() -> None:
    """What a process that reads does first."""
    # An interrupt from the keyboard is for the process that reads for somebody, which then ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
