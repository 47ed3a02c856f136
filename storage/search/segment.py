"""Segments: which of many entries hold which words, and which words in a row, as it is stored and as it is made.

A segment is never changed. Its entries count from 0. Beside each word, in order, stand the entries that hold it; so do
they beside each kind of pair of tokens that follow each other, which tells nearly all entries without a phrase apart.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from storage.search.block import (
    ENTRY_BITS,
    MOST_ENTRIES,
    Block,
    Mask,
    Postings,
    joined,
    pair_blocks,
    word_blocks,
)
from storage.search.vocabulary import PAIR_KINDS, Numbers, Vocabulary, pair_kinds, token_hash

_MOST_PIECES = 2**20
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


def segments_of(entries: Iterable[Sequence[str]], vocabulary: Vocabulary) -> Iterator[Segment]:
    """Segments of entries by their texts: one, unless they are very many or very long."""
    pieces: list[int] = []
    ends: list[int] = []
    for texts in entries:
        pieces += vocabulary.pieces(texts)
        ends.append(len(pieces))
        if len(ends) == MOST_ENTRIES or len(pieces) > _MOST_PIECES:
            yield _segment(vocabulary, pieces, ends)
            pieces, ends = [], []
    if ends:
        yield _segment(vocabulary, pieces, ends)


def _segment(vocabulary: Vocabulary, told: list[int], ends: list[int]) -> Segment:
    pieces = np.array(told, np.int64)
    entry_of = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
    wholes, parts, part_pairs = vocabulary.wholes(pieces), vocabulary.parts(pieces), vocabulary.part_pairs(pieces)
    entries = entry_of[wholes.places]
    is_word = wholes.values > 0
    hashes = vocabulary.hashes(wholes.values)
    follows = is_word[:-1] & is_word[1:]
    kinds = pair_kinds(hashes[:-1][follows], hashes[1:][follows]).astype(np.int64)
    tokens = np.concatenate((wholes.values[is_word], parts.values))
    words, ranks = vocabulary.ranked(tokens)
    return Segment.of(
        len(ends),
        words,
        ranks << ENTRY_BITS | np.concatenate((entries[is_word], entry_of[parts.places])),
        np.concatenate(
            (
                kinds << ENTRY_BITS | entries[:-1][follows],
                part_pairs.values << ENTRY_BITS | entry_of[part_pairs.places],
            )
        ).astype(np.uint32),
    )


def merged(segments: Sequence[Segment], kept: Sequence[Mask]) -> Segment:
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
