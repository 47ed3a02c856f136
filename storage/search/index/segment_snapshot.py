"""Which segments there are, as a process knows them.

Segments never change, so what was read of them once holds while they are there. Whoever relies on knowing all of them
says so in each statement: `are_these`.
"""

import functools
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.array_parameters import numbers_table
from storage.database.compiled_select import CompiledSelect, Reader
from storage.database.lru_cache import LRUCache
from storage.database.tables import search_segment
from storage.search.index.entries import TITLE_POSITION, Ids, Runs, numbers_of, positions_of

_KEY = "segments"


class SnapshotChanged(Exception):
    """There are other segments than those that are known."""


class _Segment(NamedTuple):
    id: int
    size: int
    runs: Runs


class SegmentSnapshot:
    """All segments at one moment, in the order of their ids, and their entries one after another."""

    def __init__(self, segments: Sequence[_Segment]) -> None:
        self.runs_of = {segment.id: segment.runs for segment in segments}
        nothing = np.zeros(0, np.int64)
        firsts: Ids = np.concatenate([nothing, *(segment.runs.firsts for segment in segments)])
        counts: Ids = np.concatenate([nothing, *(segment.runs.counts for segment in segments)])
        ends = np.cumsum([0, *(segment.size for segment in segments)]).tolist()
        self.spans = {
            segment.id: slice(start, end) for segment, (start, end) in zip(segments, pairwise(ends), strict=True)
        }
        """Where the entries of each segment stand among all."""
        self.size: int = ends[-1]
        self.name = ",".join(map(str, self.spans))
        """As `are_these` takes it."""
        self.starts: Ids = np.cumsum(counts) - counts
        """Where each run begins."""
        self.titles: Ids = self.starts[positions_of(firsts) == TITLE_POSITION]
        """Where titles stand."""
        self.order: Ids = np.argsort(firsts, kind="stable")
        """The runs by their sessions; so are the following ones."""
        self.ordered_starts: Ids = self.starts[self.order]
        self.counts: Ids = counts[self.order]
        self.firsts: Ids = firsts[self.order]
        self.numbers = numbers_of(self.firsts)

    @property
    def bytes(self) -> int:
        """Of memory, about."""
        arrays = (self.starts, self.titles, self.order, self.ordered_starts, self.counts, self.firsts, self.numbers)
        return sum(array.nbytes for array in arrays) + 2 * self.counts.nbytes + len(self.name)


def known_segments(kept: LRUCache) -> SegmentSnapshot | None:
    """Those that were there when they were read last, if they are kept."""
    known: SegmentSnapshot | None = kept.get(_KEY)
    return known


async def read_segments(reader: Reader, kept: LRUCache) -> SegmentSnapshot:
    """Those that are there: the same as before, if they are. Raises Unavailable."""
    known = known_segments(kept)
    runs_of = {} if known is None else known.runs_of
    rows = await reader.rows(_segments(is_sqlite=reader.is_sqlite), segments=list(runs_of))
    if known is not None and [row[0] for row in rows] == list(runs_of):
        return known
    known = SegmentSnapshot(
        [_Segment(id, size, runs_of[id] if runs is None else Runs.read(runs)) for id, size, runs in rows]
    )
    kept.put(_KEY, known, known.bytes)
    return known


def are_these(*, is_sqlite: bool) -> ColumnElement[bool]:
    """Whether the segments are those whose name a statement is given as `segments`, which it then reads all of."""
    ordered = sa.select(search_segment.c.id).order_by(search_segment.c.id).subquery()
    if is_sqlite:
        ids: sa.ColumnElement[str] = sa.func.group_concat(ordered.c.id)
    else:
        ids = sa.func.string_agg(sa.cast(ordered.c.id, sa.Text()), sa.literal_column("','"))
    name = sa.select(sa.func.coalesce(ids, sa.literal_column("''"))).scalar_subquery()
    return name == sa.bindparam("segments", type_=sa.Text())


@functools.lru_cache
def _segments(*, is_sqlite: bool) -> CompiledSelect[tuple[int, int, bytes | None]]:
    """All of them, without the runs of those whose ids are given."""
    table, id = numbers_table("segments", is_sqlite=is_sqlite)
    runs = sa.case((search_segment.c.id.in_(sa.select(id).select_from(table)), None), else_=search_segment.c.runs)
    statement = sa.select(search_segment.c.id, search_segment.c.size, runs).order_by(search_segment.c.id)
    return CompiledSelect(statement, tuple, (), is_sqlite=is_sqlite)
