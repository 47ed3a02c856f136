"""The context of resolvers: the database, and loaders that batch reads of single objects into one statement.

The loaders cache nothing, so one context serves the whole process and reads see all that is committed.
"""

from collections.abc import Awaitable, Callable, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from resolvers.answer_budget import current_budget
from resolvers.batch_loader import BatchLoader, Loader, ReadKeys, SubjectOf, by_shape
from resolvers.batched_reads import BatchedReads
from resolvers.read_shapes import ChildrenShape, EventsShape, MessageShape, MessagesShape, NodesShape, PageShape
from storage.database.change_numbers import change_numbers
from storage.database.database import Database
from storage.database.row_types import Wanted
from storage.records.content_block import ToolResultBlock
from storage.records.message import MessageRow
from storage.records.message_page import MessageFilter, RequestedTranscript
from storage.records.page import Page, PageRequest
from storage.records.resume_task import ResumeTaskRow, resume_tasks_by_thread
from storage.records.session import SessionRow, named_sessions, sessions_by_id
from storage.records.session_change import ChangePage, ChangePosition
from storage.records.session_filter import SessionFilter
from storage.records.session_tools import ToolStatistics
from storage.records.thread import ThreadEventRow, ThreadRow, threads_by_id
from storage.records.thread_item import ThreadItemRow, TurnKey, item_pages
from storage.records.tool_result import CallPlace
from storage.records.turn import TurnRow, turn_pages
from storage.search.query.clauses import Clause
from storage.search.query.entry_texts import Place

__all__ = ["Context", "Wanted"]

_id_of: SubjectOf = attrgetter("id")


def _transcript_of(row: SessionRow) -> RequestedTranscript:
    return RequestedTranscript(row.id, row.message_count)


def _turn_key_of(row: TurnRow) -> TurnKey:
    return TurnKey(row.thread_id, row.position)


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
        reads = BatchedReads(database)
        self._sessions = new_loader(by_shape(reads.rows(sessions_by_id)))
        self._named_sessions = new_loader(by_shape(reads.rows(named_sessions)))
        self._tools = new_loader(by_shape(reads.tools))
        self._children = new_loader(by_shape(reads.children))
        self._threads = new_loader(by_shape(reads.rows(threads_by_id)))
        self._resume_tasks = new_loader(by_shape(reads.rows(resume_tasks_by_thread)))
        self._queue_positions = new_loader(reads.queue_positions)
        self._messages = new_loader(by_shape(reads.messages))
        self._messages_at = new_loader(by_shape(reads.messages_at))
        self._scores = new_loader(by_shape(reads.scores))
        self._turns = new_loader(by_shape(reads.pages(turn_pages)))
        self._events = new_loader(by_shape(reads.events))
        self._items = new_loader(by_shape(reads.pages(item_pages)))
        self._results = new_loader(by_shape(reads.results))
        self._metadata = new_loader(by_shape(reads.metadata))
        self._documents = new_loader(by_shape(reads.documents))
        self._nodes = new_loader(by_shape(reads.nodes))
        self._session_changes = new_loader(by_shape(reads.session_changes))
        # Not a loader of plans: requests read it before they are executed.
        self._change_seq = BatchLoader(reads.change_seqs)

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

    async def change_seq(self) -> int:
        """The number of the last change of a session. Raises Unavailable."""
        if self.database.is_sqlite:
            # The task of a batch takes longer than the read.
            return (await change_numbers(self.database)).last
        return await self._change_seq.load(None)

    def forget_searches(self) -> None:
        """Empty the cache of searches, which may show changes that the database has lost."""
        self.database.cache.clear()

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
        self, row: SessionRow, request: PageRequest, kinds: tuple[str, ...] | None
    ) -> Awaitable[Page[SessionRow]]:
        """A page of a session's children. Raises InvalidCursor."""
        shape = ChildrenShape(request, kinds, self.wanted, self.wants_change_seq)
        return self._children.load_of(row, _id_of, shape)

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
        self, row: SessionRow, request: PageRequest, chosen: MessageFilter | None
    ) -> Awaitable[Page[MessageRow]]:
        """A page of a session's transcript. Raises InvalidCursor."""
        shape = MessagesShape(request, chosen, self.wanted, current_budget.get())
        return self._messages.load_of(row, _transcript_of, shape)

    def message_at(self, session_id: str, position: int) -> Awaitable[MessageRow | None]:
        """The message at a position."""
        return self._messages_at.load(((session_id, position), MessageShape(self.wanted, current_budget.get())))

    def score(self, place: Place, clauses: tuple[Clause, ...]) -> Awaitable[float]:
        """How well a message or a title matches."""
        return self._scores.load((place, clauses))

    def turns(self, row: ThreadRow, request: PageRequest) -> Awaitable[Page[TurnRow]]:
        """A page of a thread's turns. Raises InvalidCursor."""
        return self._turns.load_of(row, _id_of, PageShape(request, self.wanted))

    def events(self, thread_id: str, since_seq: int, size: int) -> Awaitable[list[ThreadEventRow]]:
        """Entries of a thread's log."""
        return self._events.load((thread_id, EventsShape(since_seq, size, self.wanted, self.inner.get("item"))))

    def items(self, row: TurnRow, request: PageRequest) -> Awaitable[Page[ThreadItemRow]]:
        """A page of a turn's items. Raises InvalidCursor."""
        return self._items.load_of(row, _turn_key_of, PageShape(request, self.wanted))

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
