"""Which entries hold what was asked for, as the segments tell: exactly for words and prefixes.

A phrase may be missing from entries that are told: what they say is looked at after (see `hits.py`). Entries of
sessions that are gone and titles that were changed are told too.
"""

import functools
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from storage.reading import Reader, Reading
from storage.search.block import END_OF_PREFIX, Block, Mask, pair_term
from storage.search.entries import TITLE_POSITION, Ids, Runs, numbers_of, positions_of
from storage.search.lists import texts_table
from storage.search.query import Clause
from storage.search.vocabulary import pair_kind, token_hash
from storage.tables import search_block, search_segment
from storage.types import KeyText

_MOST_TERMS = 32
"""In one statement, which may give some kilobytes for each in each segment."""


class _Segment(NamedTuple):
    id: int
    size: int
    runs: bytes


@functools.lru_cache
def _segments(*, is_sqlite: bool) -> Reading[_Segment]:
    statement = sa.select(search_segment.c.id, search_segment.c.size, search_segment.c.runs)
    return Reading(statement, _Segment, _Segment._fields, is_sqlite=is_sqlite)


class _Asked(NamedTuple):
    """The terms of a clause that an entry must hold: all of `terms`, and one that begins with `prefix`."""

    terms: list[str]
    prefix: str | None

    @classmethod
    def by(cls, clause: Clause) -> "_Asked":
        whole = clause.tokens[:-1] if clause.is_prefix else clause.tokens
        kinds = [pair_kind(token_hash(first), token_hash(second)) for first, second in pairwise(whole)]
        return cls([*whole, *map(pair_term, kinds)], clause.tokens[-1] if clause.is_prefix else None)


class Entries:
    """Some of the entries of segments, by session: titles, messages or both."""

    def __init__(self, parts: Sequence[tuple[Runs, Mask]], *, titles: bool, messages: bool) -> None:
        nothing = np.zeros(0, np.int64)
        firsts = np.concatenate([nothing, *(runs.firsts for runs, _ in parts)])
        counts = np.concatenate([nothing, *(runs.counts for runs, _ in parts)])
        starts = np.cumsum(counts) - counts
        self._mask = np.concatenate([np.zeros(0, np.bool_), *(mask for _, mask in parts)])
        begins = starts[positions_of(firsts) == TITLE_POSITION]
        if not messages:
            has_title = self._mask[begins]
            self._mask[:] = False
            self._mask[begins] = has_title
        if not titles:
            self._mask[begins] = False
        found = np.add.reduceat(self._mask, starts, dtype=np.int64) if len(starts) else nothing
        order = np.argsort(firsts, kind="stable")
        order = order[found[order] > 0]
        self._firsts, self._counts, self._starts = firsts[order], counts[order], starts[order]
        self.found = found[order]
        """How many there are in each run."""
        self.numbers = numbers_of(self._firsts)
        """The session of each run, rising."""

    def of(self, number: int) -> Ids:
        """The ids of a session's entries, some perhaps twice."""
        start, end = np.searchsorted(self.numbers, number), np.searchsorted(self.numbers, number, "right")
        return self.ids(range(int(start), int(end)))

    def ids(self, runs: Iterable[int]) -> Ids:
        """The ids of the entries in some runs."""
        some = [
            self._firsts[run] + np.flatnonzero(self._mask[self._starts[run] : self._starts[run] + self._counts[run]])
            for run in runs
        ]
        return np.concatenate([np.zeros(0, np.int64), *some])

    def titles(self, runs: Ids) -> Ids:
        """The ids of the titles among the entries in some runs."""
        firsts = self._firsts[runs]
        titles: Ids = firsts[(positions_of(firsts) == TITLE_POSITION) & self._mask[self._starts[runs]]]
        return titles


async def entries_with(
    reader: Reader, clauses: Sequence[Clause], *, titles: bool = True, messages: bool = True
) -> Entries:
    """The entries with the words of all clauses, and as far as is known with their phrases."""
    asked = list(map(_Asked.by, clauses))
    terms = list(dict.fromkeys(term for one in asked for term in one.terms))
    prefixes = list(dict.fromkeys(one.prefix for one in asked if one.prefix is not None))
    is_sqlite = reader.is_sqlite
    segments = await reader.rows(_segments(is_sqlite=is_sqlite))
    holding = _Holding({segment.id: segment.size for segment in segments})
    for start in range(0, len(terms), _MOST_TERMS):
        if holding.masks:
            asked_for = terms[start : start + _MOST_TERMS]
            holding.all_of(await reader.rows(_blocks_of(is_sqlite=is_sqlite), terms=asked_for))
    for prefix in prefixes:
        if holding.masks:
            under = {"prefix": prefix, "end": prefix + END_OF_PREFIX}
            holding.one_under(prefix, await reader.rows(_blocks_under(is_sqlite=is_sqlite), **under))
    parts = [
        (Runs.read(segment.runs), holding.masks[segment.id]) for segment in segments if segment.id in holding.masks
    ]
    return Entries(parts, titles=titles, messages=messages)


class _Holding:
    """By the id of each segment that has some, its entries that hold all that was asked for so far."""

    def __init__(self, sizes: dict[int, int]) -> None:
        self.masks: dict[int, Mask] = {id: np.ones(size, np.bool_) for id, size in sizes.items()}

    def all_of(self, rows: Iterable[Any]) -> None:
        """Keep those with the terms of rows: for each term and segment the block where it is if it is there."""
        for segment_id, term, data in rows:
            if segment_id in self.masks:
                block = None if data is None else Block(data, len(self.masks[segment_id]))
                place = None if block is None else block.place(term)
                self._keep(segment_id, None if block is None or place is None else block.mask([place]))

    def one_under(self, prefix: str, rows: Iterable[Any]) -> None:
        """Keep those with a word that begins so, by the blocks in which such words may be."""
        found: dict[int, Mask] = {}
        for segment_id, data in rows:
            if segment_id in self.masks and data is not None:
                block = Block(data, len(self.masks[segment_id]))
                mask = block.mask(block.places_under(prefix))
                found[segment_id] = found[segment_id] | mask if segment_id in found else mask
        for segment_id in list(self.masks):
            self._keep(segment_id, found.get(segment_id))

    def _keep(self, segment_id: int, mask: Mask | None) -> None:
        both = None if mask is None else self.masks[segment_id] & mask
        if both is not None and both.any():
            self.masks[segment_id] = both
        else:
            del self.masks[segment_id]


@functools.lru_cache
def _blocks_of(*, is_sqlite: bool) -> Reading[tuple[int, str, bytes | None]]:
    """For each segment and term the block in which it would be."""
    table, term = texts_table("terms", is_sqlite=is_sqlite)
    data = (
        sa.select(search_block.c.data)
        .where(search_block.c.segment_id == search_segment.c.id, search_block.c.first <= term)
        .order_by(search_block.c.first.desc())
        .limit(sa.literal_column("1"))
        .correlate(search_segment, table)
        .scalar_subquery()
    )
    statement = sa.select(search_segment.c.id, term, data).join_from(search_segment, table, sa.true())
    return Reading(statement, tuple, (), is_sqlite=is_sqlite)


@functools.lru_cache
def _blocks_under(*, is_sqlite: bool) -> Reading[tuple[int, bytes | None]]:
    """The blocks in which words that begin so would be; on SQLite a row without one for a segment that has none."""
    before = search_block.alias()
    first = (
        sa.select(sa.func.max(before.c.first))
        .where(before.c.segment_id == search_segment.c.id, before.c.first <= sa.bindparam("prefix", type_=KeyText))
        .correlate(search_segment)
        .scalar_subquery()
    )
    is_near = sa.and_(
        search_block.c.segment_id == search_segment.c.id,
        search_block.c.first >= sa.func.coalesce(first, sa.literal_column("''")),
        search_block.c.first <= sa.bindparam("end", type_=KeyText),
    )
    # Either way segment by segment: joined freely, all blocks of all segments may be looked at.
    if is_sqlite:
        statement = sa.select(search_segment.c.id, search_block.c.data).join_from(
            search_segment, search_block, is_near, isouter=True
        )
    else:
        near = sa.select(search_block.c.data).where(is_near).correlate(search_segment).offset(0).lateral()
        statement = sa.select(search_segment.c.id, near.c.data).join_from(search_segment, near, sa.true())
    return Reading(statement, tuple, (), is_sqlite=is_sqlite)
