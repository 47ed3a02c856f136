"""Merging small segments: a search looks into each, and what is deleted leaves the index when they are merged.

Sizes double thrice from kind to kind, so a word is written again a few times at most, as in a log-structured merge
tree (O'Neil, Cheng, Gawlick and O'Neil, 1996). Segments never change, so they are read and merged beside all else; only
putting the new one in the place of the old ones is a transaction.
"""

import asyncio
import contextlib
import secrets
from collections import defaultdict
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.array_parameters import is_among
from storage.database.database import Database
from storage.database.tables import search_block, search_segment, session
from storage.errors import Unavailable
from storage.search.index.block import MOST_ENTRIES, Mask
from storage.search.index.drafts import Draft
from storage.search.index.entries import Ids, Runs, numbers_of
from storage.search.index.segment import Segment, merge_segments
from storage.search.index.segment_store import index_entries

MOST_OF_A_KIND = 8
"""Segments of about one size from which on they are merged."""

FULL = 6 * 2**20
"""Bytes from which on a segment stays as it is."""

_full = sa.select(search_segment.c.id).where(search_segment.c.weight >= sa.bindparam("full"))
_small = sa.select(search_segment.c.id, search_segment.c.size, search_segment.c.weight).where(
    search_segment.c.weight < sa.bindparam("full")
)


class _Overtaken(Exception):
    """Somebody else has merged some of the segments meanwhile."""


async def compact(database: Database) -> None:
    """Merge what is due. Does nothing while the database is not available: the next time will do."""
    with contextlib.suppress(Unavailable, _Overtaken):
        while await _merge_some(database):
            pass
        await _sweep(database)


async def _sweep(database: Database) -> None:
    """Look at one of the full segments, and make it anew when most of what it says is of sessions that are gone."""
    async with database.view() as connection:
        full = (await connection.execute(_full, {"full": FULL})).scalars().all()
        if not full:
            return
        id = secrets.choice(full)
        runs = (
            await connection.execute(sa.select(search_segment.c.runs).where(search_segment.c.id == id))
        ).scalar_one()
        ids = Runs.read(runs).ids()
        is_alive = _are_alive(ids, await _living(connection, [ids]))
    if 2 * np.count_nonzero(is_alive) < len(ids):
        await _replace(database, [id])


async def _merge_some(database: Database) -> bool:
    async with database.read() as connection:
        group = _due((await connection.execute(_small, {"full": FULL})).all())
    return bool(group) and await _replace(database, group)


def _due(segments: Sequence[Any]) -> list[int]:
    """The ids of segments to be merged: of the smallest kind that has many."""
    kinds: defaultdict[int, list[Any]] = defaultdict(list)
    for segment in segments:
        kinds[segment.weight.bit_length() // 3].append(segment)
    for _, kind in sorted(kinds.items()):
        if len(kind) >= MOST_OF_A_KIND:
            size, group = 0, []
            for segment in kind[:MOST_OF_A_KIND]:
                size += segment.size
                if size > MOST_ENTRIES:
                    break
                group.append(segment.id)
            # Entries that say next to nothing: so many fit into no segment.
            return group if len(group) > 1 else []
    return []


async def _replace(database: Database, group: list[int]) -> bool:
    is_sqlite = database.is_sqlite
    is_in_group = is_among(search_segment.c.id, group, is_sqlite=is_sqlite)
    is_of_group = is_among(search_block.c.segment_id, group, is_sqlite=is_sqlite)
    async with database.view() as connection:
        rows = (await connection.execute(sa.select(search_segment).where(is_in_group))).all()
        if len(rows) != len(group):
            raise _Overtaken
        blocks: defaultdict[int, list[bytes]] = defaultdict(list)
        ordered = sa.select(search_block).where(is_of_group).order_by(search_block.c.segment_id, search_block.c.first)
        for block in await connection.execute(ordered):
            blocks[block.segment_id].append(block.data)
        ids = [Runs.read(row.runs).ids() for row in rows]
        living = await _living(connection, ids)
    stored = [(row.size, blocks[row.id]) for row in rows]
    kept, drafts = await asyncio.to_thread(_merged, stored, ids, living)
    async with database.write() as transaction:
        # All or none: who merges some of these waits here, and then finds them gone.
        gone = await transaction.execute(sa.delete(search_segment).where(is_in_group))
        if gone.rowcount != len(group):
            raise _Overtaken
        await transaction.execute(sa.delete(search_block).where(is_of_group))
        if len(kept):
            await index_entries(transaction, kept, drafts)
    return True


async def _living(connection: AsyncConnection, ids: Sequence[Ids]) -> Ids:
    """The numbers of those sessions of some entries that are there."""
    numbers = np.unique(numbers_of(np.concatenate(ids))).tolist()
    is_one = is_among(session.c.number, numbers, is_sqlite=connection.dialect.name == "sqlite")
    return np.array((await connection.execute(sa.select(session.c.number).where(is_one))).scalars().all(), np.int64)


def _are_alive(ids: Ids, living: Ids) -> Mask:
    return np.isin(numbers_of(ids), living)


def _merged(stored: Sequence[tuple[int, list[bytes]]], ids: Sequence[Ids], living: Ids) -> tuple[Ids, list[Draft]]:
    """The ids that are left, and the segment of their entries."""
    masks = [_are_alive(some, living) for some in ids]
    kept = np.concatenate([some[mask] for some, mask in zip(ids, masks, strict=True)])
    segments = [Segment.stored(size, blocks) for size, blocks in stored]
    return kept, [Draft.of(merge_segments(segments, masks))] if len(kept) else []


class Compactor:
    """Merges beside a long import. `async with` ends what is going on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._merging: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Compactor":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._merging is not None and not self._merging.done():
            self._merging.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._merging

    async def begin(self) -> None:
        """Merge what is due while others go on, unless that is being done."""
        if self._merging is None or self._merging.done():
            await self._ended()
            self._merging = asyncio.create_task(compact(self._database))

    async def finish(self) -> None:
        """Merge all that is due."""
        await self._ended()
        await compact(self._database)

    async def _ended(self) -> None:
        if self._merging is not None:
            await self._merging
