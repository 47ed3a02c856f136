"""The context of resolvers: the database, and loaders that batch reads of single objects into one statement.

The loaders cache nothing, so one context serves the whole process and reads see all that is committed.
"""

import asyncio
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from sys import getsizeof
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar, cast

from strawberry.dataloader import DataLoader

from resolvers.answer_budget import AnswerBudget, current_budget
from resolvers.counted_message import CONTENT_ATTRIBUTES, WITHOUT_CONTENT, CountedMessage
from resolvers.errors import AnswerTooLarge
from resolvers.time_slices import time_slices
from storage.database.database import Database
from storage.database.lru_cache import LRUCache
from storage.database.row_types import Wanted
from storage.documents.exports import document_text
from storage.documents.session_metadata import session_metadata
from storage.errors import InvalidCursor, TooLarge
from storage.records import node
from storage.records.content_block import ToolResultBlock
from storage.records.message import MessageFilter, MessageRow, Transcript, message_pages, messages_at
from storage.records.node import NodeKey, node_key
from storage.records.page import Page, PageRequest
from storage.records.resume_task import ResumeTaskRow, queue_positions, resume_tasks_by_thread
from storage.records.session import SessionFilter, SessionRow, named_sessions, sessions_by_id
from storage.records.session_change import ChangePage, ChangePosition, change_page
from storage.records.session_children import children_pages
from storage.records.session_tools import ToolStatistics, tools_by_session
from storage.records.thread import ThreadEventRow, ThreadRow, thread_events, threads_by_id
from storage.records.thread_item import ThreadItemRow, TurnKey, item_pages, items_at
from storage.records.tool_result import CallPlace, results_of
from storage.records.transcript_items import ITEM_TYPES
from storage.records.turn import TurnRow, turn_pages, turns_at
from storage.search.query.clauses import Clause
from storage.search.query.entry_texts import Place, read_scores
from storage.transcripts.transcript_exports import transcript_text

__all__ = ["BatchLoader", "Context", "Loader", "ReadKeys", "Wanted"]

Row = TypeVar("Row")
Key = TypeVar("Key", bound=Hashable)
Subject = TypeVar("Subject", bound=Hashable)
Shape = TypeVar("Shape", bound=Hashable)

ReadKeys: TypeAlias = Callable[[list[Any]], Awaitable[Sequence[Any]]]
"""Reads many keys at once: for each, its row or the exception that it fails with."""

ReadInShape: TypeAlias = Callable[[Sequence[Any], Any], Awaitable[Sequence[Any]]]
"""Reads many subjects in one shape, such as a page or a set of attributes."""

MAX_BATCH = 500
PAGE_SIZES_BYTES = 4_000_000
"""Size of the cache of pages' sizes; a key of the most transcripts that are read at once takes 100 KB."""

MANY_KEYS = 100
"""Keys whose read takes a noticeable time on the event loop."""


_NODE_READS: Mapping[str, Callable[..., Awaitable[Mapping[Any, Any]]]] = {
    node.SESSION: sessions_by_id,
    node.THREAD: threads_by_id,
    node.TURN: turns_at,
    node.RESUME_TASK: resume_tasks_by_thread,
}


class Loader(Protocol):
    """Loads rows by their keys, many at once."""

    def load(self, key: Any) -> Awaitable[Any]:
        """The row of a key."""


class MessagesShape(NamedTuple):
    """Which page of a transcript, which attributes of its rows, and the budget of the answer that they are for."""

    request: PageRequest
    chosen: MessageFilter | None
    wanted: Wanted
    budget: AnswerBudget | None


class MessageShape(NamedTuple):
    """Which attributes of messages, and the budget of the answer that they are for."""

    wanted: Wanted
    budget: AnswerBudget | None


class EventsShape(NamedTuple):
    """Which entries of a log, and which attributes of them and of their items."""

    since_seq: int
    size: int
    wanted: Wanted
    item_wanted: Wanted


class PageShape(NamedTuple):
    """Which page, and which attributes of its rows."""

    request: PageRequest
    wanted: Wanted


class ChildrenShape(NamedTuple):
    """Which page of a session's children, which attributes of its rows, and whether it has `change_seq`."""

    request: PageRequest
    kinds: tuple[str, ...] | None
    wanted: Wanted
    has_change_seq: bool


class NodesShape(NamedTuple):
    """Which attributes of nodes, by the name of their type, and the budget of the answer that they are for."""

    wanted: frozenset[tuple[str, Wanted]] | None
    budget: AnswerBudget | None

    def wanted_of(self, *typenames: str) -> Wanted:
        """The attributes of nodes of these types."""
        if self.wanted is None:
            return None
        found: Wanted = frozenset()
        for typename, wanted in self.wanted:
            if typename in typenames:
                found = None if found is None or wanted is None else found | wanted
        return found


class BatchLoader(DataLoader[Key, Row]):
    """A DataLoader that is shared by all requests: keys of one turn of the event loop are read together.

    A request that is cancelled does not fail others; a read that no request awaits any more is cancelled.
    """

    def __init__(self, read: Callable[[list[Key]], Awaitable[Sequence[Row | BaseException]]]) -> None:
        super().__init__(read, cache=False, max_batch_size=MAX_BATCH)

    def load(self, key: Key) -> Awaitable[Row]:
        # A batch whose requests were all cancelled is never read: a key that joins it would wait for ever.
        if self.batch is not None and all(task.future.cancelled() for task in self.batch.tasks):
            self.batch = None
        loading = cast("asyncio.Future[Row]", super().load(key))
        # graphql-core drops awaitables when a sibling field fails, so this exception may never be retrieved.
        loading.add_done_callback(_retrieve_exception)
        return loading


def _retrieve_exception(loading: "asyncio.Future[Any]") -> None:
    """Keep asyncio from logging that the exception was never retrieved."""
    if not loading.cancelled():
        loading.exception()


class Context:
    """The value of `info.context` in resolvers.

    `wanted` are the attributes of a resolver's rows that will be used, and `inner` those of the rows of their fields,
    by the field's name; None means all. `page_fields` are the selected fields of the connection that it returns, and
    `by_typename` the attributes of each type of the interface that it returns. They are known to plans only.
    """

    wanted: Wanted = None
    page_fields: Wanted = None
    by_typename: Mapping[str, Wanted] | None = None
    inner: Mapping[str, Wanted] = MappingProxyType({})

    def __init__(self, database: Database, new_loader: Callable[[ReadKeys], Loader] = BatchLoader) -> None:
        self.database = database
        self._sessions = new_loader(_by_shape(self._rows(sessions_by_id)))
        self._named_sessions = new_loader(_by_shape(self._rows(named_sessions)))
        self._tools = new_loader(_by_shape(self._read_tools))
        self._children = new_loader(_by_shape(self._read_children))
        self._threads = new_loader(_by_shape(self._rows(threads_by_id)))
        self._resume_tasks = new_loader(_by_shape(self._rows(resume_tasks_by_thread)))
        # By transcripts, page and filter; a transcript that grows has another count of messages.
        self._page_sizes = LRUCache(PAGE_SIZES_BYTES)
        self._queue_positions = new_loader(self._read_queue_positions)
        self._messages = new_loader(_by_shape(self._read_messages))
        self._messages_at = new_loader(_by_shape(self._read_messages_at))
        self._scores = new_loader(_by_shape(self._read_scores))
        self._turns = new_loader(_by_shape(self._pages(turn_pages)))
        self._events = new_loader(_by_shape(self._read_events))
        self._items = new_loader(_by_shape(self._pages(item_pages)))
        self._results = new_loader(_by_shape(self._read_results))
        self._metadata = new_loader(_by_shape(self._read_metadata))
        self._documents = new_loader(_by_shape(self._read_documents))
        self._nodes = new_loader(_by_shape(self._read_nodes))
        self._session_changes = new_loader(_by_shape(self._read_session_changes))

    def wanting(
        self,
        wanted: Wanted,
        inner: Mapping[str, Wanted] = MappingProxyType({}),
        page_fields: Wanted = None,
        by_typename: Mapping[str, Wanted] | None = None,
    ) -> "Context":
        """A copy for a resolver of whose rows only these attributes will be used."""
        # copy.copy does the same, several times slower.
        narrowed = object.__new__(Context)
        vars(narrowed).update(vars(self))
        narrowed.wanted = wanted
        narrowed.inner = inner
        narrowed.page_fields = page_fields
        narrowed.by_typename = by_typename
        return narrowed

    @property
    def wants_change_seq(self) -> bool:
        """Whether a page of sessions must have `change_seq`."""
        return self.page_fields is None or "change_seq" in self.page_fields

    def session(self, id: str) -> Awaitable[SessionRow | None]:
        """The session with an id."""
        return self._sessions.load((id, self.wanted))

    def named_session(self, name: str) -> Awaitable[SessionRow | None]:
        """The session with an id, or with an id that begins so. Raises AmbiguousId."""
        return self._named_sessions.load((name, self.wanted))

    def tools(self, session_id: str) -> Awaitable[list[ToolStatistics] | None]:
        """The tools that were called in a session; None if there was none."""
        return self._tools.load((session_id, None))

    def children(
        self, session_id: str, request: PageRequest, kinds: tuple[str, ...] | None
    ) -> Awaitable[Page[SessionRow]]:
        """A page of a session's children. Raises InvalidCursor."""
        return self._children.load((session_id, ChildrenShape(request, kinds, self.wanted, self.wants_change_seq)))

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
        self, transcript: Transcript, request: PageRequest, chosen: MessageFilter | None
    ) -> Awaitable[Page[MessageRow]]:
        """A page of a transcript. Raises InvalidCursor."""
        return self._messages.load((transcript, MessagesShape(request, chosen, self.wanted, current_budget.get())))

    def message_at(self, session_id: str, position: int) -> Awaitable[MessageRow | None]:
        """The message at a position."""
        return self._messages_at.load(((session_id, position), MessageShape(self.wanted, current_budget.get())))

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

    def result(self, call: CallPlace) -> Awaitable[ToolResultBlock | None]:
        """The result of a tool call."""
        return self._results.load((call, current_budget.get()))

    def metadata(self, session_id: str) -> Awaitable[str | None]:
        """What the agent recorded of a session beside its messages, as JSON text."""
        return self._metadata.load((session_id, current_budget.get()))

    def document(self, session_id: str) -> Awaitable[str | None]:
        """The transcript of a session as its agent wrote it."""
        return self._documents.load((session_id, current_budget.get()))

    def nodes(self, ids: tuple[str, ...]) -> Awaitable[list[Any]]:
        """The objects with these ids, None for those that do not exist; one statement reads all of a type."""
        wanted = None if self.by_typename is None else frozenset(self.by_typename.items())
        return self._nodes.load((ids, NodesShape(wanted, current_budget.get())))

    def session_changes(self, position: ChangePosition, session_filter: SessionFilter | None) -> Awaitable[ChangePage]:
        """The changes of sessions after a position, which subscribers at one position read together."""
        return self._session_changes.load((position, session_filter))

    def _rows(self, read: Callable[..., Awaitable[Mapping[Any, Row]]]) -> ReadInShape:
        """A read of many keys from a function of storage that gives the rows by key."""

        async def read_rows(keys: Sequence[Any], wanted: Wanted) -> list[Row | None]:
            rows = await read(self.database, keys, wanted)
            return [rows.get(key) for key in keys]

        return read_rows

    def _pages(self, read: Callable[..., Awaitable[list[Page[Any]]]]) -> ReadInShape:
        """A read of a page for each of many owners from a function of storage."""
        return lambda owners, shape: read(self.database, owners, *shape)

    async def _read_tools(self, ids: Sequence[str], _: None) -> list[list[ToolStatistics] | None]:
        tools = await tools_by_session(self.database, ids)
        return [tools.get(id) for id in ids]

    async def _read_children(self, ids: Sequence[str], shape: ChildrenShape) -> list[Page[SessionRow]]:
        request, kinds, wanted, has_change_seq = shape
        return await children_pages(self.database, ids, request, kinds, wanted, has_change_seq=has_change_seq)

    async def _read_queue_positions(self, ids: list[str]) -> list[int | None]:
        positions = await queue_positions(self.database, list(dict.fromkeys(ids)))
        return [positions.get(id) for id in ids]

    async def _read_messages(self, transcripts: Sequence[Transcript], shape: MessagesShape) -> list[Page[Any]]:
        request, chosen, wanted, budget = shape
        if budget is None or (wanted is not None and wanted.isdisjoint(CONTENT_ATTRIBUTES)):
            return [*await message_pages(self.database, transcripts, request, chosen, wanted)]
        key = (tuple(transcripts), request, chosen)
        characters: int | None = self._page_sizes.get(key)
        has_content = True
        pages: list[Page[Any]] = []
        try:
            # Pages that were read before are known to fit, which saves the database half of the work.
            limit = budget.readable if characters is None or characters > budget.readable else None
            pages += await message_pages(self.database, transcripts, request, chosen, wanted, limit)
        except TooLarge:
            if wanted is not None:
                raise budget.exceeded() from None
            has_content = False
            pages += await message_pages(self.database, transcripts, request, chosen, WITHOUT_CONTENT)
        if characters is None and has_content:
            characters = sum([len(row.content) for page in pages for row in page.nodes])
            if len(transcripts) <= MAX_BATCH:
                self._page_sizes.put(key, characters, getsizeof(characters))
        if wanted is None:
            for page in pages:
                page.nodes = [CountedMessage(row, budget, has_content=has_content) for row in page.nodes]
        else:
            budget.count_read(characters or 0)
        return pages

    async def _read_results(
        self, calls: Sequence[CallPlace], budget: AnswerBudget | None
    ) -> list[ToolResultBlock | None]:
        try:
            found, characters = await results_of(self.database, calls, _readable(budget))
        except TooLarge:
            raise _exceeded(budget) from None
        _count_read(budget, characters)
        return [found.get(call) for call in calls]

    async def _read_metadata(self, ids: Sequence[str], budget: AnswerBudget | None) -> list[str | None]:
        try:
            found = await session_metadata(self.database, ids, _readable(budget))
        except TooLarge:
            raise _exceeded(budget) from None
        _count_read(budget, sum(map(len, found.values())))
        return [found.get(id) for id in ids]

    async def _read_documents(self, ids: Sequence[str], budget: AnswerBudget | None) -> list[str | None]:
        documents = []
        for id in ids:
            try:
                text = await transcript_text(self.database, id, _readable(budget))
                if text is None:
                    text = await document_text(self.database, id, _readable(budget))
            except TooLarge:
                raise _exceeded(budget) from None
            _count_read(budget, len(text or ""))
            documents.append(text)
        return documents

    async def _read_nodes(self, lists: Sequence[tuple[str, ...]], shape: NodesShape) -> list[list[Any]]:
        keys = {id: node_key(id) for ids in lists for id in ids}
        keys_by_kind: defaultdict[str, dict[Any, None]] = defaultdict(dict)
        for found in keys.values():
            if found is not None:
                keys_by_kind[found.kind][found.key] = None
        rows: dict[Any, Any] = {None: None}
        for kind, keys_of_kind in keys_by_kind.items():
            unique = list(keys_of_kind)
            for key, row in zip(unique, await self._read_nodes_of(kind, unique, shape), strict=True):
                rows[NodeKey(kind, key)] = row
        return [[rows[keys[id]] for id in ids] for ids in lists]

    async def _read_nodes_of(self, kind: str, keys: Sequence[Any], shape: NodesShape) -> Sequence[Any]:
        match kind:
            case node.MESSAGE:
                return await self._read_messages_at(keys, MessageShape(shape.wanted_of(kind), shape.budget))
            case node.ITEM:
                return await self._rows(items_at)(keys, shape.wanted_of(*ITEM_TYPES))
        return await self._rows(_NODE_READS[kind])(keys, shape.wanted_of(kind))

    async def _read_session_changes(
        self, positions: Sequence[ChangePosition], session_filter: SessionFilter | None
    ) -> list[ChangePage]:
        return [await change_page(self.database, position, session_filter) for position in positions]

    async def _read_messages_at(self, at: Sequence[tuple[str, int]], shape: MessageShape) -> list[Any]:
        wanted, budget = shape
        if budget is None or (wanted is not None and wanted.isdisjoint(CONTENT_ATTRIBUTES)):
            rows = await messages_at(self.database, at, wanted)
            return [rows.get(place) for place in at]
        has_content = True
        try:
            rows = await messages_at(self.database, at, wanted, budget.readable)
        except TooLarge:
            if wanted is not None:
                raise budget.exceeded() from None
            has_content = False
            rows = await messages_at(self.database, at, WITHOUT_CONTENT)
        found: list[Any] = [rows.get(place) for place in at]
        if wanted is None:
            return [row and CountedMessage(row, budget, has_content=has_content) for row in found]
        budget.count_read(sum(len(row.content) for row in rows.values()))
        return found

    async def _read_scores(self, at: Sequence[Place], clauses: tuple[Clause, ...]) -> list[float]:
        score_of = await read_scores(self.database, clauses, at)
        return [score_of.get(place, 0.0) for place in at]

    async def _read_events(self, thread_ids: Sequence[str], shape: EventsShape) -> list[list[ThreadEventRow]]:
        events = await thread_events(self.database, thread_ids, *shape)
        return [events[thread_id] for thread_id in thread_ids]


def _readable(budget: AnswerBudget | None) -> int:
    """The characters that may still be read for an answer."""
    return sys.maxsize if budget is None else budget.readable


def _exceeded(budget: AnswerBudget | None) -> AnswerTooLarge:
    assert budget is not None
    return budget.exceeded()


def _count_read(budget: AnswerBudget | None, size: int) -> None:
    if budget is not None:
        budget.count_read(size)


def _by_shape(read: ReadInShape) -> ReadKeys:
    """A read for keys that are pairs of a subject and a shape, from one that reads many subjects in one shape.

    A shape that is refused, such as a page after a wrong cursor, fails its own keys only.
    """

    async def rows_of(subjects: list[Any], shape: Any) -> Sequence[Row | BaseException]:
        try:
            return await read(subjects, shape)
        except InvalidCursor as error:
            if len(subjects) == 1:
                return [error]
            # A cursor belongs to the list of one subject, which does not fail with the others.
            return [row for subject in subjects for row in await rows_of([subject], shape)]

    async def load(keys: list[tuple[Subject, Shape]]) -> Sequence[Row | BaseException]:
        if len(keys) > MANY_KEYS and (slices := time_slices()).is_over():
            await slices.next()
        first = keys[0][1]
        if all(shape == first for _, shape in keys):
            all_subjects = {subject: None for subject, _ in keys}
            if len(all_subjects) == len(keys):
                return await rows_of(list(all_subjects), first)
        subjects: defaultdict[Shape, dict[Subject, None]] = defaultdict(dict)
        for subject, shape in keys:
            subjects[shape][subject] = None
        found: dict[tuple[Subject, Shape], Row | BaseException] = {}
        for shape, unique in subjects.items():
            try:
                rows = await rows_of(list(unique), shape)
            except Exception as error:
                rows = [error] * len(unique)
            found.update({(subject, shape): row for subject, row in zip(unique, rows, strict=True)})
        return [found[key] for key in keys]

    return load
