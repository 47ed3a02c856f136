"""What every resolver is given: the database, and loaders that turn many small reads into one statement.

The loaders keep nothing: one set serves the whole process, and what is read is what is committed.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar, cast

from strawberry.dataloader import DataLoader

from storage.database.database import Database
from storage.database.row_types import Wanted
from storage.records.message import MessageRow, Transcript, message_pages, messages_at
from storage.records.page import Page, PageRequest
from storage.records.resume_task import ResumeTaskRow, queue_positions, resume_tasks_by_thread
from storage.records.session import SessionRow, sessions_by_id
from storage.records.thread import ThreadEventRow, ThreadRow, thread_events, threads_by_id
from storage.records.thread_item import ThreadItemRow, TurnKey, item_pages
from storage.records.turn import TurnRow, turn_pages
from storage.search.query.clauses import Clause
from storage.search.query.entry_texts import Place, read_scores

__all__ = ["Context", "Loader", "Loads", "Read", "Wanted"]

Row = TypeVar("Row")
Key = TypeVar("Key", bound=Hashable)
Subject = TypeVar("Subject", bound=Hashable)
Shape = TypeVar("Shape", bound=Hashable)

Read: TypeAlias = Callable[[list[Any]], Awaitable[Sequence[Any]]]
"""Reads many keys at once: for each a row, or the exception that it fails with."""

MOST_KEYS = 500


class Loads(Protocol):
    """Gives what belongs to a key, read together with that of other keys."""

    def load(self, key: Any) -> Awaitable[Any]:
        """What belongs to a key, once it is awaited."""


class MessagesShape(NamedTuple):
    """Which page of a transcript, and what of its rows."""

    request: PageRequest
    roles: tuple[str, ...] | None
    wanted: Wanted


class EventsShape(NamedTuple):
    """Which entries of a log, and what of them and of the items that they are about."""

    since_seq: int
    size: int
    wanted: Wanted
    item_wanted: Wanted


class PageShape(NamedTuple):
    """Which page, and what of its rows."""

    request: PageRequest
    wanted: Wanted


class Loader(DataLoader[Key, Row]):
    """Keys that are asked for at about the same time are read together, whoever asks.

    Who gives up waiting does not give up for the others; a reading that nobody waits for any more is cancelled.
    """

    def __init__(self, read: Callable[[list[Key]], Awaitable[Sequence[Row | BaseException]]]) -> None:
        super().__init__(read, cache=False, max_batch_size=MOST_KEYS)

    def load(self, key: Key) -> Awaitable[Row]:
        # A batch that everybody left is cancelled before it is read: who joined it now would wait for ever.
        if self.batch is not None and all(task.future.cancelled() for task in self.batch.tasks):
            self.batch = None
        loading = cast("asyncio.Future[Row]", super().load(key))
        # graphql-core leaves without a word when a field beside fails; then nobody asks what went wrong here.
        loading.add_done_callback(_look)
        return loading


def _look(loading: "asyncio.Future[Any]") -> None:
    """Keeps the event loop from telling of a failure as one that nobody looked at."""
    if not loading.cancelled():
        loading.exception()


class Context:
    """Handed to each resolver as `info.context`.

    `loads` makes a loader of what reads many keys. `wanted` are the attributes that will be looked at of the rows that
    a resolver gives, `inner` those of the rows that fields of these give, by the field's name; None is all of them.
    """

    wanted: Wanted = None
    inner: Mapping[str, Wanted] = MappingProxyType({})

    def __init__(self, database: Database, loads: Callable[[Read], Loads] = Loader) -> None:
        self.database = database
        self._sessions = loads(_by_shape(self._read_sessions))
        self._threads = loads(_by_shape(self._read_threads))
        self._resume_tasks = loads(_by_shape(self._read_resume_tasks))
        self._queue_positions = loads(self._read_queue_positions)
        self._messages = loads(_by_shape(self._read_messages))
        self._messages_at = loads(_by_shape(self._read_messages_at))
        self._scores = loads(_by_shape(self._read_scores))
        self._turns = loads(_by_shape(self._read_turns))
        self._events = loads(_by_shape(self._read_events))
        self._items = loads(_by_shape(self._read_items))

    def wanting(self, wanted: Wanted, inner: Mapping[str, Wanted] = MappingProxyType({})) -> "Context":
        """The same for a resolver of whose rows no more than these attributes will be looked at."""
        # As copy.copy does, in a fraction of the time.
        narrowed = object.__new__(Context)
        vars(narrowed).update(vars(self))
        narrowed.wanted = wanted
        narrowed.inner = inner
        return narrowed

    def session(self, id: str) -> Awaitable[SessionRow | None]:
        """The session with an id."""
        return self._sessions.load((id, self.wanted))

    def thread(self, id: str) -> Awaitable[ThreadRow | None]:
        """The thread with an id."""
        return self._threads.load((id, self.wanted))

    def resume_task(self, thread_id: str) -> Awaitable[ResumeTaskRow | None]:
        """The resume task of a thread."""
        return self._resume_tasks.load((thread_id, self.wanted))

    def queue_position(self, thread_id: str) -> Awaitable[int | None]:
        """How many queued tasks are ahead of a thread's; None unless it is queued."""
        return self._queue_positions.load(thread_id)

    def messages(
        self, transcript: Transcript, request: PageRequest, roles: tuple[str, ...] | None
    ) -> Awaitable[Page[MessageRow]]:
        """A page of a transcript. Raises InvalidCursor."""
        return self._messages.load((transcript, MessagesShape(request, roles, self.wanted)))

    def message_at(self, session_id: str, position: int) -> Awaitable[MessageRow | None]:
        """The message at a place."""
        return self._messages_at.load(((session_id, position), self.wanted))

    def score(self, place: Place, clauses: tuple[Clause, ...]) -> Awaitable[float]:
        """How well a message or a title matches."""
        return self._scores.load((place, clauses))

    def turns(self, thread_id: str, request: PageRequest) -> Awaitable[Page[TurnRow]]:
        """A page of a thread's turns. Raises InvalidCursor."""
        return self._turns.load((thread_id, PageShape(request, self.wanted)))

    def events(self, thread_id: str, since_seq: int, size: int) -> Awaitable[list[ThreadEventRow]]:
        """Entries of a thread's log."""
        return self._events.load((thread_id, EventsShape(since_seq, size, self.wanted, self.inner.get("item"))))

    def items(self, turn: TurnKey, request: PageRequest) -> Awaitable[Page[ThreadItemRow]]:
        """A page of a turn's items. Raises InvalidCursor."""
        return self._items.load((turn, PageShape(request, self.wanted)))

    async def _read_sessions(self, ids: Sequence[str], wanted: Wanted) -> list[SessionRow | None]:
        rows = await sessions_by_id(self.database, ids, wanted)
        return [rows.get(id) for id in ids]

    async def _read_threads(self, ids: Sequence[str], wanted: Wanted) -> list[ThreadRow | None]:
        rows = await threads_by_id(self.database, ids, wanted)
        return [rows.get(id) for id in ids]

    async def _read_resume_tasks(self, ids: Sequence[str], wanted: Wanted) -> list[ResumeTaskRow | None]:
        rows = await resume_tasks_by_thread(self.database, ids, wanted)
        return [rows.get(id) for id in ids]

    async def _read_queue_positions(self, ids: list[str]) -> list[int | None]:
        positions = await queue_positions(self.database, list(dict.fromkeys(ids)))
        return [positions.get(id) for id in ids]

    async def _read_messages(self, transcripts: Sequence[Transcript], shape: MessagesShape) -> list[Page[MessageRow]]:
        return await message_pages(self.database, transcripts, *shape)

    async def _read_messages_at(self, at: Sequence[tuple[str, int]], wanted: Wanted) -> list[MessageRow | None]:
        rows = await messages_at(self.database, at, wanted)
        return [rows.get(place) for place in at]

    async def _read_scores(self, at: Sequence[Place], clauses: tuple[Clause, ...]) -> list[float]:
        score_of = await read_scores(self.database, clauses, at)
        return [score_of.get(place, 0.0) for place in at]

    async def _read_turns(self, thread_ids: Sequence[str], shape: PageShape) -> list[Page[TurnRow]]:
        return await turn_pages(self.database, thread_ids, *shape)

    async def _read_events(self, thread_ids: Sequence[str], shape: EventsShape) -> list[list[ThreadEventRow]]:
        events = await thread_events(self.database, thread_ids, *shape)
        return [events[thread_id] for thread_id in thread_ids]

    async def _read_items(self, turns: Sequence[TurnKey], shape: PageShape) -> list[Page[ThreadItemRow]]:
        return await item_pages(self.database, turns, *shape)


def _by_shape(read: Callable[[Sequence[Subject], Shape], Awaitable[Sequence[Row]]]) -> Read:
    """For keys that are a subject and a shape.

    Those of one shape are read together; a shape that is refused fails its own keys only.
    """

    async def load(keys: list[tuple[Subject, Shape]]) -> Sequence[Row | BaseException]:
        first = keys[0][1]
        if all(shape == first for _, shape in keys):
            only = {subject: None for subject, _ in keys}
            if len(only) == len(keys):
                return await read(list(only), first)
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

    return load
