"""What every resolver is given: the database, and loaders that turn many small reads into one statement.

The loaders keep nothing: one set serves the whole process, and what is read is what is committed.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import NamedTuple, TypeVar

from strawberry.dataloader import DataLoader

from storage.database import Database
from storage.message import MessageRow, Transcript, message_pages, messages_at
from storage.page import Page, PageRequest
from storage.resume_task import ResumeTaskRow, queue_positions, resume_tasks_by_thread
from storage.search.query import Clause
from storage.search.score import scores
from storage.session import SessionRow, sessions_by_id
from storage.thread import ThreadEventRow, ThreadRow, thread_events, threads_by_id
from storage.thread_item import ThreadItemRow, TurnKey, item_pages
from storage.turn import TurnRow, turn_pages

Row = TypeVar("Row")
Subject = TypeVar("Subject", bound=Hashable)
Shape = TypeVar("Shape", bound=Hashable)

MOST_KEYS = 500


class MessagesShape(NamedTuple):
    """Which page of a transcript."""

    request: PageRequest
    roles: tuple[str, ...] | None


class EventsShape(NamedTuple):
    """Which entries of a log."""

    since_seq: int
    size: int


class Loader(DataLoader[Subject, Row]):
    """Keys that are asked for at about the same time are read together, whoever asks.

    Who gives up waiting does not give up for the others; a reading that nobody waits for any more is cancelled.
    """

    def __init__(self, load: Callable[[list[Subject]], Awaitable[Sequence[Row | BaseException]]]) -> None:
        super().__init__(load, cache=False, max_batch_size=MOST_KEYS)

    def load(self, key: Subject) -> Awaitable[Row]:
        # A batch that everybody left is cancelled before it is read: who joined it now would wait for ever.
        if self.batch is not None and all(task.future.cancelled() for task in self.batch.tasks):
            self.batch = None
        return super().load(key)


class Context:
    """Handed to each resolver as `info.context`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.sessions: Loader[str, SessionRow | None] = _by_id(database, sessions_by_id)
        self.threads: Loader[str, ThreadRow | None] = _by_id(database, threads_by_id)
        self.resume_tasks: Loader[str, ResumeTaskRow | None] = _by_id(database, resume_tasks_by_thread)
        self.queue_positions: Loader[str, int | None] = _by_id(database, queue_positions)
        self.messages: Loader[tuple[Transcript, MessagesShape], Page[MessageRow]] = _by_shape(self._messages)
        self.messages_at: Loader[tuple[str, int], MessageRow | None] = _by_id(database, messages_at)
        self.scores: Loader[tuple[int, tuple[Clause, ...]], float] = _by_shape(self._scores)
        self.turns: Loader[tuple[str, PageRequest], Page[TurnRow]] = _by_shape(self._turns)
        self.events: Loader[tuple[str, EventsShape], list[ThreadEventRow]] = _by_shape(self._events)
        self.items: Loader[tuple[TurnKey, PageRequest], Page[ThreadItemRow]] = _by_shape(self._items)

    async def _messages(self, transcripts: Sequence[Transcript], shape: MessagesShape) -> list[Page[MessageRow]]:
        return await message_pages(self.database, transcripts, shape.request, shape.roles)

    async def _scores(self, part_ids: Sequence[int], clauses: tuple[Clause, ...]) -> list[float]:
        score_of = await scores(self.database, clauses, part_ids)
        return [score_of.get(part_id, 0.0) for part_id in part_ids]

    async def _turns(self, thread_ids: Sequence[str], request: PageRequest) -> list[Page[TurnRow]]:
        return await turn_pages(self.database, thread_ids, request)

    async def _events(self, thread_ids: Sequence[str], shape: EventsShape) -> list[list[ThreadEventRow]]:
        events = await thread_events(self.database, thread_ids, shape.since_seq, shape.size)
        return [events[thread_id] for thread_id in thread_ids]

    async def _items(self, turns: Sequence[TurnKey], request: PageRequest) -> list[Page[ThreadItemRow]]:
        return await item_pages(self.database, turns, request)


def _by_id(
    database: Database, read: Callable[[Database, Sequence[Subject]], Awaitable[dict[Subject, Row]]]
) -> Loader[Subject, Row | None]:
    async def load(ids: list[Subject]) -> list[Row | None]:
        rows = await read(database, list(dict.fromkeys(ids)))
        return [rows.get(id) for id in ids]

    return Loader(load)


def _by_shape(
    read: Callable[[Sequence[Subject], Shape], Awaitable[list[Row]]],
) -> Loader[tuple[Subject, Shape], Row]:
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

    return Loader(load)
