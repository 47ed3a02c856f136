"""Blocks: the pieces in which a segment is stored, each with a range of terms and their posting lists.

A term's posting list is a bitmap where that is shorter than a list of 16-bit entry numbers. The hybrid is that of
Roaring bitmaps (Chambi, Lemire, Kaser and Godin, 2016). Blocks are compressed with zstd.
"""

import struct
from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from storage.compression import decompress
from storage.search.index.bigrams import HASH_BITS, LONG_HASH_BITS, HashArray, bigram_term, term_bits
from storage.search.index.entry_set import EntrySet, Mask, bitmap_size, is_dense, unpack_mask
from storage.search.index.postings import Counts, Postings

END_OF_PREFIX = "\U0010ffff"
"""A prefix followed by this sorts after all words with the prefix."""

# Memory of the objects of a decoded block, besides their contents.
_DECODED_BYTES = 700

Sizes = npt.NDArray[np.int32]

BIGRAMS, WORDS, LONG_BIGRAMS = 0, 1, 2
# The kind, the number of terms, the bytes of their names.
HEAD = struct.Struct("<HHI")
# The bits of the hashes of each kind of bigrams, and the bytes that a hash takes.
_HASH_BITS = {WORDS: None, BIGRAMS: HASH_BITS, LONG_BIGRAMS: LONG_HASH_BITS}
HASH_BYTES = {HASH_BITS: 2, LONG_HASH_BITS: 4}


def split_bytes(numbers: Counts, size: int = 2) -> bytes:
    """Numbers of `size` bytes each, as all their lowest bytes, then all the next ones: equal bytes compress well."""
    return numbers.astype(f"<u{size}").view(np.uint8).reshape(-1, size).T.tobytes()


def _joined_bytes(data: bytes, count: int, offset: int = 0, size: int = 2) -> npt.NDArray[np.unsignedinteger]:
    """The first `count` numbers that `split_bytes` encoded."""
    return np.frombuffer(np.frombuffer(data, np.uint8, size * count, offset).reshape(size, -1).T.tobytes(), f"<u{size}")


def list_sizes(counts: Counts, size: int) -> Sizes:
    """The bytes of each term's posting list."""
    return np.minimum(2 * counts, bitmap_size(size)).astype(np.int32, copy=False)


def are_dense(counts: Counts, size: int) -> Mask:
    """As `is_dense`, for each term of some."""
    return 2 * counts > bitmap_size(size)


class SegmentBlock:
    """A decoded block of a segment of `size` entries; `plain` are its bytes, decompressed.

    Raises ValueError when they are corrupt.
    """

    def __init__(self, plain: bytes, size: int) -> None:
        data = self.plain = plain
        try:
            kind, count, name_bytes = HEAD.unpack_from(data)
        except struct.error:
            raise ValueError("a block of the search index has no head") from None
        if HEAD.size + 2 * count + name_bytes > len(data):
            raise ValueError("a block of the search index is shorter than its head says")
        self._size = size
        self._names = data[len(data) - name_bytes :]
        if kind not in _HASH_BITS:
            raise ValueError("a block of the search index is of an unknown kind")
        self.hash_bits = _HASH_BITS[kind]
        """The bits of its hashes if it has bigrams; None if it has words."""
        if self.hash_bits:
            width = HASH_BYTES[self.hash_bits]
            differences = _joined_bytes(self._names, name_bytes // width, size=width)
            self._names = np.cumsum(differences, dtype=np.uint32).tobytes()
        self.counts = _joined_bytes(data, count, HEAD.size).astype(np.int32)
        # The bytes where the posting list of each term begins, and the end of the last one.
        starts = np.zeros(count + 1, np.int32)
        np.cumsum(list_sizes(self.counts, size), out=starts[1:])
        self._starts: Sizes = starts + np.int32(HEAD.size + 2 * count)
        if count == 0 or self._starts[-1] + name_bytes != len(data):
            raise ValueError("the length of a block of the search index differs from its head")

    @classmethod
    def stored(cls, data: bytes, size: int) -> "SegmentBlock":
        """From its bytes as they are stored. Raises ValueError when they are corrupt."""
        try:
            plain = decompress(data)
        except ValueError as error:
            raise ValueError(f"a block of the search index is damaged: {error}") from None
        return cls(plain, size)

    @property
    def bytes(self) -> int:
        """Approximate size in memory."""
        return _DECODED_BYTES + len(self.plain) + len(self._names) + self.counts.nbytes + self._starts.nbytes

    @property
    def bounds(self) -> tuple[str, str]:
        """Its first and its last term."""
        if self.hash_bits is None:
            return self._names.partition(b" ")[0].decode(), self._names.rpartition(b" ")[2].decode()
        hashes = self.hashes
        return bigram_term(int(hashes[0]), self.hash_bits), bigram_term(int(hashes[-1]), self.hash_bits)

    @property
    def words(self) -> list[str]:
        """Its words, if it holds words."""
        return self._names.decode().split(" ")

    @property
    def hashes(self) -> HashArray:
        """The hashes of its bigrams, if it holds bigrams."""
        return np.frombuffer(self._names, np.uint32)

    @property
    def entries(self) -> npt.NDArray[np.uint16]:
        """The posting lists of all its terms, concatenated."""
        lists = np.frombuffer(self.plain, np.uint8)[self._starts[0] : self._starts[-1]]
        is_sparse = ~are_dense(self.counts, self._size)
        is_list_byte = np.repeat(is_sparse, np.diff(self._starts))
        is_in_list = np.repeat(is_sparse, self.counts)
        entries = np.zeros(len(is_in_list), np.uint16)
        entries[is_in_list] = lists[is_list_byte].view("<u2")
        bitmaps = lists[~is_list_byte].reshape(-1, bitmap_size(self._size))
        entries[~is_in_list] = np.nonzero(np.unpackbits(bitmaps, axis=1, count=self._size))[1]
        return entries

    def place(self, term: str) -> int | None:
        """Index of a term in the block; None when it is not there."""
        if term_bits(term) != self.hash_bits:
            return None
        if self.hash_bits is None:
            # To make a list of all words takes ten times as long.
            words = b" %b " % self._names
            found = words.find(b" %b " % term.encode(errors="surrogatepass"))
            return None if found < 0 else words.count(b" ", 0, found)
        hash = int(term, 16)
        place = int(np.searchsorted(self.hashes, hash))
        return place if place < len(self.counts) and self.hashes[place] == hash else None

    def places_under(self, prefix: str) -> range:
        """Indexes of the words with a prefix."""
        if self.hash_bits:
            return range(0)
        words = self.words
        return range(bisect_left(words, prefix), bisect_left(words, prefix + END_OF_PREFIX))

    def mask(self, places: range) -> Mask:
        """The entries that have any of the terms at some consecutive indexes."""
        mask = np.zeros(self._size, np.bool_)
        start = places.start
        are_bitmaps = are_dense(self.counts[start : places.stop], self._size)
        for place in (start + np.flatnonzero(are_bitmaps)).tolist():
            mask[self._lists(range(start, place))] = True
            mask |= unpack_mask(self._bits(place), self._size)
            start = place + 1
        mask[self._lists(range(start, places.stop))] = True
        return mask

    def entry_set(self, place: int) -> EntrySet:
        """The entries that have the term at an index."""
        is_bitmap = is_dense(self.counts.item(place), self._size)
        entries: EntrySet = self._bits(place) if is_bitmap else self._lists(range(place, place + 1))
        # A copy: a view would keep the whole block in memory.
        return entries.copy()

    def _lists(self, places: range) -> npt.NDArray[np.uint16]:
        """The posting lists of consecutive sparse terms, concatenated."""
        start, end = self._starts.item(places.start), self._starts.item(places.stop)
        return np.frombuffer(self.plain, "<u2", (end - start) // 2, start)

    def _bits(self, place: int) -> npt.NDArray[np.uint8]:
        return np.frombuffer(self.plain, np.uint8, bitmap_size(self._size), self._starts.item(place))


def join_postings(blocks: Sequence[SegmentBlock]) -> Postings:
    """The postings of blocks of one kind, in order."""
    return Postings(
        np.concatenate([np.zeros(0, np.int64), *(block.counts for block in blocks)]),
        np.concatenate([np.zeros(0, np.uint16), *(block.entries for block in blocks)]),
    )
