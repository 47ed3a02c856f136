"""Posting lookups: the entries that have all words and bigrams of a query.

The result is exact for words and prefixes. An entry may have the bigrams of a phrase but not the phrase, so
`hit_finder` verifies it. Entries of deleted sessions and former titles are included.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import sqlalchemy as sa

from storage.database.compiled_select import CompiledSelect, Reader
from storage.database.list_parameters import numbers_table, texts_table
from storage.database.lru_cache import LRUCache
from storage.database.tables.search_segment import search_block, search_segment
from storage.database.types import KeyText
from storage.search.index.bigrams import bigram_hash, bigram_terms
from storage.search.index.entry_set import EntrySet, Mask, union
from storage.search.index.segment_block import END_OF_PREFIX, SegmentBlock
from storage.search.index.segment_snapshot import SegmentSnapshot, SnapshotChanged
from storage.search.index.vocabulary import token_hash
from storage.search.query.cached_blocks import cache_block, cached_block
from storage.search.query.clauses import Clause
from storage.search.query.found_entries import FoundEntries, SegmentSets, entries_with_all

_MAX_TERMS = 32
"""Words and bigrams of one statement, which returns one or two blocks for each of them and each segment."""

_OVERHEAD = 200
"""Bytes of memory that a cached set of entries takes besides the entries."""


class Term(NamedTuple):
    """A term of the index (a word or a bigram), or all words with a prefix."""

    text: str
    is_prefix: bool = False


Alternatives: TypeAlias = tuple[Term, ...]
"""Terms of which an entry has one: those of a bigram, or a single word or prefix."""


def clause_terms(clauses: Iterable[Clause]) -> tuple[list[Alternatives], list[Term]]:
    """What an entry must have to match all clauses: distinct words and bigrams, and distinct prefixes."""
    terms: dict[Alternatives, None] = {}
    prefixes: dict[Term, None] = {}
    for clause in clauses:
        whole = clause.tokens[:-1] if clause.is_prefix else clause.tokens
        terms |= dict.fromkeys((Term(word),) for word in whole)
        for first, second in pairwise(whole):
            terms[tuple(map(Term, bigram_terms(bigram_hash(token_hash(first), token_hash(second)))))] = None
        if clause.is_prefix:
            prefixes[Term(clause.tokens[-1], is_prefix=True)] = None
    return list(terms), list(prefixes)


async def find_entries(
    reader: Reader, cache: LRUCache, snapshot: SegmentSnapshot, clauses: Iterable[Clause]
) -> FoundEntries:
    """The entries that have the words and bigrams of all clauses. Raises SnapshotChanged and Unavailable."""
    lookup = _Lookup(reader, cache, snapshot)
    terms, prefixes = clause_terms(clauses)
    batches = [terms[start : start + _MAX_TERMS] for start in range(0, len(terms), _MAX_TERMS)]
    batches += [[(prefix,)] for prefix in prefixes]
    found: FoundEntries | None = None
    for batch in batches:
        if found is None or not found.are_none:
            entry_sets = await lookup.entry_sets([term for some in batch for term in some])
            sets = [[entry_sets[term] for term in alternatives] for alternatives in batch]
            found = entries_with_all(snapshot, sets, found)
    return entries_with_all(snapshot, []) if found is None else found


@dataclass(slots=True)
class _Lookup:
    """The sets of entries that have terms, from the cache as far as it has them. Raises Unavailable."""

    reader: Reader
    cache: LRUCache
    snapshot: SegmentSnapshot

    async def entry_sets(self, terms: Sequence[Term]) -> dict[Term, SegmentSets]:
        """For each term the entries of each segment that have it; `terms` are words and bigrams, or one prefix.

        Raises SnapshotChanged.
        """
        spans = self.snapshot.spans
        found: dict[Term, SegmentSets] = {}
        # What is missing of each term, in the segments whose blocks must be read.
        missing: dict[Term, dict[int, EntrySet]] = {}
        unread: dict[int, None] = {}
        for term in terms:
            cached: SegmentSets = self.cache.get(term) or {}
            if cached.keys() == spans.keys():
                found[term] = cached
                continue
            # Segments that were merged are left out.
            missing[term] = known = {id: cached[id] for id in spans if id in cached}
            for id in spans:
                if id not in known:
                    entries = self._of_cached_block(id, term)
                    if entries is None:
                        unread[id] = None
                    else:
                        known[id] = entries
        if unread:
            read = self._read_prefix if terms[0].is_prefix else self._read_terms
            if await read(list(unread), missing) < len(unread):
                raise SnapshotChanged
        for term, sets in missing.items():
            size = sum([entries.nbytes for entries in sets.values()])
            self.cache.put(term, sets, size + _OVERHEAD * len(sets))
        return found | missing

    async def _read_terms(self, segments: Sequence[int], missing: Mapping[Term, dict[int, EntrySet]]) -> int:
        """Add the entries of words and bigrams in some segments; returns how many of the segments exist."""
        statement = _blocks_of(is_sqlite=self.reader.is_sqlite)
        read: set[int] = set()
        for id, text, data in await self.reader.read(
            statement, segments=segments, terms=[term.text for term in missing]
        ):
            read.add(id)
            missing[Term(text)][id] = self._of_stored_block(id, text, data)
        return len(read)

    async def _read_prefix(self, segments: Sequence[int], missing: Mapping[Term, dict[int, EntrySet]]) -> int:
        """As `_read_terms`, of one prefix, whose blocks are too many to cache them."""
        [(term, sets)] = missing.items()
        statement = _blocks_under(is_sqlite=self.reader.is_sqlite)
        values = {"prefix": term.text, "end": term.text + END_OF_PREFIX}
        under: dict[int, list[Mask]] = {}
        for id, data in await self.reader.read(statement, segments=segments, **values):
            masks = under.setdefault(id, [])
            if data is not None:
                block = SegmentBlock.stored(data, self._size(id))
                masks.append(block.mask(block.places_under(term.text)))
        sets.update((id, union(masks)) for id, masks in under.items())
        return len(under)

    def _of_cached_block(self, id: int, term: Term) -> EntrySet | None:
        """The entries of a segment that have a word or a bigram, if its block is in the cache."""
        block = None if term.is_prefix else cached_block(self.cache, id, term.text)
        return None if block is None else _entry_set(block, term.text)

    def _of_stored_block(self, id: int, term: str, data: bytes | None) -> EntrySet:
        """The entries of a segment that have a term, by the stored block whose range may include it, if any."""
        if data is None:
            return union([])
        block = SegmentBlock.stored(data, self._size(id))
        cache_block(self.cache, id, block)
        return _entry_set(block, term)

    def _size(self, id: int) -> int:
        span = self.snapshot.spans[id]
        return int(span.stop - span.start)


def _entry_set(block: SegmentBlock, term: str) -> EntrySet:
    place = block.place(term)
    return union([]) if place is None else block.entry_set(place)


@functools.lru_cache
def _blocks_of(*, is_sqlite: bool) -> CompiledSelect[tuple[int, str, bytes | None]]:
    """For each of some segments and each term the block whose range includes the term."""
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
    """For each of some segments the blocks whose ranges include words with a prefix, or a row without a block."""
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
    # Both forms make the planner go segment by segment; with a plain join it may scan all blocks.
    if is_sqlite:
        joined = given.join(search_block, is_near, isouter=True)
        statement = sa.select(search_segment.c.id, search_block.c.data).select_from(joined)
    else:
        near = sa.select(search_block.c.data).where(is_near).correlate(search_segment).offset(0).lateral()
        statement = sa.select(search_segment.c.id, near.c.data).select_from(given.join(near, sa.true(), isouter=True))
    return CompiledSelect(statement, tuple, (), is_sqlite=is_sqlite)
