"""What went on in sessions over time, from the records of activity that are stored for each of them."""

import asyncio
import functools
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.tables import session, session_statistics
from storage.database.types import concatenated
from storage.records.activity import IS_FIRST, RECORDS, quarter_of
from storage.records.session import SessionFilter, conditions, narrowing
from storage.records.time_intervals import begins_of
from storage.records.token_usage import TokenCounts

_LONG = 256 * 1024
"""Bytes of records that are not summed on the event loop."""


class ActivityPoint(NamedTuple):
    """What went on in an interval."""

    start: datetime
    session_count: int
    message_count: int
    usage: TokenCounts


class _Found(NamedTuple):
    records: bytes | None


async def activity_points(
    database: Database, session_filter: SessionFilter, bounds: list[datetime]
) -> list[ActivityPoint]:
    """What went on in the intervals between moments, in the sessions that pass a filter. Raises Unavailable."""
    if not bounds:
        return []
    quarters = [quarter_of(moment) for moment in bounds]
    archived, values = narrowing(session_filter)
    select = _records(archived, tuple(values), is_sqlite=database.is_sqlite)
    [found] = await database.read(select, **values, start=quarters[0], until=quarters[-1])
    records = found.records or b""
    if len(records) > _LONG:
        return await asyncio.to_thread(_points, bounds, quarters, records)
    return _points(bounds, quarters, records)


@functools.lru_cache(maxsize=64)
def _records(archived: str, names: tuple[str, ...], *, is_sqlite: bool) -> CompiledSelect[_Found]:
    statistics = session_statistics.c
    statement = (
        sa.select(concatenated(statistics.activity).label("records"))
        .join_from(session, session_statistics, statistics.session_number == session.c.number)
        .where(
            *conditions(archived, dict.fromkeys(names)),
            statistics.last_quarter >= sa.bindparam("start", type_=sa.Integer()),
            statistics.first_quarter < sa.bindparam("until", type_=sa.Integer()),
        )
    )
    return CompiledSelect(statement, _Found, _Found._fields, is_sqlite=is_sqlite)


def _points(bounds: list[datetime], quarters: Sequence[int], data: bytes) -> list[ActivityPoint]:
    records = np.frombuffer(data, RECORDS)
    sessions = np.cumsum(records["messages"] & IS_FIRST != 0)
    intervals = np.searchsorted(np.array(quarters), records["quarter"], "right") - 1
    is_inside = (intervals >= 0) & (intervals < len(quarters) - 1)
    records, sessions, intervals = records[is_inside], sessions[is_inside], intervals[is_inside]
    size = len(quarters) - 1
    # As floats, which are exact for integers that every JSON parser reads exactly.
    message_counts = np.bincount(intervals, records["messages"] & ~np.uint32(IS_FIRST), size).astype(np.int64)
    tokens = np.stack([np.bincount(intervals, column, size).astype(np.int64) for column in records["tokens"].T], 1)
    # The records of a session rise, so that those of one interval follow each other.
    is_new = np.ones(len(records), np.bool_)
    is_new[1:] = (sessions[1:] != sessions[:-1]) | (intervals[1:] != intervals[:-1])
    session_counts = np.bincount(intervals[is_new], minlength=size)
    return [
        ActivityPoint(start, session_count, message_count, TokenCounts._make([*counts, sum(counts)]))
        for start, session_count, message_count, counts in zip(
            begins_of(bounds), session_counts.tolist(), message_counts.tolist(), tokens.tolist(), strict=True
        )
    ]
