"""The set of segments at one moment, cached by each process.

Segments are immutable, so what was read of one stays valid while it exists. Statements that need the whole set carry
the condition `is_current`, which makes them return nothing once the set has changed.
"""

import functools
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.compiled_select import CompiledSelect, Reader
from storage.database.list_parameters import numbers_table
from storage.database.lru_cache import LRUCache
from storage.database.tables.search_segment import search_segment
from storage.search.index.entries import TITLE_POSITION, Ids, Runs, entry_positions, entry_session_numbers

_KEY = "segments"


class SnapshotChanged(Exception):
    """The segments are not those of the cached snapshot any more."""


class SnapshotSegment(NamedTuple):
    """A segment without its blocks."""

    id: int
    size: int
    runs: Runs


class SegmentSnapshot:
    """All segments in the order of their ids, with their entries concatenated."""

    def __init__(self, segments: Sequence[SnapshotSegment]) -> None:
        self.runs_of = {segment.id: segment.runs for segment in segments}
        empty = np.zeros(0, np.int64)
        firsts: Ids = np.concatenate([empty, *(segment.runs.firsts for segment in segments)])
        counts: Ids = np.concatenate([empty, *(segment.runs.counts for segment in segments)])
        ends = np.cumsum([0, *(segment.size for segment in segments)]).tolist()
        self.spans = {
            segment.id: slice(start, end) for segment, (start, end) in zip(segments, pairwise(ends), strict=True)
        }
        """Range of each segment's entries among all entries."""
        self.size: int = ends[-1]
        self.name = ",".join(map(str, self.spans))
        """The segment ids, as the parameter of `is_current`."""
        self.starts: Ids = np.cumsum(counts) - counts
        """Index of each run's first entry."""
        self.first_ids = firsts
        """The id of each run's first entry."""
        self.titles: Ids = self.starts[entry_positions(firsts) == TITLE_POSITION]
        """Indexes of the titles."""
        self.order: Ids = np.argsort(firsts, kind="stable")
        """Permutation that sorts the runs by session; it is applied to the arrays below."""
        self.ordered_starts: Ids = self.starts[self.order]
        self.counts: Ids = counts[self.order]
        self.firsts: Ids = firsts[self.order]
        self.numbers = entry_session_numbers(self.firsts)

    @functools.cached_property
    def retitled(self) -> Ids:
        """Numbers of the sessions whose title changed: the index has all their titles, of others the present one."""
        numbers, counts = np.unique(self.numbers[entry_positions(self.firsts) == TITLE_POSITION], return_counts=True)
        retitled: Ids = numbers[counts > 1]
        return retitled

    def retitled_of(self, numbers: Ids) -> frozenset[int]:
        """Those of some distinct numbers whose sessions' titles changed."""
        if not len(self.retitled):
            # As nearly always: what NumPy does here takes longer than to find a few entries.
            return frozenset()
        return frozenset(np.intersect1d(numbers, self.retitled, assume_unique=True).tolist())

    @property
    def bytes(self) -> int:
        """Approximate size in memory."""
        arrays = (self.starts, self.titles, self.order, self.ordered_starts, self.counts, self.firsts, self.numbers)
        return sum(array.nbytes for array in arrays) + 3 * self.counts.nbytes + len(self.name)


def cached_snapshot(cache: LRUCache) -> SegmentSnapshot | None:
    """The snapshot that was read last, if it is in the cache."""
    snapshot: SegmentSnapshot | None = cache.get(_KEY)
    return snapshot


async def read_snapshot(reader: Reader, cache: LRUCache) -> SegmentSnapshot:
    """The current snapshot: the cached object if nothing changed. Raises Unavailable."""
    snapshot = cached_snapshot(cache)
    runs_of = {} if snapshot is None else snapshot.runs_of
    rows = await reader.read(_segments(is_sqlite=reader.is_sqlite), segments=list(runs_of))
    if snapshot is not None and [row[0] for row in rows] == list(runs_of):
        return snapshot
    snapshot = SegmentSnapshot(
        [SnapshotSegment(id, size, runs_of[id] if runs is None else Runs.from_bytes(runs)) for id, size, runs in rows]
    )
    cache.put(_KEY, snapshot, snapshot.bytes)
    return snapshot


def is_current(*, is_sqlite: bool) -> ColumnElement[bool]:
    """Condition that the segments are those of a snapshot, whose `name` is the parameter `segments`."""
    ordered = sa.select(search_segment.c.id).order_by(search_segment.c.id).subquery()
    if is_sqlite:
        ids: sa.ColumnElement[str] = sa.func.group_concat(ordered.c.id)
    else:
        ids = sa.func.string_agg(sa.cast(ordered.c.id, sa.Text()), sa.literal_column("','"))
    name = sa.select(sa.func.coalesce(ids, sa.literal_column("''"))).scalar_subquery()
    return name == sa.bindparam("segments", type_=sa.Text())


@functools.lru_cache
def _segments(*, is_sqlite: bool) -> CompiledSelect[tuple[int, int, bytes | None]]:
    """All segments, with null in place of the runs of those whose ids are given."""
    table, id = numbers_table("segments", is_sqlite=is_sqlite)
    runs = sa.case((search_segment.c.id.in_(sa.select(id).select_from(table)), None), else_=search_segment.c.runs)
    statement = sa.select(search_segment.c.id, search_segment.c.size, runs).order_by(search_segment.c.id)
    return CompiledSelect(statement, tuple, (), is_sqlite=is_sqlite)
