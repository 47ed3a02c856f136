"""Which entries hold what was asked for, as the segments tell: exactly for words and prefixes.

A phrase may be missing from entries that are told: what they say is looked at after (see `hits.py`). Entries of
sessions that are gone and titles that were changed are told too.
"""

import functools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from storage.database.array_parameters import numbers_table, texts_table
from storage.database.compiled_select import CompiledSelect, Reader
from storage.database.lru_cache import LRUCache
from storage.database.tables import search_block, search_segment
from storage.database.types import KeyText
from storage.search.index.block import END_OF_PREFIX, Block, Held, Mask, fill, pair_term, united
from storage.search.index.segment_snapshot import SegmentSnapshot, SnapshotChanged
from storage.search.index.vocabulary import pair_kind, token_hash
from storage.search.query.clauses import Clause

_MOST_TERMS = 32
"""In one statement, which may give some kilobytes for each in each segment."""

_OVERHEAD = 200
"""Bytes of memory that are needed to keep what holds a term, besides what that is."""


class Term(NamedTuple):
    """A word, or the pair that a segment names so, or all words with a prefix."""

    text: str
    is_prefix: bool = False


def terms_of(clauses: Iterable[Clause]) -> list[Term]:
    """Those that an entry must hold to match all clauses, each once; prefixes last."""
    terms: dict[Term, None] = {}
    prefixes: dict[Term, None] = {}
    for clause in clauses:
        whole = clause.tokens[:-1] if clause.is_prefix else clause.tokens
        kinds = [pair_kind(token_hash(first), token_hash(second)) for first, second in pairwise(whole)]
        terms |= dict.fromkeys(map(Term, (*whole, *map(pair_term, kinds))))
        if clause.is_prefix:
            prefixes[Term(clause.tokens[-1], is_prefix=True)] = None
    return [*terms, *prefixes]


async def entries_with(reader: Reader, kept: LRUCache, known: SegmentSnapshot, clauses: Iterable[Clause]) -> Mask:
    """Which entries hold the words of all clauses, and as far as is known their phrases. Raises SnapshotChanged and
    Unavailable.
    """
    terms = terms_of(clauses)
    words = [term for term in terms if not term.is_prefix]
    batches = [words[start : start + _MOST_TERMS] for start in range(0, len(words), _MOST_TERMS)]
    mask: Mask | None = None
    for batch in [*batches, *([term] for term in terms if term.is_prefix)]:
        if mask is None or mask.any():
            held = await _held(reader, kept, known, batch)
            for term in batch:
                its = _mask(known, held[term])
                mask = its if mask is None else mask & its
    return np.zeros(known.size, np.bool_) if mask is None else mask


def _mask(known: SegmentSnapshot, held: dict[int, Held]) -> Mask:
    """Of all entries those that segments, by their ids, hold."""
    mask = np.zeros(known.size, np.bool_)
    for id, some in held.items():
        if len(some):
            fill(mask[known.spans[id]], some)
    return mask


async def _held(
    reader: Reader, kept: LRUCache, known: SegmentSnapshot, terms: Sequence[Term]
) -> defaultdict[Term, dict[int, Held]]:
    """The entries of each segment that hold each term; `terms` are words, or one prefix."""
    found: defaultdict[Term, dict[int, Held]] = defaultdict(dict)
    unknown: dict[int, None] = {}
    missing: dict[Term, None] = {}
    for term in terms:
        for id in known.spans:
            held = kept.get((id, term))
            if held is None:
                unknown[id] = missing[term] = None
            else:
                found[term][id] = held
    if not unknown:
        return found
    is_told: set[int] = set()
    under: defaultdict[int, list[Block]] = defaultdict(list)
    if terms[0].is_prefix:
        [term] = terms
        blocks = _blocks_under(is_sqlite=reader.is_sqlite)
        values = {"prefix": term.text, "end": term.text + END_OF_PREFIX}
        for id, data in await reader.rows(blocks, segments=list(unknown), **values):
            is_told.add(id)
            if data is not None:
                under[id].append(Block(data, _size(known, id)))
        for id in is_told:
            found[term][id] = united([block.mask(block.places_under(term.text)) for block in under[id]])
    else:
        texts = [term.text for term in missing]
        rows = await reader.rows(_blocks_of(is_sqlite=reader.is_sqlite), segments=list(unknown), terms=texts)
        for id, text, data in rows:
            is_told.add(id)
            found[Term(text)][id] = _held_of(text, data, _size(known, id))
    if len(is_told) < len(unknown):
        raise SnapshotChanged
    for term in missing:
        for id in unknown:
            held = found[term][id]
            kept.put((id, term), held, held.nbytes + _OVERHEAD)
    return found


def _size(known: SegmentSnapshot, id: int) -> int:
    span = known.spans[id]
    return int(span.stop - span.start)


def _held_of(term: str, data: bytes | None, size: int) -> Held:
    """What holds a term, by the block in which it would be."""
    if data is None:
        return united([])
    block = Block(data, size)
    place = block.place(term)
    return united([]) if place is None else block.held(place)


@functools.lru_cache
def _blocks_of(*, is_sqlite: bool) -> CompiledSelect[tuple[int, str, bytes | None]]:
    """For each of some segments and each term the block in which it would be."""
    segments, id = numbers_table("segments", is_sqlite=is_sqlite)
    terms, term = texts_table("terms", is_sqlite=is_sqlite)
    data = (
        sa.select(search_block.c.data)
        .where(search_block.c.segment_id == search_segment.c.id, search_block.c.first <= term)
        .order_by(search_block.c.first.desc())
        .limit(sa.literal_column("1"))
        .correlate(search_segment, terms)
        .scalar_subquery()
    )
    given = sa.join(segments, search_segment, search_segment.c.id == id).join(terms, sa.true())
    statement = sa.select(search_segment.c.id, term, data).select_from(given)
    return CompiledSelect(statement, tuple, (), is_sqlite=is_sqlite)


@functools.lru_cache
def _blocks_under(*, is_sqlite: bool) -> CompiledSelect[tuple[int, bytes | None]]:
    """The blocks of each of some segments in which words that begin so would be, or a row without one."""
    segments, id = numbers_table("segments", is_sqlite=is_sqlite)
    given = sa.join(segments, search_segment, search_segment.c.id == id)
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
        joined = given.join(search_block, is_near, isouter=True)
        statement = sa.select(search_segment.c.id, search_block.c.data).select_from(joined)
    else:
        near = sa.select(search_block.c.data).where(is_near).correlate(search_segment).offset(0).lateral()
        statement = sa.select(search_segment.c.id, near.c.data).select_from(given.join(near, sa.true(), isouter=True))
    return CompiledSelect(statement, tuple, (), is_sqlite=is_sqlite)
