"""Keeping the index in step: called in the transactions that change what is indexed.

What is deleted needs no call: a session's number goes with it, and what the index still says of that number counts for
nothing. What is written anew gets a new number.
"""

import secrets
from collections.abc import Sequence

import sqlalchemy as sa

from storage.database.database import Transaction
from storage.database.tables import search_block, search_segment
from storage.search.index.drafts import Draft
from storage.search.index.entries import Ids, Runs

_SEGMENT_COLUMNS = ("id", "size", "weight", "runs")
_BLOCK_COLUMNS = ("segment_id", "first", "data")

_next = sa.select(sa.func.nextval("session_number")).select_from(
    sa.func.generate_series(1, sa.bindparam("count", type_=sa.Integer())).alias()
)
_last = sa.text("UPDATE session_number SET last = last + :count RETURNING last")


async def next_numbers(transaction: Transaction, count: int) -> Sequence[int]:
    """Numbers for the entries of sessions: rising, and never given again."""
    if transaction.is_sqlite:
        last = int((await transaction.execute(_last, {"count": count})).scalar_one())
        return range(last + 1 - count, last + 1)
    return (await transaction.execute(_next, {"count": count})).scalars().all()


async def index_entries(transaction: Transaction, ids: Ids, drafts: Sequence[Draft]) -> None:
    """Add the entries of drafts, whose ids are these in order, after at least one other statement."""
    segments, blocks = [], []
    start = 0
    for draft in drafts:
        # Random: nobody waits for anybody's, and none is given again.
        id = secrets.randbits(62)
        runs = Runs.of(ids[start : start + draft.size]).stored()
        segments.append((id, draft.size, draft.weight, runs))
        blocks += [(id, first, data) for first, data in draft.blocks]
        start += draft.size
    await transaction.insert(search_segment, _SEGMENT_COLUMNS, segments)
    await transaction.insert(search_block, _BLOCK_COLUMNS, blocks)
