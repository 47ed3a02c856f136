"""What every resolver is given: the database, and loaders that turn many small reads into one statement.

The loaders keep nothing: one set serves the whole process, and what is read is what is committed.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import NamedTuple, TypeVar

from strawberry.dataloader import DataLoader

from storage.database import Database
from storage.message import MessageRow, Transcript, message_pages
from storage.page import Page, PageRequest
from storage.resume_task import ResumeTaskRow, queue_positions, resume_tasks_by_thread
from storage.session import SessionRow, sessions_by_id
from storage.thread import ThreadRow, threads_by_id
from storage.thread_item import ThreadItemRow, TurnKey, item_pages

Row = TypeVar("Row")
Subject = TypeVar("Subject", bound=Hashable)
Shape = TypeVar("Shape", bound=Hashable)

MOST_KEYS = 500


class MessagesShape(NamedTuple):
    """Which page of a transcript."""

    request: PageRequest
    roles: tuple[str, ...] | None


class Context:
    """Handed to each resolver as `info.context`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.sessions: DataLoader[str, SessionRow | None] = _by_id(database, sessions_by_id)
        self.threads: DataLoader[str, ThreadRow | None] = _by_id(database, threads_by_id)
        self.resume_tasks: DataLoader[str, ResumeTaskRow | None] = _by_id(database, resume_tasks_by_thread)
        self.queue_positions: DataLoader[str, int | None] = _by_id(database, queue_positions)
        self.messages: DataLoader[tuple[Transcript, MessagesShape], Page[MessageRow]] = _by_shape(self._messages)
        self.items: DataLoader[tuple[TurnKey, PageRequest], Page[ThreadItemRow]] = _by_shape(self._items)

    async def _messages(self, transcripts: Sequence[Transcript], shape: MessagesShape) -> list[Page[MessageRow]]:
        return await message_pages(self.database, transcripts, shape.request, shape.roles)

    async def _items(self, turns: Sequence[TurnKey], request: PageRequest) -> list[Page[ThreadItemRow]]:
        return await item_pages(self.database, turns, request)


def _by_id(
    database: Database, read: Callable[[Database, Sequence[str]], Awaitable[dict[str, Row]]]
) -> DataLoader[str, Row | None]:
    async def load(ids: list[str]) -> list[Row | None]:
        rows = await read(database, list(dict.fromkeys(ids)))
        return [rows.get(id) for id in ids]

    return DataLoader(load, cache=False, max_batch_size=MOST_KEYS)


def _by_shape(
    read: Callable[[Sequence[Subject], Shape], Awaitable[list[Row]]],
) -> DataLoader[tuple[Subject, Shape], Row]:
    """Keys of one shape are read together; a shape that is refused fails its own keys only."""

    async def load(keys: list[tuple[Subject, Shape]]) -> list[Row | BaseException]:
        subjects: defaultdict[Shape, dict[Subject, None]] = defaultdict(dict)
        for subject, shape in keys:
            subjects[shape][subject] = None
        found: dict[tuple[Subject, Shape], Row | BaseException] = {}
        for shape, wanted in subjects.items():
            try:
                rows: Sequence[Row | BaseException] = await read(list(wanted), shape)
            except Exception as error:
                rows = [error] * len(wanted)
            found.update({(subject, shape): row for subject, row in zip(wanted, rows, strict=True)})
        return [found[key] for key in keys]

    return DataLoader(load, cache=False, max_batch_size=MOST_KEYS)
