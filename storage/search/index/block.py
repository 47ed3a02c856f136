"""Blocks: the pieces that a segment is stored in, each with some of its terms and the entries that hold them.

Of a term that many entries hold there is a bit for each entry, of any other a list.
"""

import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from storage.search.index.token_interner import Numbers

MOST_ENTRIES = 2**16 - 1
"""Of a segment."""

ENTRY_BITS = 16
END_OF_PREFIX = "\U0010ffff"
"""Behind a prefix, it comes after all words that begin so."""

_BLOCK_BYTES = 3_600
"""Of a block, about: about what lies on a page of either database."""

_PAIRS, _WORDS = 0, 1
# Its kind, how many terms, bytes of their names.
_HEAD = struct.Struct("<HHI")

Mask = npt.NDArray[np.bool_]

Held: TypeAlias = npt.NDArray[np.uint16] | npt.NDArray[np.uint8]
"""Some of a segment's entries: a list, rising, or a bit for each entry."""


class Postings(NamedTuple):
    """How many entries hold each of some terms, and which: term by term, rising."""

    counts: Numbers
    entries: npt.NDArray[np.uint16]

    @classmethod
    def of(cls, found: npt.NDArray[Any], terms: int) -> "Postings":
        """Of places that say `term << 16 | entry`, in any order, some more than once, less those of terms beyond."""
        found = np.sort(found)
        if terms << ENTRY_BITS <= np.iinfo(found.dtype).max:
            found = found[: np.searchsorted(found, found.dtype.type(terms << ENTRY_BITS))]
        found = found[np.concatenate(([True], found[1:] != found[:-1]))] if len(found) else found
        counts = np.bincount(found >> ENTRY_BITS, minlength=terms)
        return cls(counts, (found & MOST_ENTRIES).astype(np.uint16))


def pair_term(kind: int) -> str:
    """What a kind of pair is called among the words of a segment."""
    return f" {kind:04x}"


def pair_blocks(pairs: Numbers, postings: Postings, size: int) -> Iterator[tuple[str, bytes]]:
    """Blocks of kinds of pairs, each under the term that it begins with; those sort before all words."""
    kinds, names = pairs.tolist(), pairs.astype("<u2").tobytes()
    for start, end, data in _cut(postings, size, np.full(len(kinds), 2)):
        head = _HEAD.pack(_PAIRS, end - start, 2 * (end - start))
        yield pair_term(kinds[start]), head + data + names[2 * start : 2 * end]


def word_blocks(words: Sequence[str], postings: Postings, size: int) -> Iterator[tuple[str, bytes]]:
    """Blocks of words in order, each under the first."""
    for start, end, data in _cut(postings, size, np.array([len(word) + 1 for word in words], np.int64)):
        names = " ".join(words[start:end]).encode()
        yield words[start], _HEAD.pack(_WORDS, end - start, len(names)) + data + names


def _cut(postings: Postings, size: int, name_sizes: Numbers) -> Iterator[tuple[int, int, bytes]]:
    """Which terms stand in each block, and what it says of them."""
    is_dense = _are_dense(postings.counts, size)
    costs = np.cumsum(np.where(is_dense, _bitmap_size(size), 2 * postings.counts) + 2 + name_sizes)
    if not len(costs):
        return
    starts = np.flatnonzero(np.diff(costs // _BLOCK_BYTES, prepend=-1))
    ends = np.append(starts[1:], len(costs))
    counts, told = postings.counts.astype("<u2").tobytes(), _told(postings, is_dense, size)
    told_ends = np.cumsum(np.where(is_dense, _bitmap_size(size), 2 * postings.counts))[ends - 1].tolist()
    first = 0
    for start, end, last in zip(starts.tolist(), ends.tolist(), told_ends, strict=True):
        yield start, end, counts[2 * start : 2 * end] + told[first:last]
        first = last


def _told(postings: Postings, is_dense: Mask, size: int) -> bytes:
    """The entries of each term, as a list or as bits."""
    ends = np.cumsum(postings.counts)
    entries = postings.entries.astype("<u2").tobytes()
    pieces = []
    last = 0
    for place in np.flatnonzero(is_dense).tolist():
        end = int(ends[place])
        start = end - int(postings.counts[place])
        pieces += [entries[2 * last : 2 * start], _bitmap(postings.entries[start:end], size)]
        last = end
    return b"".join([*pieces, entries[2 * last :]])


def _are_dense(counts: Numbers, size: int) -> Mask:
    """Which terms so many entries hold that a bit for each entry is shorter than a list."""
    return 2 * counts > _bitmap_size(size)


def _bitmap_size(size: int) -> int:
    return -(-size // 8)


def _bitmap(entries: npt.NDArray[np.uint16], size: int) -> bytes:
    mask = np.zeros(size, np.bool_)
    mask[entries] = True
    return np.packbits(mask).tobytes()


class Block:
    """A piece of a stored segment of `size` entries. Raises ValueError when it is none."""

    def __init__(self, data: bytes, size: int) -> None:
        try:
            kind, count, named = _HEAD.unpack_from(data)
        except struct.error:
            raise ValueError("a block of the search index has no head") from None
        self._size = size
        self._data = data
        self._names = data[len(data) - named :]
        self.has_words = kind == _WORDS
        self.counts = np.frombuffer(data, "<u2", count, _HEAD.size).astype(np.int64)
        self._is_dense = _are_dense(self.counts, size)
        sizes = np.where(self._is_dense, _bitmap_size(size), 2 * self.counts)
        self._first = _HEAD.size + 2 * count
        self._ends = np.cumsum(sizes) + self._first
        if count == 0 or int(self._ends[-1]) + named != len(data):
            raise ValueError("a block of the search index is not as long as it says")

    @property
    def words(self) -> list[str]:
        """Its words, if it has such."""
        return self._names.decode().split(" ")

    @property
    def pairs(self) -> Numbers:
        """Its kinds of pairs, if it has such."""
        return np.frombuffer(self._names, "<u2").astype(np.int64)

    @property
    def entries(self) -> npt.NDArray[np.uint16]:
        """The entries that hold each of its terms, one term after another."""
        pieces = []
        start = 0
        for place in np.flatnonzero(self._is_dense).tolist():
            bits = np.flatnonzero(unpacked(self._bits(place), self._size)).astype(np.uint16)
            pieces += [self._listed(range(start, place)), bits]
            start = place + 1
        return np.concatenate([*pieces, self._listed(range(start, len(self.counts)))])

    def place(self, term: str) -> int | None:
        """Where a term stands among its own."""
        if (term[0] == " ") is self.has_words:
            return None
        if self.has_words:
            words = self.words
            place = bisect_left(words, term)
            return place if place < len(words) and words[place] == term else None
        kind = int(term, 16)
        place = int(np.searchsorted(self.pairs, kind))
        return place if place < len(self.counts) and self.pairs[place] == kind else None

    def places_under(self, prefix: str) -> range:
        """Where its words stand that begin so."""
        if not self.has_words:
            return range(0)
        words = self.words
        return range(bisect_left(words, prefix), bisect_left(words, prefix + END_OF_PREFIX))

    def mask(self, places: range) -> Mask:
        """The entries that hold one of the terms at some places in a row."""
        mask = np.zeros(self._size, np.bool_)
        start = places.start
        for place in (start + np.flatnonzero(self._is_dense[start : places.stop])).tolist():
            mask[self._listed(range(start, place))] = True
            mask |= unpacked(self._bits(place), self._size)
            start = place + 1
        mask[self._listed(range(start, places.stop))] = True
        return mask

    def held(self, place: int) -> Held:
        """The entries that hold the term at a place."""
        held: Held = self._bits(place) if self._is_dense[place] else self._listed(range(place, place + 1))
        # Not all of the block is to be kept with it.
        return held.copy()

    def _listed(self, places: range) -> npt.NDArray[np.uint16]:
        """What stands in the lists of terms in a row, one after another."""
        start, end = (int(self._ends[place - 1]) if place else self._first for place in (places.start, places.stop))
        return np.frombuffer(self._data, "<u2", max(end - start, 0) // 2, start)

    def _bits(self, place: int) -> npt.NDArray[np.uint8]:
        length = _bitmap_size(self._size)
        return np.frombuffer(self._data, np.uint8, length, int(self._ends[place]) - length)


def unpacked(bits: npt.NDArray[np.uint8], size: int) -> Mask:
    """A mask of so many entries, by its bits."""
    return np.unpackbits(bits, count=size).view(np.bool_)


def united(masks: Sequence[Mask]) -> Held:
    """The entries that are in one of several masks, as little as they can be."""
    if not masks:
        return np.zeros(0, np.uint16)
    mask = np.logical_or.reduce(masks)
    is_dense = 2 * np.count_nonzero(mask) > _bitmap_size(len(mask))
    return np.packbits(mask) if is_dense else np.flatnonzero(mask).astype(np.uint16)


def fill(mask: Mask, held: Held) -> None:
    """Let a mask, empty till then, hold these."""
    if held.dtype == np.uint8:
        mask[:] = np.unpackbits(held.view(np.uint8), count=len(mask))
    else:
        mask[held] = True


def joined(blocks: Sequence[Block]) -> Postings:
    """What blocks of one kind say, in order."""
    return Postings(
        np.concatenate([np.zeros(0, np.int64), *(block.counts for block in blocks)]),
        np.concatenate([np.zeros(0, np.uint16), *(block.entries for block in blocks)]),
    )
