"""What the index says of each entry, to be compared with what the entries themselves say."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.array_parameters import is_among
from storage.database.database import Database
from storage.database.tables import search_block, search_segment
from storage.search.index.entries import Ids, Runs, entry_ids, numbers_of
from storage.search.index.segment import Segment, Sums

_segments = sa.select(search_segment.c.id, search_segment.c.runs)


class IndexedEntries(NamedTuple):
    """The ids of entries, rising, and what the index says of each; and the segments that cannot be read."""

    ids: Ids
    sums: Sums
    broken: list[int]

    @classmethod
    def of(cls, ids: Sequence[Ids], sums: Sequence[Sums], broken: list[int]) -> "IndexedEntries":
        all_ids = np.concatenate([np.zeros(0, np.int64), *ids])
        order = np.argsort(all_ids, kind="stable")
        return cls(all_ids[order], np.concatenate([np.zeros(0, np.uint64), *sums])[order], broken)

    def differences(self, ids: Ids, sums: Sums) -> int:
        """How many of some messages it says something else of, or says something twice."""
        starts, ends = np.searchsorted(self.ids, ids), np.searchsorted(self.ids, ids, "right")
        # What is not there is said to hold nothing.
        said = np.append(self.sums, np.uint64(0))[np.where(starts < ends, starts, len(self.sums))]
        return int(np.count_nonzero((said != sums[: len(ids)]) | (ends - starts > 1)))

    def title_differs(self, number: int, expected: np.uint64) -> bool:
        """Whether it does not know a session's title; it may know earlier ones besides."""
        [id] = entry_ids(number, -1, 1)
        start, end = np.searchsorted(self.ids, id), np.searchsorted(self.ids, id, "right")
        return bool(expected != 0 and expected not in self.sums[start:end])

    def count_beyond(self, number: int, count: int) -> int:
        """How many messages it says something of behind a session's last one."""
        [end] = entry_ids(number + 1, -1, 1)
        start = np.searchsorted(self.ids, entry_ids(number, -1, 1)[0] + 1 + count)
        return int(np.count_nonzero(self.sums[start : np.searchsorted(self.ids, end)]))


async def read_indexed_entries(database: Database) -> IndexedEntries:
    """What all segments say, as they are at one moment. Raises Unavailable."""
    async with database.view() as connection:
        segment_ids = (await connection.execute(sa.select(search_segment.c.id))).scalars().all()
        return await _told(connection, segment_ids)


async def read_indexed_entries_of(connection: AsyncConnection, number: int) -> IndexedEntries:
    """What the segments say that know of a session, in a transaction that keeps it from changing."""
    while True:
        rows = (await connection.execute(_segments)).all()
        segment_ids = [row.id for row in rows if number in numbers_of(Runs.read(row.runs).firsts)]
        told = await _told(connection, segment_ids)
        left = sa.select(sa.func.count()).where(
            is_among(search_segment.c.id, segment_ids, is_sqlite=connection.dialect.name == "sqlite")
        )
        # Else some were merged while they were read.
        if (await connection.execute(left)).scalar_one() == len(segment_ids):
            return told


async def _told(connection: AsyncConnection, segment_ids: Iterable[int]) -> IndexedEntries:
    ids: list[Ids] = []
    sums: list[Sums] = []
    broken: list[int] = []
    for segment_id in segment_ids:
        row = (await connection.execute(sa.select(search_segment).where(search_segment.c.id == segment_id))).first()
        blocks = await connection.execute(
            sa.select(search_block.c.data).where(search_block.c.segment_id == segment_id).order_by(search_block.c.first)
        )
        if row is not None:
            try:
                found = _read(row, blocks.scalars().all())
            except (ValueError, IndexError):
                broken.append(segment_id)
            else:
                ids.append(found[0])
                sums.append(found[1])
    return IndexedEntries.of(ids, sums, broken)


def _read(row: Any, blocks: Sequence[bytes]) -> tuple[Ids, Sums]:
    """Raises ValueError and IndexError when the segment is none."""
    ids = Runs.read(row.runs).ids()
    if len(ids) != row.size:
        raise ValueError("a segment has more or fewer entries than it says")
    return ids, Segment.stored(row.size, blocks).sums()


async def forget_segment(database: Database, segment_id: int) -> None:
    """Remove a segment; its entries are to be indexed anew. Raises Unavailable."""
    async with database.write() as transaction:
        await transaction.execute(sa.delete(search_segment).where(search_segment.c.id == segment_id))
        await transaction.execute(sa.delete(search_block).where(search_block.c.segment_id == segment_id))
