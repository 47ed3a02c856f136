"""Segments: immutable parts of the inverted index, each over up to 65,535 entries numbered from 0.

Terms are words and the hashes of bigrams. By these the index finds the entries that may have a phrase, and their texts
are read to verify it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storage.cancellation import check_cancelled
from storage.search.index.bigrams import (
    HASH_BITS,
    LONG_HASH_BITS,
    MAX_BIGRAMS,
    Bigrams,
    HashArray,
    bigram_hashes,
    shortened,
)
from storage.search.index.block_encoding import bigram_blocks, word_blocks
from storage.search.index.entry_set import Mask
from storage.search.index.pieces import chunks
from storage.search.index.postings import MAX_ENTRIES, Pairs, Postings, in_order_of_entries
from storage.search.index.segment_block import SegmentBlock, join_postings
from storage.search.index.token_interner import IntArray
from storage.search.index.token_texts import Numbers
from storage.search.index.vocabulary import Vocabulary, token_hash

_BITS = (HASH_BITS, LONG_HASH_BITS)
_MAX_CHARACTERS = 2**24
_BATCH_TOKENS = 2**15
# Distinguishes bigrams in the checksum from words, none of which is so long.
_BIGRAM_FLAG = np.uint64(2**62)

Checksums = npt.NDArray[np.uint64]
Entries = npt.NDArray[np.uint16]


class Segment(NamedTuple):
    """The number of entries, the words in order with their postings, and the bigrams of most and of long entries."""

    size: int
    words: Sequence[str]
    word_postings: Postings
    bigrams: Bigrams
    long_bigrams: Bigrams

    @classmethod
    def from_blocks(cls, size: int, blocks: Iterable[bytes]) -> "Segment":
        """From all its stored blocks, in order. Raises ValueError when they are corrupt."""
        decoded = [SegmentBlock.stored(data, size) for data in blocks]
        words = [block for block in decoded if block.hash_bits is None]
        return cls(
            size,
            [word for block in words for word in block.words],
            join_postings(words),
            *(_bigrams(bits, [block for block in decoded if block.hash_bits == bits]) for bits in _BITS),
        )

    def blocks(self) -> Iterator[tuple[str, bytes]]:
        """The blocks in which it is stored, in order, each with its first term."""
        yield from bigram_blocks(self.long_bigrams, self.size)
        yield from bigram_blocks(self.bigrams, self.size)
        yield from word_blocks(self.words, self.word_postings, self.size)

    def checksums(self) -> Checksums:
        """A 64-bit checksum of each entry's words and bigrams; 0 for an entry without any.

        It has the shorter hash of each bigram, so that it is the same where a segment that an older version built has
        no longer ones.
        """
        checksums = np.zeros(self.size, np.uint64)
        words = np.array([token_hash(word) | len(word) << 32 for word in self.words], np.uint64)
        long_hashes, long_entries = self.long_bigrams.pairs()
        shorter = Bigrams.from_pairs(HASH_BITS, in_order_of_entries(shortened(long_hashes, HASH_BITS), long_entries))
        flagged = [
            (bigrams.hashes.astype(np.uint64) | _BIGRAM_FLAG, bigrams.postings) for bigrams in (self.bigrams, shorter)
        ]
        for terms, postings in ((words, self.word_postings), *flagged):
            np.add.at(checksums, postings.entries, np.repeat(_mix(terms), postings.counts))
        return checksums


def _bigrams(bits: int, blocks: Sequence[SegmentBlock]) -> Bigrams:
    """The bigrams of blocks of one kind, in order."""
    hashes = np.concatenate([np.zeros(0, np.uint32), *(block.hashes for block in blocks)])
    return Bigrams(bits, hashes, join_postings(blocks))


def _mix(values: Checksums) -> Checksums:
    """The finalizer of SplitMix64 (Steele, Lea and Flood, 2014)."""
    values = (values ^ values >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ values >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return values ^ values >> np.uint64(31)


def build_segments(entries: Iterable[str], vocabulary: Vocabulary) -> Iterator[Segment]:
    """Segments of encoded entries: one, unless they are very many or very long. Raises WorkCancelled."""
    for batch in _batches(entries, MAX_ENTRIES, _MAX_CHARACTERS):
        pieces = []
        for chunk in chunks(batch):
            check_cancelled()
            pieces.append(vocabulary.pieces(chunk))
        yield _build(vocabulary, np.concatenate(pieces))
        check_cancelled()


def _batches(entries: Iterable[str], max_entries: int, max_characters: int) -> Iterator[list[str]]:
    """Cut into batches of `max_entries` or fewer, each closed by the entry that exceeds `max_characters`."""
    batch: list[str] = []
    length = 0
    for entry in entries:
        batch.append(entry)
        length += len(entry)
        if len(batch) == max_entries or length > max_characters:
            yield batch
            batch, length = [], 0
    if batch:
        yield batch


def _build(vocabulary: Vocabulary, pieces: Numbers) -> Segment:
    # Piece 1 ends an entry.
    ends = np.flatnonzero(pieces == 1) + 1
    size = len(ends)
    entry_of = np.repeat(np.arange(size, dtype=np.uint16), np.diff(ends, prepend=0))
    # Most of the memory is taken here, so each function lets go of what the next one does not need.
    words, word_postings = _word_postings(vocabulary, pieces, entry_of)
    pairs, long_pairs = _bigram_pairs(vocabulary, pieces, entry_of)
    bigrams = Bigrams.from_pairs(HASH_BITS, in_order_of_entries(*pairs))
    del pairs
    long_bigrams = Bigrams.from_pairs(LONG_HASH_BITS, in_order_of_entries(*long_pairs))
    return Segment(size, words, word_postings, bigrams, long_bigrams)


def _bigram_pairs(vocabulary: Vocabulary, pieces: Numbers, entry_of: Entries) -> tuple[Pairs, Pairs]:
    """The hashes of all bigrams and the entry that each is in: of most entries, and of long ones."""
    wholes = vocabulary.wholes(pieces)
    is_token = wholes.values > 0
    firsts = np.flatnonzero(is_token[:-1] & is_token[1:])
    del is_token
    entries = entry_of.take(wholes.places.take(firsts))
    parts = vocabulary.part_bigrams(pieces)
    part_entries = entry_of.take(parts.places)
    numbers = np.arange(int(entry_of[-1]) + 2)
    is_long = np.diff(np.searchsorted(entries, numbers) + np.searchsorted(part_entries, numbers)) > MAX_BIGRAMS

    def pairs_of(is_chosen: Mask, bits: int) -> Pairs:
        chosen, chosen_parts = is_chosen[entries], is_chosen[part_entries]
        some = firsts if chosen.all() else firsts[chosen]
        hashes = [shortened(batch, bits) for batch in _bigram_hashes(vocabulary, wholes.values, some)]
        hashes.append(shortened(parts.values[chosen_parts].astype(np.uint32), bits))
        return np.concatenate(hashes), np.concatenate((entries[chosen], part_entries[chosen_parts]))

    return pairs_of(~is_long, HASH_BITS), pairs_of(is_long, LONG_HASH_BITS)


def _word_postings(vocabulary: Vocabulary, pieces: Numbers, entry_of: Entries) -> tuple[Sequence[str], Postings]:
    """The words in order, and their postings."""
    tokens = vocabulary.tokens(pieces)
    entries = entry_of.take(tokens.places)
    words, ranks = vocabulary.ranks(tokens.values)
    terms = ranks.astype(np.uint16 if len(words) <= 2**16 else np.uint32).take(tokens.values)
    del tokens, ranks
    return words, Postings.from_pairs((terms, entries), len(words))


def _bigram_hashes(vocabulary: Vocabulary, tokens: Numbers, firsts: IntArray) -> Iterator[HashArray]:
    """The 20-bit hashes of the bigrams that begin at some tokens, a part at a time to take little memory."""
    for start in range(0, len(firsts), _BATCH_TOKENS):
        some = firsts[start : start + _BATCH_TOKENS]
        first, second = vocabulary.hashes(tokens.take(some)), vocabulary.hashes(tokens.take(some + 1))
        yield bigram_hashes(first, second)


def merge_segments(segments: Sequence[Segment], live: Sequence[Mask]) -> Segment:
    """One segment of the live entries of several, in order."""
    words = sorted(set().union(*(segment.words for segment in segments)))
    rank_of = {word: rank for rank, word in enumerate(words)}
    word_pairs, bigram_pairs, long_bigram_pairs = list[Pairs](), list[Pairs](), list[Pairs]()
    size = 0
    for segment, mask in zip(segments, live, strict=True):
        entry_of = (np.cumsum(mask) - 1 + size).astype(np.uint16)
        has_all = bool(mask.all())
        size += int(mask.sum())
        ranks = np.fromiter(map(rank_of.__getitem__, segment.words), np.uint32, len(segment.words))
        for pairs, (terms, entries) in (
            (word_pairs, (np.repeat(ranks, segment.word_postings.counts), segment.word_postings.entries)),
            (bigram_pairs, segment.bigrams.pairs()),
            (long_bigram_pairs, segment.long_bigrams.pairs()),
        ):
            if not has_all:
                is_live = mask[entries]
                terms, entries = terms[is_live], entries[is_live]
            pairs.append((terms, entry_of[entries]))
    bigrams = Bigrams.from_pairs(HASH_BITS, _joined(bigram_pairs))
    long_bigrams = Bigrams.from_pairs(LONG_HASH_BITS, _joined(long_bigram_pairs))
    merged = Segment(size, words, Postings.from_pairs(_joined(word_pairs), len(words)), bigrams, long_bigrams)
    return merged if merged.word_postings.counts.all() else _without_dead_words(merged)


def _joined(pairs: Sequence[Pairs]) -> Pairs:
    terms, entries = zip(*pairs, strict=True)
    return np.concatenate(terms), np.concatenate(entries)


def _without_dead_words(segment: Segment) -> Segment:
    """The segment without the words that only dropped entries had."""
    is_live = segment.word_postings.counts > 0
    words = [word for word, live in zip(segment.words, is_live.tolist(), strict=True) if live]
    postings = segment.word_postings._replace(counts=segment.word_postings.counts[is_live])
    return segment._replace(words=words, word_postings=postings)
