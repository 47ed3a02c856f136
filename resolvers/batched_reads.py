"""Reads of many keys at once for the loaders of the context, within the budgets of the answers."""

import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from sys import getsizeof
from typing import Any, TypeVar

from resolvers.answer_budget import AnswerBudget
from resolvers.batch_loader import MAX_BATCH, ReadInShape
from resolvers.budgeted_message import CONTENT_ATTRIBUTES, WITHOUT_CONTENT, BudgetedMessage
from resolvers.errors import AnswerTooLarge
from resolvers.read_shapes import ChildrenShape, EventsShape, MessageShape, MessagesShape, NodesShape
from storage.database.change_numbers import change_numbers
from storage.database.database import Database
from storage.database.lru_cache import LRUCache
from storage.database.row_types import Wanted
from storage.documents.exports import document_text
from storage.documents.session_metadata import session_metadata
from storage.errors import TooLarge
from storage.records import node
from storage.records.content_block import ToolResultBlock
from storage.records.message import messages_at
from storage.records.message_page import RequestedTranscript, message_pages
from storage.records.node import NodeKey, node_key
from storage.records.page import Page
from storage.records.resume_task import queue_positions, resume_tasks_by_thread
from storage.records.session import SessionRow, sessions_by_id
from storage.records.session_change import ChangePage, ChangePosition, change_page
from storage.records.session_children import children_pages
from storage.records.session_filter import SessionFilter
from storage.records.session_tools import ToolStatistics, tools_by_session
from storage.records.thread import ThreadEventRow, thread_events, threads_by_id
from storage.records.thread_item import items_at
from storage.records.tool_result import CallPlace, results_of
from storage.records.transcript_items import ITEM_TYPES
from storage.records.turn import turns_at
from storage.search.query.clauses import Clause
from storage.search.query.entry_texts import Place, read_scores
from storage.transcripts.transcript_exports import transcript_text

Row = TypeVar("Row")

PAGE_SIZES_BYTES = 4_000_000
"""Size of the cache of pages' sizes; a key of the most transcripts that are read at once takes 100 KB."""

_NODE_READS: Mapping[str, Callable[..., Awaitable[Mapping[Any, Any]]]] = {
    node.SESSION: sessions_by_id,
    node.THREAD: threads_by_id,
    node.TURN: turns_at,
    node.RESUME_TASK: resume_tasks_by_thread,
}


class BatchedReads:
    """Reads from a database; of the results, those of one key are in the order of the keys."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # By transcripts, page and filter; a transcript that grows has another count of messages.
        self._page_sizes = LRUCache(PAGE_SIZES_BYTES)

    def rows(self, read: Callable[..., Awaitable[Mapping[Any, Row]]]) -> ReadInShape:
        """A read of many keys from a function of storage that gives the rows by key."""

        async def read_rows(keys: Sequence[Any], wanted: Wanted) -> list[Row | None]:
            rows = await read(self._database, keys, wanted)
            return [rows.get(key) for key in keys]

        return read_rows

    def pages(self, read: Callable[..., Awaitable[list[Page[Any]]]]) -> ReadInShape:
        """A read of a page for each of many owners from a function of storage."""
        return lambda owners, shape: read(self._database, owners, *shape)

    async def tools(self, ids: Sequence[str], _: None) -> list[list[ToolStatistics] | None]:
        tools = await tools_by_session(self._database, ids)
        return [tools.get(id) for id in ids]

    async def children(self, ids: Sequence[str], shape: ChildrenShape) -> list[Page[SessionRow]]:
        request, kinds, wanted, has_change_seq = shape
        return await children_pages(self._database, ids, request, kinds, wanted, has_change_seq=has_change_seq)

    async def queue_positions(self, ids: list[str]) -> list[int | None]:
        positions = await queue_positions(self._database, list(dict.fromkeys(ids)))
        return [positions.get(id) for id in ids]

    async def change_seqs(self, keys: list[None]) -> list[int]:
        return [(await change_numbers(self._database)).last] * len(keys)

    async def messages(self, transcripts: Sequence[RequestedTranscript], shape: MessagesShape) -> list[Page[Any]]:
        request, chosen, wanted, budget = shape
        if budget is None or (wanted is not None and wanted.isdisjoint(CONTENT_ATTRIBUTES)):
            return [*await message_pages(self._database, transcripts, request, chosen, wanted)]
        key = (tuple(transcripts), request, chosen)
        characters: int | None = self._page_sizes.get(key)
        has_content = True
        pages: list[Page[Any]] = []
        try:
            # Pages that were read before are known to fit, which saves the database half of the work.
            limit = budget.readable if characters is None or characters > budget.readable else None
            pages += await message_pages(self._database, transcripts, request, chosen, wanted, limit)
        except TooLarge:
            if wanted is not None:
                raise budget.exceeded() from None
            has_content = False
            pages += await message_pages(self._database, transcripts, request, chosen, WITHOUT_CONTENT)
        if characters is None and has_content:
            characters = sum([len(row.content) for page in pages for row in page.nodes])
            if len(transcripts) <= MAX_BATCH:
                self._page_sizes.put(key, characters, getsizeof(characters))
        if wanted is None:
            for page in pages:
                page.nodes = [BudgetedMessage(row, budget, has_content=has_content) for row in page.nodes]
        else:
            budget.count_read(characters or 0)
        return pages

    async def results(self, calls: Sequence[CallPlace], budget: AnswerBudget | None) -> list[ToolResultBlock | None]:
        try:
            found, characters = await results_of(self._database, calls, _readable(budget))
        except TooLarge:
            raise _exceeded(budget) from None
        _count_read(budget, characters)
        return [found.get(call) for call in calls]

    async def metadata(self, ids: Sequence[str], budget: AnswerBudget | None) -> list[str | None]:
        try:
            found = await session_metadata(self._database, ids, _readable(budget))
        except TooLarge:
            raise _exceeded(budget) from None
        _count_read(budget, sum(map(len, found.values())))
        return [found.get(id) for id in ids]

    async def documents(self, ids: Sequence[str], budget: AnswerBudget | None) -> list[str | None]:
        documents = []
        for id in ids:
            try:
                text = await transcript_text(self._database, id, _readable(budget))
                if text is None:
                    text = await document_text(self._database, id, _readable(budget))
            except TooLarge:
                raise _exceeded(budget) from None
            _count_read(budget, len(text or ""))
            documents.append(text)
        return documents

    async def nodes(self, lists: Sequence[tuple[str, ...]], shape: NodesShape) -> list[list[Any]]:
        keys = {id: node_key(id) for ids in lists for id in ids}
        keys_by_kind: defaultdict[str, dict[Any, None]] = defaultdict(dict)
        for found in keys.values():
            if found is not None:
                keys_by_kind[found.kind][found.key] = None
        rows: dict[Any, Any] = {None: None}
        for kind, keys_of_kind in keys_by_kind.items():
            unique = list(keys_of_kind)
            for key, row in zip(unique, await self.nodes_of(kind, unique, shape), strict=True):
                rows[NodeKey(kind, key)] = row
        return [[rows[keys[id]] for id in ids] for ids in lists]

    async def nodes_of(self, kind: str, keys: Sequence[Any], shape: NodesShape) -> Sequence[Any]:
        match kind:
            case node.MESSAGE:
                return await self.messages_at(keys, MessageShape(shape.wanted_of(kind), shape.budget))
            case node.ITEM:
                return await self.rows(items_at)(keys, shape.wanted_of(*ITEM_TYPES))
        return await self.rows(_NODE_READS[kind])(keys, shape.wanted_of(kind))

    async def session_changes(
        self, positions: Sequence[ChangePosition], session_filter: SessionFilter | None
    ) -> list[ChangePage]:
        return [await change_page(self._database, position, session_filter) for position in positions]

    async def messages_at(self, at: Sequence[tuple[str, int]], shape: MessageShape) -> list[Any]:
        wanted, budget = shape
        if budget is None or (wanted is not None and wanted.isdisjoint(CONTENT_ATTRIBUTES)):
            rows = await messages_at(self._database, at, wanted)
            return [rows.get(place) for place in at]
        has_content = True
        try:
            rows = await messages_at(self._database, at, wanted, budget.readable)
        except TooLarge:
            if wanted is not None:
                raise budget.exceeded() from None
            has_content = False
            rows = await messages_at(self._database, at, WITHOUT_CONTENT)
        found: list[Any] = [rows.get(place) for place in at]
        if wanted is None:
            return [row and BudgetedMessage(row, budget, has_content=has_content) for row in found]
        budget.count_read(sum(len(row.content) for row in rows.values()))
        return found

    async def scores(self, at: Sequence[Place], clauses: tuple[Clause, ...]) -> list[float]:
        score_of = await read_scores(self._database, clauses, at)
        return [score_of.get(place, 0.0) for place in at]

    async def events(self, thread_ids: Sequence[str], shape: EventsShape) -> list[list[ThreadEventRow]]:
        events = await thread_events(self._database, thread_ids, *shape)
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
