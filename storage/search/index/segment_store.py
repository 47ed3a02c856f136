"""Writes segments, in the transaction that changes what is indexed.

Deleting a session needs no write here: its number goes with it, and entries of unknown numbers are ignored until
compaction drops them. A rewritten session gets a new number.
"""

import secrets
from collections.abc import Sequence

import sqlalchemy as sa

from storage.database.tables import search_block, search_segment
from storage.database.transaction import Transaction
from storage.search.index.drafts import Draft
from storage.search.index.entries import Ids, Runs

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


async def index_entries(transaction: Transaction, ids: Ids, drafts: Sequence[Draft]) -> None:
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
