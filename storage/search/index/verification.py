"""Reads back what the index holds for each entry, so that `reprise doctor` can compare it with the messages."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from storage.database.change_numbers import skip_number
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.tables.search_segment import search_block, search_segment
from storage.database.transaction import DatabaseConnection
from storage.search.index.entries import Ids, Runs, entry_ids, entry_session_numbers
from storage.search.index.segment import Checksums, Segment

_segments = sa.select(search_segment.c.id, search_segment.c.runs)


class IndexedEntries(NamedTuple):
    """Entry ids in ascending order, the checksum of each entry's terms, and the ids of corrupt segments."""

    ids: Ids
    checksums: Checksums
    broken: list[int]

    @classmethod
    def merge(cls, ids: Sequence[Ids], checksums: Sequence[Checksums], broken: list[int]) -> "IndexedEntries":
        all_ids = np.concatenate([np.zeros(0, np.int64), *ids])
        order = np.argsort(all_ids, kind="stable")
        return cls(all_ids[order], np.concatenate([np.zeros(0, np.uint64), *checksums])[order], broken)

    def differences(self, ids: Ids, expected: Checksums) -> int:
        """How many of these messages are indexed with another checksum, or more than once."""
        starts, ends = np.searchsorted(self.ids, ids), np.searchsorted(self.ids, ids, "right")
        # The checksum of an entry that is not indexed is 0, as of one without any token.
        found = np.append(self.checksums, np.uint64(0))[np.where(starts < ends, starts, len(self.checksums))]
        return int(np.count_nonzero((found != expected[: len(ids)]) | (ends - starts > 1)))

    def title_differs(self, number: int, expected: np.uint64) -> bool:
        """Whether a session's title is missing. Earlier titles may be indexed as well."""
        [id] = entry_ids(number, -1, 1)
        start, end = np.searchsorted(self.ids, id), np.searchsorted(self.ids, id, "right")
        return bool(expected != 0 and expected not in self.checksums[start:end])

    def count_beyond(self, number: int, count: int) -> int:
        """How many entries with tokens lie after the last of a session's `count` messages."""
        [end] = entry_ids(number + 1, -1, 1)
        start = np.searchsorted(self.ids, entry_ids(number, -1, 1)[0] + 1 + count)
        return int(np.count_nonzero(self.checksums[start : np.searchsorted(self.ids, end)]))


async def read_indexed_entries(database: Database) -> IndexedEntries:
    """All entries of all segments, in one snapshot. Raises Unavailable."""
    async with database.snapshot() as connection:
        segment_ids = (await connection.execute(sa.select(search_segment.c.id))).scalars().all()
        return await _read_segments(connection, segment_ids)


async def read_indexed_entries_of(connection: DatabaseConnection, number: int) -> IndexedEntries:
    """All entries of the segments that hold a session. The transaction must lock the session."""
    while True:
        rows = (await connection.execute(_segments)).all()
        segment_ids = [row.id for row in rows if number in entry_session_numbers(Runs.from_bytes(row.runs).firsts)]
        entries = await _read_segments(connection, segment_ids)
        remaining = sa.select(sa.func.count()).where(is_any_of(search_segment.c.id, "segment_ids", segment_ids))
        # Fewer: a concurrent compaction replaced some of them in the meantime.
        if (await connection.execute(remaining)).scalar_one() == len(segment_ids):
            return entries


async def _read_segments(connection: DatabaseConnection, segment_ids: Iterable[int]) -> IndexedEntries:
    ids: list[Ids] = []
    checksums: list[Checksums] = []
    broken: list[int] = []
    for segment_id in segment_ids:
        row = (await connection.execute(sa.select(search_segment).where(search_segment.c.id == segment_id))).first()
        blocks = await connection.execute(
            sa.select(search_block.c.data).where(search_block.c.segment_id == segment_id).order_by(search_block.c.first)
        )
        if row is not None:
            try:
                segment_entries = _read_segment(row, blocks.scalars().all())
            except (ValueError, IndexError):
                broken.append(segment_id)
            else:
                ids.append(segment_entries[0])
                checksums.append(segment_entries[1])
    return IndexedEntries.merge(ids, checksums, broken)


def _read_segment(row: Any, blocks: Sequence[bytes]) -> tuple[Ids, Checksums]:
    """Raises ValueError and IndexError when the segment is corrupt."""
    ids = Runs.from_bytes(row.runs).ids()
    if len(ids) != row.size:
        raise ValueError("the number of entries differs from the segment's size")
    return ids, Segment.from_blocks(row.size, blocks).checksums()


async def delete_segment(database: Database, segment_id: int) -> None:
    """Remove a segment, after which its entries must be indexed again. Raises Unavailable."""
    async with database.write() as transaction:
        await transaction.execute(sa.delete(search_segment).where(search_segment.c.id == segment_id))
        await transaction.execute(sa.delete(search_block).where(search_block.c.segment_id == segment_id))
        await skip_number(transaction)
