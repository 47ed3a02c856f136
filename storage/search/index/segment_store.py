"""Writes segments, in the transaction that changes what is indexed.

Deleting a session needs no write here: its number goes with it, and entries of unknown numbers are ignored until
compaction drops them. A rewritten session gets a new number; when only its last messages change, their entries are
given to a number that no session has.
"""

import secrets
from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa

from storage.database.tables.search_segment import search_block, search_segment
from storage.database.transaction import Transaction
from storage.search.index.drafts import SegmentDraft
from storage.search.index.entries import Ids, Runs, entry_ids, entry_session_numbers

_SEGMENT_COLUMNS = ("id", "size", "weight", "runs")
_BLOCK_COLUMNS = ("segment_id", "first", "data")

_next = sa.select(sa.func.nextval("session_number")).select_from(
    sa.func.generate_series(1, sa.bindparam("count", type_=sa.Integer())).alias()
)
_last = sa.text("UPDATE session_number SET last = last + :count RETURNING last")


async def next_numbers(transaction: Transaction, count: int) -> Sequence[int]:
    """New session numbers, ascending and never reused."""
    if transaction.is_sqlite:
        last = int((await transaction.execute(_last, {"count": count})).scalar_one())
        return range(last + 1 - count, last + 1)
    return (await transaction.execute(_next, {"count": count})).scalars().all()


async def index_entries(transaction: Transaction, ids: Ids, drafts: Sequence[SegmentDraft]) -> None:
    """Write the segments of drafts, whose entries have these ids in order. Must not be a transaction's first write."""
    segments, blocks = [], []
    start = 0
    for draft in drafts:
        # Random, so that writers need no common counter and no id is ever reused.
        id = secrets.randbits(62)
        runs = Runs.from_ids(ids[start : start + draft.size]).to_bytes()
        segments.append((id, draft.size, draft.weight, runs))
        blocks += [(id, first, data) for first, data in draft.blocks]
        start += draft.size
    await transaction.insert(search_segment, _SEGMENT_COLUMNS, segments)
    await transaction.insert(search_block, _BLOCK_COLUMNS, blocks)


async def forget_entries(transaction: Transaction, number: int, start: int, count: int) -> None:
    """Remove the entries of `count` messages from position `start` on of a session, whose row is locked.

    Segments are immutable, so each that has some of them is replaced by one with the same blocks.
    """
    forgotten = entry_ids(number, start, count)
    is_complete = False
    while not is_complete:
        is_complete = True
        for id, data in (await transaction.execute(_runs)).all():
            runs = Runs.from_bytes(data)
            if number in entry_session_numbers(runs.firsts):
                ids = runs.ids()
                is_forgotten = np.isin(ids, forgotten)
                if is_forgotten.any():
                    kept = Runs.from_ids(np.where(is_forgotten, np.arange(len(ids)) + _FORGOTTEN, ids))
                    # Not complete when a concurrent compaction has moved the entries to another segment.
                    is_complete &= await _replace_runs(transaction, id, kept)


_runs = sa.select(search_segment.c.id, search_segment.c.runs)
_FORGOTTEN = 1
"""The first entry id of number 0, which no session has."""


async def _replace_runs(transaction: Transaction, id: int, runs: Runs) -> bool:
    """Replace a segment by one with other entry ids. Returns whether it still existed."""
    replaced = sa.delete(search_segment).where(search_segment.c.id == id)
    row = (await transaction.execute(replaced.returning(search_segment.c.size, search_segment.c.weight))).first()
    if row is None:
        return False
    new_id = secrets.randbits(62)
    await transaction.insert(search_segment, _SEGMENT_COLUMNS, [(new_id, row.size, row.weight, runs.to_bytes())])
    moved = sa.update(search_block).where(search_block.c.segment_id == id)
    await transaction.execute(moved.values(segment_id=new_id))
    return True
