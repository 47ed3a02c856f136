"""The numbers of all sessions that pass a filter, without their rows."""

import functools
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from storage.database.compiled_select import CompiledSelect, Reader
from storage.records.indexed_sessions import select_numbers
from storage.records.session_filter import SessionFilter, narrowing
from storage.search.index.entries import Ids
from storage.search.index.segment_snapshot import is_current


class _Numbers(NamedTuple):
    """Numbers in decimal, separated by commas; None for none, and when the segments are others."""

    numbers: str | None


async def filtered_numbers(reader: Reader, filter: SessionFilter, segments: str) -> Ids:
    """The numbers of the sessions that pass a filter; none when `segments` is not the name of the newest snapshot.

    Raises Unavailable.
    """
    archived, values = narrowing(filter)
    [found] = await reader.read(
        _numbers(archived, tuple(values), is_sqlite=reader.is_sqlite), **values, segments=segments
    )
    return np.fromstring(found.numbers or "", np.int64, sep=",")


@functools.lru_cache(maxsize=64)
def _numbers(archived: str, names: tuple[str, ...], *, is_sqlite: bool) -> CompiledSelect[_Numbers]:
    found = select_numbers(archived, names, is_sqlite=is_sqlite).subquery("found").c.number
    joined = sa.func.group_concat(found) if is_sqlite else sa.func.string_agg(sa.cast(found, sa.Text()), ",")
    return CompiledSelect(
        sa.select(joined.label("numbers")).where(is_current(is_sqlite=is_sqlite)),
        _Numbers,
        _Numbers._fields,
        is_sqlite=is_sqlite,
    )
