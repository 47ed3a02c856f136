"""The activity of many sessions over time, from the records that are stored with each of them."""

import asyncio
import functools
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.tables.session import session_statistics
from storage.database.types import concatenated
from storage.records.activity import HIGH, IS_FIRST, IS_HIGH, RECORDS, quarter_of
from storage.records.indexed_sessions import select_numbers
from storage.records.session_filter import SessionFilter, narrowing
from storage.records.time_intervals import begins_of
from storage.records.token_usage import TokenCounts

_LONG = 256 * 1024
"""Bytes of records that are not summed on the event loop."""


class ActivityPoint(NamedTuple):
    """The activity in an interval."""

    start: datetime
    session_count: int
    message_count: int
    usage: TokenCounts


class _Found(NamedTuple):
    records: bytes | None


async def activity_points(
    database: Database, session_filter: SessionFilter, bounds: list[datetime]
) -> list[ActivityPoint]:
    """The activity in the intervals between `bounds`, of the sessions that pass a filter. Raises Unavailable."""
    if not bounds:
        return []
    quarters = [quarter_of(moment) for moment in bounds]
    archived, values = narrowing(session_filter)
    select = _records(archived, tuple(values), is_sqlite=database.is_sqlite)
    [found] = await database.read(select, **values, start=quarters[0], until=quarters[-1])
    records = found.records or b""
    if len(records) > _LONG:
        return await asyncio.to_thread(sum_records, bounds, quarters, records)
    return sum_records(bounds, quarters, records)


@functools.lru_cache(maxsize=64)
def _records(archived: str, names: tuple[str, ...], *, is_sqlite: bool) -> CompiledSelect[_Found]:
    statistics = session_statistics.c
    numbers = select_numbers(archived, names, is_sqlite=is_sqlite)
    # All numbers at once, which the databases look up in order: a join reads the statistics of all sessions, or looks
    # them up in the order of the index.
    is_found: ColumnElement[bool] = statistics.session_number.in_(numbers)
    if not is_sqlite:
        is_found = statistics.session_number == sa.any_(sa.func.array(numbers.scalar_subquery()))
    statement = sa.select(concatenated(statistics.activity).label("records")).where(
        is_found,
        statistics.last_quarter >= sa.bindparam("start", type_=sa.Integer()),
        statistics.first_quarter < sa.bindparam("until", type_=sa.Integer()),
    )
    return CompiledSelect(statement, _Found, _Found._fields, is_sqlite=is_sqlite)


def sum_records(bounds: list[datetime], quarters: Sequence[int], data: bytes) -> list[ActivityPoint]:
    """The activity in the intervals between `bounds`, whose quarters are `quarters`. `data` has the records of many
    sessions.
    """
    records = np.frombuffer(data, RECORDS)
    messages, tokens = records["messages"], records["tokens"]
    # The first interval is the time before all bounds, the last one the time after them: counting them takes less time
    # than leaving them out.
    intervals = np.searchsorted(np.array(quarters), records["quarter"], "right")
    size = len(quarters) + 1
    is_high = messages & IS_HIGH != 0
    if is_high.any():
        tokens = np.where(is_high[:, None], tokens * np.int64(HIGH), tokens)
    # As floats, which are exact for integers that every JSON parser reads exactly.
    message_counts, *token_counts = (
        np.bincount(intervals, weights, size)[1:-1].astype(np.int64).tolist()
        for weights in (messages & np.uint32(IS_HIGH - 1), *tokens.T)
    )
    # The records of a session are sorted by time, so that those of one interval follow each other.
    is_new = messages & IS_FIRST != 0
    is_new[1:] |= intervals[1:] != intervals[:-1]
    session_counts = np.bincount(intervals[is_new], minlength=size)[1:-1].tolist()
    return [
        ActivityPoint(start, session_count, message_count, TokenCounts._make([*counts, sum(counts)]))
        for start, session_count, message_count, *counts in zip(
            begins_of(bounds), session_counts, message_counts, *token_counts, strict=True
        )
    ]
