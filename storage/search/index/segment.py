"""Segments: which of many entries hold which words, and which words in a row, as it is stored and as it is made.

A segment is never changed. Its entries count from 0. Beside each word, in order, stand the entries that hold it; so do
they beside each kind of pair of tokens that follow each other, which tells nearly all entries without a phrase apart.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from storage.search.index.block import (
    ENTRY_BITS,
    MOST_ENTRIES,
    Block,
    Mask,
    Postings,
    joined,
    pair_blocks,
    word_blocks,
)
from storage.search.index.token_interner import Numbers
from storage.search.index.vocabulary import PAIR_KINDS, Vocabulary, entry_ends, pair_kinds, token_hash

_MOST_CHARACTERS = 2**24
# So few that what is told of them stays in a processor's cache.
_AT_A_TIME = 2**19
# No word is so long.
_PAIR_SUM = np.uint64(2**62)

Sums = npt.NDArray[np.uint64]


class Segment(NamedTuple):
    """So many entries, their words in order and kinds of pairs, and which of them hold those."""

    size: int
    words: list[str]
    said: Postings
    pairs: Numbers
    in_a_row: Postings

    @classmethod
    def of(cls, size: int, words: list[str], said: npt.NDArray[Any], in_a_row: npt.NDArray[Any]) -> "Segment":
        """Of places as Postings takes them; the terms of `in_a_row` are kinds."""
        postings = Postings.of(in_a_row, PAIR_KINDS)
        pairs = np.flatnonzero(postings.counts)
        return cls(size, words, Postings.of(said, len(words)), pairs, postings._replace(counts=postings.counts[pairs]))

    def blocks(self) -> Iterator[tuple[str, bytes]]:
        """It as it is stored: pieces, each under the term that it begins with, in order."""
        yield from pair_blocks(self.pairs, self.in_a_row, self.size)
        yield from word_blocks(self.words, self.said, self.size)

    def sums(self) -> Sums:
        """For each entry a number that tells it from one with other words or pairs, almost surely; else 0."""
        sums = np.zeros(self.size, np.uint64)
        words = np.array([token_hash(word) | len(word) << 32 for word in self.words], np.uint64)
        for terms, postings in ((words, self.said), (self.pairs.astype(np.uint64) | _PAIR_SUM, self.in_a_row)):
            np.add.at(sums, postings.entries, np.repeat(_mixed(terms), postings.counts))
        return sums

    @classmethod
    def stored(cls, size: int, blocks: Iterable[bytes]) -> "Segment":
        """From all of its blocks, in order. Raises ValueError when they are none."""
        read = [Block(data, size) for data in blocks]
        pairs = [block for block in read if not block.has_words]
        said = [block for block in read if block.has_words]
        return cls(
            size,
            [word for block in said for word in block.words],
            joined(said),
            np.concatenate([np.zeros(0, np.int64), *(block.pairs for block in pairs)]),
            joined(pairs),
        )


def _mixed(values: Sums) -> Sums:
    """Values as far apart as can be: the last step of SplitMix64 (Steele, Lea and Flood, 2014)."""
    values = (values ^ values >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ values >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return values ^ values >> np.uint64(31)


def segments_of(entries: Iterable[str], vocabulary: Vocabulary) -> Iterator[Segment]:
    """Segments of entries as `spelled` gives them: one, unless they are very many or very long."""
    for some in _parted(entries, MOST_ENTRIES, _MOST_CHARACTERS):
        pieces = [vocabulary.pieces("".join(few)) for few in _parted(some, MOST_ENTRIES, _AT_A_TIME)]
        yield _segment(vocabulary, np.concatenate(pieces))


def _parted(entries: Iterable[str], most: int, characters: int) -> Iterator[list[str]]:
    """At most so many entries together, and fewer when they have so many characters."""
    some: list[str] = []
    length = 0
    for entry in entries:
        some.append(entry)
        length += len(entry)
        if len(some) == most or length > characters:
            yield some
            some, length = [], 0
    if some:
        yield some


def _segment(vocabulary: Vocabulary, pieces: Numbers) -> Segment:
    ends = entry_ends(pieces)
    entry_of = np.repeat(np.arange(len(ends), dtype=np.uint32), np.diff(ends, prepend=0))
    wholes, parts, part_pairs = vocabulary.wholes(pieces), vocabulary.parts(pieces), vocabulary.part_pairs(pieces)
    entries = entry_of[wholes.places]
    words, ranks = vocabulary.ranked((wholes.values, parts.values))
    terms = _shifted(ranks)
    is_word = wholes.values > 0
    follows = np.flatnonzero(is_word[:-1] & is_word[1:])
    hashes = vocabulary.hashes(wholes.values)
    kinds = pair_kinds(hashes[follows], hashes[follows + 1])
    return Segment.of(
        len(ends),
        words,
        np.concatenate((terms[wholes.values] | entries, terms[parts.values] | entry_of[parts.places])),
        np.concatenate((_shifted(kinds) | entries[follows], _shifted(part_pairs.values) | entry_of[part_pairs.places])),
    )


def _shifted(terms: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Terms where Postings takes them, in as few bytes as hold them all: those are sorted sooner."""
    is_short = len(terms) == 0 or int(terms.max()) < 2**ENTRY_BITS
    shifted: npt.NDArray[Any] = np.left_shift(terms.astype(np.uint32 if is_short else np.int64), ENTRY_BITS)
    return shifted


def merge_segments(segments: Sequence[Segment], kept: Sequence[Mask]) -> Segment:
    """One segment of those entries of several that are kept, in order."""
    words = sorted(set().union(*(segment.words for segment in segments)))
    rank_of = {word: rank for rank, word in enumerate(words)}
    said: list[Numbers] = []
    in_a_row: list[Numbers] = []
    size = 0
    for segment, mask in zip(segments, kept, strict=True):
        entry_of = np.cumsum(mask) - 1 + size
        has_all = bool(mask.all())
        size += int(mask.sum())
        ranks = np.array([rank_of[word] for word in segment.words], np.int64)
        for found, names, postings in (
            (said, ranks, segment.said),
            (in_a_row, segment.pairs, segment.in_a_row),
        ):
            terms, entries = np.repeat(names << ENTRY_BITS, postings.counts), postings.entries
            if not has_all:
                is_kept = mask[entries]
                terms, entries = terms[is_kept], entries[is_kept]
            found.append(terms | entry_of[entries])
    segment = Segment.of(size, words, np.concatenate(said), np.concatenate(in_a_row).astype(np.uint32))
    return segment if segment.said.counts.all() else _without_unsaid(segment)


def _without_unsaid(segment: Segment) -> Segment:
    is_said = segment.said.counts > 0
    words = [word for word, said in zip(segment.words, is_said.tolist(), strict=True) if said]
    return segment._replace(words=words, said=segment.said._replace(counts=segment.said.counts[is_said]))
