"""Blocks: the pieces in which a segment is stored, each with a range of terms and their posting lists.

A term's posting list is a bitmap where that is shorter than a list of 16-bit entry numbers. The hybrid is that of
Roaring bitmaps (Chambi, Lemire, Kaser and Godin, 2016). Blocks are compressed with zstd.
"""

import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from storage.compression import compress, decompress
from storage.search.index.token_interner import IntArray
from storage.search.index.token_texts import TextList

MAX_ENTRIES = 2**16 - 1
"""Entries of a segment."""

ENTRY_BITS = 16
END_OF_PREFIX = "\U0010ffff"
"""A prefix followed by this sorts after all words with the prefix."""

# Of a block of bigrams or of words before it is compressed, after which several fit on a page of SQLite's: half of the
# words to two thirds are left, of the bigrams more.
_BIGRAM_BYTES, _WORD_BYTES = 6_100, 6_500
# Higher levels leave as much of so few bytes.
_COMPRESSION_LEVEL = 1
# Of the masks that are packed at once, and their number.
_MASK_BYTES = 2**20
_MASKS = 2**16
# Of the objects of a decoded block, besides what they hold.
_DECODED_BYTES = 700

_BIGRAMS, _WORDS = 0, 1
# Kind, number of terms, bytes of their names.
_HEAD = struct.Struct("<HHI")

Mask = npt.NDArray[np.bool_]
Sizes = npt.NDArray[np.int32]

EntrySet: TypeAlias = npt.NDArray[np.uint16] | npt.NDArray[np.uint8]
"""A set of a segment's entries: a sorted list (uint16), or a bitmap (uint8)."""


class Postings(NamedTuple):
    """Posting lists of several terms, concatenated: the length of each, and the entries, sorted within a term."""

    counts: IntArray
    entries: npt.NDArray[np.uint16]

    @classmethod
    def from_keys(cls, keys: npt.NDArray[Any], terms: int) -> "Postings":
        """From keys `term << 16 | entry`, sorted in place. Duplicates and terms from `terms` on are dropped."""
        keys.sort()
        if terms << ENTRY_BITS <= np.iinfo(keys.dtype).max:
            keys = keys[: np.searchsorted(keys, keys.dtype.type(terms << ENTRY_BITS))]
        keys = keys[np.concatenate(([True], keys[1:] != keys[:-1]))] if len(keys) else keys
        # The lowest bits are the entry.
        entries = keys.astype(np.uint16)
        keys >>= ENTRY_BITS
        return cls(np.bincount(keys, minlength=terms), entries)


def bigram_term(hash: int) -> str:
    """The term of a bigram hash; it begins with a blank, which no word does."""
    return f" {hash:04x}"


def bigram_blocks(hashes: IntArray, postings: Postings, size: int) -> Iterator[tuple[str, bytes]]:
    """Blocks of bigrams in order, each with its first term; they sort before all words."""
    for start, end, data in _cut(postings, size, np.full(len(hashes), 2, np.int32), _BIGRAM_BYTES):
        head = _HEAD.pack(_BIGRAMS, end - start, 2 * (end - start))
        # Their differences are small numbers, which compress well.
        names = _split_bytes(np.diff(hashes[start:end], prepend=0))
        yield bigram_term(int(hashes[start])), compress(head + data + names, _COMPRESSION_LEVEL)


def word_blocks(words: Sequence[str], postings: Postings, size: int) -> Iterator[tuple[str, bytes]]:
    """Blocks of words in order, each with its first word."""
    sizes = words.sizes if isinstance(words, TextList) else np.fromiter(map(len, words), np.int32, len(words))
    sizes += 1
    for start, end, data in _cut(postings, size, sizes, _WORD_BYTES):
        names = words.joined(start, end) if isinstance(words, TextList) else " ".join(words[start:end]).encode()
        head = _HEAD.pack(_WORDS, end - start, len(names))
        yield words[start], compress(head + data + names, _COMPRESSION_LEVEL)


def _cut(postings: Postings, size: int, name_sizes: Sizes, block_bytes: int) -> Iterator[tuple[int, int, bytes]]:
    """The range of terms of each block of about so many bytes, and its encoded posting lists."""
    if not len(postings.counts):
        return
    sizes = _list_sizes(postings.counts, size)
    # Segments have many terms: few arrays of them are in memory at a time.
    costs = np.cumsum(name_sizes + sizes + 2)
    costs //= block_bytes
    ends = np.append(np.flatnonzero(costs[1:] != costs[:-1]) + 1, len(costs))
    starts = np.append(0, ends[:-1])
    del costs
    lists = _encode(postings, sizes, size)
    list_ends = np.cumsum(np.add.reduceat(sizes, starts)).tolist()
    first = 0
    for start, end, last in zip(starts.tolist(), ends.tolist(), list_ends, strict=True):
        yield start, end, _split_bytes(postings.counts[start:end]) + lists[first:last]
        first = last


def _split_bytes(numbers: IntArray) -> bytes:
    """The low bytes of 16-bit numbers, then their high bytes: next to each other, equal bytes compress well."""
    return numbers.astype("<u2").view(np.uint8).reshape(-1, 2).T.tobytes()


def _joined_bytes(data: bytes, count: int, offset: int = 0) -> npt.NDArray[np.uint16]:
    """So many numbers that `_split_bytes` encoded."""
    return np.frombuffer(np.frombuffer(data, np.uint8, 2 * count, offset).reshape(2, -1).T.tobytes(), "<u2")


def _encode(postings: Postings, sizes: Sizes, size: int) -> bytes:
    """The posting list of each term, as a list or as a bitmap."""
    is_dense = _are_dense(postings.counts, size)
    is_in_list = np.repeat(~is_dense, postings.counts)
    is_list_byte = np.repeat(~is_dense, sizes)
    data = np.zeros(len(is_list_byte), np.uint8)
    data[is_list_byte] = postings.entries[is_in_list].astype("<u2").view(np.uint8)
    bitmaps = _bitmaps(postings.entries[~is_in_list], postings.counts[is_dense].astype(np.int32), size)
    data[~is_list_byte] = np.concatenate([np.zeros(0, np.uint8), *bitmaps])
    return data.tobytes()


def _bitmaps(entries: npt.NDArray[np.uint16], counts: Sizes, size: int) -> Iterator[npt.NDArray[np.uint8]]:
    """The bitmaps of posting lists, some at a time to take little memory."""
    step = max(min(_MASK_BYTES // size, _MASKS), 1)
    first = 0
    for start in range(0, len(counts), step):
        some = counts[start : start + step]
        rows = np.repeat(np.arange(len(some)), some)
        masks = np.zeros((len(some), size), np.bool_)
        masks[rows, entries[first : first + len(rows)]] = True
        yield np.packbits(masks, axis=1).ravel()
        first += len(rows)


def _list_sizes(counts: IntArray, size: int) -> Sizes:
    """The bytes of each term's posting list."""
    return np.minimum(2 * counts, _bitmap_size(size)).astype(np.int32)


def _are_dense(counts: IntArray, size: int) -> Mask:
    """Whether each term has so many postings that a bitmap is shorter than a list."""
    return 2 * counts > _bitmap_size(size)


def _bitmap_size(size: int) -> int:
    return -(-size // 8)


class Block:
    """A decoded block of a segment of `size` entries; `plain` are its bytes, decompressed.

    Raises ValueError when they are corrupt.
    """

    def __init__(self, plain: bytes, size: int) -> None:
        data = self.plain = plain
        try:
            kind, count, name_bytes = _HEAD.unpack_from(data)
        except struct.error:
            raise ValueError("a block of the search index has no head") from None
        if _HEAD.size + 2 * count + name_bytes > len(data):
            raise ValueError("a block of the search index is shorter than its head says")
        self._size = size
        self._names = data[len(data) - name_bytes :]
        self.has_words = kind == _WORDS
        if not self.has_words:
            differences = _joined_bytes(self._names, name_bytes // 2)
            self._names = np.cumsum(differences, dtype=np.uint16).astype("<u2").tobytes()
        self.counts = _joined_bytes(data, count, _HEAD.size).astype(np.int64)
        self._is_dense = _are_dense(self.counts, size)
        self._first = _HEAD.size + 2 * count
        self._ends = np.cumsum(_list_sizes(self.counts, size)) + self._first
        if count == 0 or int(self._ends[-1]) + name_bytes != len(data):
            raise ValueError("the length of a block of the search index differs from its head")

    @classmethod
    def stored(cls, data: bytes, size: int) -> "Block":
        """From its bytes as they are stored. Raises ValueError when they are corrupt."""
        try:
            plain = decompress(data)
        except ValueError as error:
            raise ValueError(f"a block of the search index is damaged: {error}") from None
        return cls(plain, size)

    @property
    def bytes(self) -> int:
        """Approximate size in memory."""
        arrays = (self.counts, self._is_dense, self._ends)
        return _DECODED_BYTES + len(self.plain) + len(self._names) + sum(array.nbytes for array in arrays)

    @property
    def bounds(self) -> tuple[str, str]:
        """Its first and its last term."""
        if self.has_words:
            return self._names.partition(b" ")[0].decode(), self._names.rpartition(b" ")[2].decode()
        bigrams = self.bigrams
        return bigram_term(int(bigrams[0])), bigram_term(int(bigrams[-1]))

    @property
    def words(self) -> list[str]:
        """Its words, if it holds words."""
        return self._names.decode().split(" ")

    @property
    def bigrams(self) -> IntArray:
        """Its bigram hashes, if it holds bigrams."""
        return np.frombuffer(self._names, "<u2").astype(np.int64)

    @property
    def entries(self) -> npt.NDArray[np.uint16]:
        """The posting lists of all its terms, concatenated."""
        lists = np.frombuffer(self.plain, np.uint8, int(self._ends[-1]) - self._first, self._first)
        is_list_byte = np.repeat(~self._is_dense, _list_sizes(self.counts, self._size))
        is_in_list = np.repeat(~self._is_dense, self.counts)
        entries = np.zeros(len(is_in_list), np.uint16)
        entries[is_in_list] = lists[is_list_byte].view("<u2")
        bitmaps = lists[~is_list_byte].reshape(-1, _bitmap_size(self._size))
        entries[~is_in_list] = np.nonzero(np.unpackbits(bitmaps, axis=1, count=self._size))[1]
        return entries

    def place(self, term: str) -> int | None:
        """Index of a term in the block; None when it is not there."""
        if (term[0] == " ") is self.has_words:
            return None
        if self.has_words:
            words = self.words
            place = bisect_left(words, term)
            return place if place < len(words) and words[place] == term else None
        hash = int(term, 16)
        place = int(np.searchsorted(self.bigrams, hash))
        return place if place < len(self.counts) and self.bigrams[place] == hash else None

    def places_under(self, prefix: str) -> range:
        """Indexes of the words with a prefix."""
        if not self.has_words:
            return range(0)
        words = self.words
        return range(bisect_left(words, prefix), bisect_left(words, prefix + END_OF_PREFIX))

    def mask(self, places: range) -> Mask:
        """The entries that have any of the terms at some consecutive indexes."""
        mask = np.zeros(self._size, np.bool_)
        start = places.start
        for place in (start + np.flatnonzero(self._is_dense[start : places.stop])).tolist():
            mask[self._lists(range(start, place))] = True
            mask |= unpack_mask(self._bits(place), self._size)
            start = place + 1
        mask[self._lists(range(start, places.stop))] = True
        return mask

    def entry_set(self, place: int) -> EntrySet:
        """The entries that have the term at an index."""
        entries: EntrySet = self._bits(place) if self._is_dense[place] else self._lists(range(place, place + 1))
        # A copy: a view would keep the whole block in memory.
        return entries.copy()

    def _lists(self, places: range) -> npt.NDArray[np.uint16]:
        """The posting lists of consecutive sparse terms, concatenated."""
        start, end = (int(self._ends[place - 1]) if place else self._first for place in (places.start, places.stop))
        return np.frombuffer(self.plain, "<u2", max(end - start, 0) // 2, start)

    def _bits(self, place: int) -> npt.NDArray[np.uint8]:
        length = _bitmap_size(self._size)
        return np.frombuffer(self.plain, np.uint8, length, int(self._ends[place]) - length)


def unpack_mask(bits: npt.NDArray[np.uint8], size: int) -> Mask:
    """The mask of a bitmap of `size` entries."""
    return np.unpackbits(bits, count=size).view(np.bool_)


def union(masks: Sequence[Mask]) -> EntrySet:
    """The entries of any of several masks, in the shorter form."""
    if not masks:
        return np.zeros(0, np.uint16)
    mask = np.logical_or.reduce(masks)
    is_dense = 2 * np.count_nonzero(mask) > _bitmap_size(len(mask))
    return np.packbits(mask) if is_dense else np.flatnonzero(mask).astype(np.uint16)


def fill_mask(mask: Mask, entries: EntrySet) -> None:
    """Set a set of entries in an empty mask."""
    if entries.dtype == np.uint8:
        mask[:] = np.unpackbits(entries.view(np.uint8), count=len(mask))
    else:
        mask[entries] = True


def join_postings(blocks: Sequence[Block]) -> Postings:
    """The postings of blocks of one kind, in order."""
    return Postings(
        np.concatenate([np.zeros(0, np.int64), *(block.counts for block in blocks)]),
        np.concatenate([np.zeros(0, np.uint16), *(block.entries for block in blocks)]),
    )
