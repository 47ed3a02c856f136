"""Batched, parallel reading of session files, ahead of the import that saves them.

Parsing and tokenizing a document takes longer than saving it, so large imports read in a pool of processes.
"""

import asyncio
import contextlib
import functools
import multiprocessing
import os
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple

from storage.documents.document import Document, drafts_of_all
from storage.documents.document_files import MAX_FILE_BYTES, read_file
from storage.documents.reader_process import initialize_process
from storage.errors import InvalidDocument, InvalidId, ReaderEnded
from storage.numpy_threads import without_numpy_threads
from storage.search.index.drafts import SegmentDraft

BATCH_DOCUMENTS = 500
BATCH_BYTES = 16 * 2**20
"""Largest total of file sizes in a batch; a larger file is a batch of its own.

So much text saves in a fraction of a second and makes a full search segment, which needs no compaction.
"""

_READ_AHEAD_BYTES = 4 * BATCH_BYTES
# Less than this is read in less time than a pool of processes takes to start.
_POOL_BYTES = 24 * 2**20


READER_ENDED = (
    "A reader process ended, perhaps because memory ran out. Sessions saved so far are kept; import again for the rest."
)


class FileBatch(NamedTuple):
    """Files that are read together, and their total size in bytes."""

    paths: list[Path]
    size: int


class RefusedFile(NamedTuple):
    """A file that was not imported, and why. `is_gone`: nothing is in its place any more."""

    reason: str
    is_gone: bool = False


class BatchResult(NamedTuple):
    """The content of a batch of files, in order, and the search drafts of all its documents together."""

    files: list[Document | RefusedFile]
    drafts: list[SegmentDraft]

    @property
    def documents(self) -> list[Document]:
        """The documents among the files."""
        return [file for file in self.files if isinstance(file, Document)]

    def with_drafts(self) -> "BatchResult":
        """A copy with the search drafts of its documents."""
        return self._replace(drafts=drafts_of_all(self.documents))


def batches(paths: Iterable[Path]) -> Iterator[FileBatch]:
    """Split files, in order, into batches bounded by count and size."""
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
        size = path.stat().st_size
    except OSError:
        # The read fails too, and reports the reason.
        return 0
    # A file that is too large is refused unread.
    return size if size <= MAX_FILE_BYTES else 0


def read_batch(paths: list[Path], source: str | None, *, drafts: bool = True) -> BatchResult:
    """Read the documents in these files, and draft their search segments if `drafts`."""
    files: list[Document | RefusedFile] = []
    for path in paths:
        try:
            files.append(read_file(path, source))
        except (InvalidDocument, InvalidId) as error:
            files.append(RefusedFile(str(error)))
        except OSError as error:
            # A link that leads nowhere is still there.
            is_gone = isinstance(error, FileNotFoundError) and not os.path.lexists(path)
            files.append(RefusedFile(error.strerror or str(error), is_gone))
    result = BatchResult(files, [])
    return result.with_drafts() if drafts else result


async def read_batches(paths: Iterable[Path], source: str | None) -> AsyncGenerator[BatchResult, None]:
    """Yield the content of the files batch by batch, in order, reading a few batches ahead. Raises ReaderEnded."""
    waiting = deque(batches(paths))
    with executor(sum(batch.size for batch in waiting)) as readers:
        reads: deque[tuple[asyncio.Future[BatchResult], int]] = deque()

        async def read(paths: list[Path], *, drafts_in_worker: bool) -> BatchResult:
            job = functools.partial(read_batch, paths, source, drafts=drafts_in_worker)
            result = await asyncio.get_running_loop().run_in_executor(readers.pool, job)
            return result if drafts_in_worker else await asyncio.to_thread(result.with_drafts)

        try:
            is_ahead = False
            while waiting or reads:
                size_ahead = sum(size for _, size in reads)
                while (
                    waiting
                    and len(reads) <= readers.workers
                    and (not reads or size_ahead + waiting[0].size <= _READ_AHEAD_BYTES)
                ):
                    batch = waiting.popleft()
                    size_ahead += batch.size
                    # The drafts are made by the side with time to spare: the worker, or this process.
                    task = asyncio.create_task(read(batch.paths, drafts_in_worker=readers.workers > 1 or is_ahead))
                    reads.append((task, batch.size))
                first, _ = reads.popleft()
                is_ahead = first.done()
                yield await first
        except BrokenProcessPool:
            raise ReaderEnded(READER_ENDED) from None
        finally:
            for future, _ in reads:
                future.cancel()
            # Retrieves the exceptions, which asyncio would log otherwise.
            await asyncio.gather(*(future for future, _ in reads), return_exceptions=True)


class Readers(NamedTuple):
    """An executor to read files with: how many batches it reads in parallel, and whether in other processes."""

    pool: Executor
    workers: int
    are_processes: bool


@contextlib.contextmanager
def executor(size: int, most_workers: int | None = None) -> Iterator[Readers]:
    """Readers of `size` bytes of files: processes, or a thread for a few bytes.

    With `most_workers` the processes leave no core to this one, which takes its share from all.
    """
    workers = max(1, _cores() - 1) if most_workers is None else min(_cores(), most_workers)
    pool: Executor
    if size < _POOL_BYTES:
        workers = 1
        pool = ThreadPoolExecutor(workers)
    else:
        # Not forked, since this process has threads.
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=initialize_process)
    try:
        with without_numpy_threads():
            yield Readers(pool, workers, isinstance(pool, ProcessPoolExecutor))
    finally:
        pool.shutdown(cancel_futures=True)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
