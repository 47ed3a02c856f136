"""Compaction: merges small segments, so that a search reads few of them, and drops the entries of deleted sessions.

Size-tiered, as in a log-structured merge tree (O'Neil, Cheng, Gawlick and O'Neil, 1996): a tier holds segments whose
sizes are within a factor of eight, so a posting is rewritten a few times at most. Segments are immutable and are read
and merged without a lock; only replacing the old ones by the new one is a transaction.
"""

import asyncio
import contextlib
import functools
import secrets
from collections import defaultdict
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from storage.cancellation import run_in_cancellable_thread
from storage.database.background import cancel
from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.row_types import select_columns
from storage.database.tables.search_segment import search_block, search_segment
from storage.database.tables.session import session
from storage.database.transaction import DatabaseConnection
from storage.errors import Unavailable
from storage.search.index.drafts import SegmentDraft
from storage.search.index.entries import TITLE_POSITION, Ids, Runs, entry_positions, entry_session_numbers
from storage.search.index.entry_set import Mask
from storage.search.index.postings import MAX_ENTRIES
from storage.search.index.segment import Segment, merge_segments
from storage.search.index.segment_store import index_entries

MAX_TIER_SEGMENTS = 8
"""The number of segments in a tier from which they are compacted."""

FULL_BYTES = 2 * 2**20
"""The size from which a segment takes no part in compaction."""

_full = sa.select(search_segment.c.id).where(search_segment.c.weight >= sa.bindparam("full"))


class _Conflict(Exception):
    """Another process has compacted some of the segments in the meantime."""


async def compact(database: Database) -> None:
    """Run every compaction that is due. Returns early while the database is unavailable; the next call makes up."""
    with contextlib.suppress(Unavailable, _Conflict):
        while await _compact_tier(database):
            pass
        await _sweep(database)


async def _sweep(database: Database) -> None:
    """Rewrite one random full segment if most of its entries belong to deleted sessions."""
    async with database.snapshot() as connection:
        full = (await connection.execute(_full, {"full": FULL_BYTES})).scalars().all()
        if not full:
            return
        id = secrets.choice(full)
        runs = (
            await connection.execute(sa.select(search_segment.c.runs).where(search_segment.c.id == id))
        ).scalar_one()
        ids = Runs.from_bytes(runs).ids()
        is_live = _are_live(ids, await _live_numbers(connection, [ids]))
    if 2 * np.count_nonzero(is_live) < len(ids):
        await _replace(database, [id])


async def purge_deleted_entries(database: Database) -> int:
    """Rewrite all segments that have entries of deleted sessions, and return their number. Raises Unavailable."""
    count = 0
    # Repeated until there are none: a concurrent compaction may have copied entries that were deleted since it began.
    while found := await _segments_with_deleted(database):
        for id in found:
            with contextlib.suppress(_Conflict):
                count += await _replace(database, [id])
    return count


async def find_renamed_sessions(database: Database) -> list[int]:
    """The numbers of sessions whose earlier titles are still in the index. Raises Unavailable."""
    async with database.snapshot() as connection:
        runs = (await connection.execute(sa.select(search_segment.c.runs))).scalars().all()
        if not runs:
            return []
        ids = np.concatenate([Runs.from_bytes(data).ids() for data in runs])
        titles = ids[entry_positions(ids) == TITLE_POSITION]
        numbers, counts = np.unique(entry_session_numbers(titles), return_counts=True)
        live = await _live_numbers(connection, [titles])
    return [int(number) for number in numbers[counts > 1] if number in live]


async def _segments_with_deleted(database: Database) -> list[int]:
    async with database.snapshot() as connection:
        rows = (await connection.execute(sa.select(search_segment.c.id, search_segment.c.runs))).all()
        if not rows:
            return []
        ids = [Runs.from_bytes(row.runs).ids() for row in rows]
        live = await _live_numbers(connection, ids)
    return [row.id for row, entries in zip(rows, ids, strict=True) if not _are_live(entries, live).all()]


async def _compact_tier(database: Database) -> bool:
    """Compact the smallest tier that is due. Returns whether there was one."""
    group = _due_segments(await database.read(_small(is_sqlite=database.is_sqlite)))
    return bool(group) and await _replace(database, group)


class _SmallSegment(NamedTuple):
    id: int
    size: int
    weight: int


@functools.lru_cache
def _small(*, is_sqlite: bool) -> CompiledSelect[_SmallSegment]:
    columns = select_columns(search_segment, _SmallSegment._fields)
    statement = sa.select(*columns).where(search_segment.c.weight < sa.literal(FULL_BYTES))
    return CompiledSelect(statement, _SmallSegment, _SmallSegment._fields, is_sqlite=is_sqlite)


def _due_segments(segments: Sequence[_SmallSegment]) -> list[int]:
    """Ids of the segments to merge: some of the smallest tier that has too many."""
    tiers: defaultdict[int, list[_SmallSegment]] = defaultdict(list)
    for segment in segments:
        tiers[segment.weight.bit_length() // 3].append(segment)
    for _, tier in sorted(tiers.items()):
        if len(tier) >= MAX_TIER_SEGMENTS:
            size, weight = 0, 0
            group: list[int] = []
            for segment in sorted(tier, key=lambda segment: segment.weight)[:MAX_TIER_SEGMENTS]:
                size, weight = size + segment.size, weight + segment.weight
                # A merge takes many times as much memory as the segments do on disk.
                if size > MAX_ENTRIES or weight > FULL_BYTES:
                    break
                group.append(segment.id)
            # One segment alone: it is nearly full, or its entries are nearly empty and no more fit into a merged one.
            if len(group) > 1:
                return group
    return []


async def _replace(database: Database, group: list[int]) -> bool:
    """Replace some segments by one with their live entries. Raises _Conflict and Unavailable."""
    is_in_group = is_any_of(search_segment.c.id, "group", group)
    is_of_group = is_any_of(search_block.c.segment_id, "group", group)
    async with database.snapshot() as connection:
        rows = (await connection.execute(sa.select(search_segment).where(is_in_group))).all()
        if len(rows) != len(group):
            raise _Conflict
        blocks: defaultdict[int, list[bytes]] = defaultdict(list)
        ordered = sa.select(search_block).where(is_of_group).order_by(search_block.c.segment_id, search_block.c.first)
        for block in await connection.execute(ordered):
            blocks[block.segment_id].append(block.data)
        ids = [Runs.from_bytes(row.runs).ids() for row in rows]
        live = await _live_numbers(connection, ids)
    stored = [(row.size, blocks[row.id]) for row in rows]
    live_ids, drafts = await run_in_cancellable_thread(_merge, stored, ids, live)
    async with database.write() as transaction:
        # A concurrent compaction of the same segments waits here for this one, and then finds them deleted.
        deleted = await transaction.execute(sa.delete(search_segment).where(is_in_group))
        if deleted.rowcount != len(group):
            raise _Conflict
        await transaction.execute(sa.delete(search_block).where(is_of_group))
        if len(live_ids):
            await index_entries(transaction, live_ids, drafts)
    return True


async def _live_numbers(connection: DatabaseConnection, ids: Sequence[Ids]) -> Ids:
    """The session numbers of these entries that still exist."""
    numbers = np.unique(entry_session_numbers(np.concatenate(ids))).tolist()
    is_one = is_any_of(session.c.number, "numbers", numbers)
    return np.array((await connection.execute(sa.select(session.c.number).where(is_one))).scalars().all(), np.int64)


def _are_live(ids: Ids, live: Ids) -> Mask:
    return np.isin(entry_session_numbers(ids), live)


def _merge(stored: Sequence[tuple[int, list[bytes]]], ids: Sequence[Ids], live: Ids) -> tuple[Ids, list[SegmentDraft]]:
    """The ids of the live entries, and a segment of them."""
    masks = [_are_live(some, live) for some in ids]
    live_ids = np.concatenate([some[mask] for some, mask in zip(ids, masks, strict=True)])
    segments = [Segment.from_blocks(size, blocks) for size, blocks in stored]
    return live_ids, [SegmentDraft.from_segment(merge_segments(segments, masks))] if len(live_ids) else []


class Compactor:
    """Runs compaction in the background of a long import. Leaving `async with` cancels it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Compactor":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None and not self._task.done():
            await cancel(self._task)

    async def begin(self) -> None:
        """Start a compaction in the background, unless one is running."""
        if self._task is None or self._task.done():
            await self._join()
            self._task = asyncio.create_task(compact(self._database))

    async def finish(self) -> None:
        """Run every compaction that is due."""
        await self._join()
        await compact(self._database)

    async def _join(self) -> None:
        if self._task is not None:
            await self._task
