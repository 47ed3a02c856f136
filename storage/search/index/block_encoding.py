"""Encoding of terms and their postings into the blocks of a segment."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from storage.compression import compress
from storage.search.index.bigrams import HASH_BITS, Bigrams, bigram_term
from storage.search.index.postings import Postings
from storage.search.index.segment_block import (
    BIGRAMS,
    HASH_BYTES,
    HEAD,
    LONG_BIGRAMS,
    WORDS,
    Sizes,
    are_dense,
    list_sizes,
    split_bytes,
)
from storage.search.index.token_texts import TextList

# Sizes of a block before compression, which leaves half to two thirds of the words and more of the bigrams: several
# compressed blocks fit on a page of SQLite.
_BIGRAM_BYTES, _WORD_BYTES = 6_100, 6_500
# Higher levels do not make so few bytes smaller.
_COMPRESSION_LEVEL = 1
# Limits on the masks that are packed at once: their size, and their number.
_MASK_BYTES = 2**20
_MASKS = 2**16


def bigram_blocks(bigrams: Bigrams, size: int) -> Iterator[tuple[str, bytes]]:
    """Blocks of bigrams in order, each with its first term; they sort before all words."""
    bits, hashes, postings = bigrams
    kind, width = (BIGRAMS if bits == HASH_BITS else LONG_BIGRAMS), HASH_BYTES[bits]
    for start, end, data in _cut(postings, size, np.full(len(hashes), width, np.int32), _BIGRAM_BYTES):
        head = HEAD.pack(kind, end - start, width * (end - start))
        # Their differences are small numbers, which compress well.
        names = split_bytes(np.diff(hashes[start:end], prepend=0), width)
        yield bigram_term(int(hashes[start]), bits), compress(head + data + names, _COMPRESSION_LEVEL)


def word_blocks(words: Sequence[str], postings: Postings, size: int) -> Iterator[tuple[str, bytes]]:
    """Blocks of words in order, each with its first word."""
    sizes = words.sizes if isinstance(words, TextList) else np.fromiter(map(len, words), np.int32, len(words))
    sizes += 1
    for start, end, data in _cut(postings, size, sizes, _WORD_BYTES):
        names = words.joined(start, end) if isinstance(words, TextList) else " ".join(words[start:end]).encode()
        head = HEAD.pack(WORDS, end - start, len(names))
        yield words[start], compress(head + data + names, _COMPRESSION_LEVEL)


def _cut(postings: Postings, size: int, name_sizes: Sizes, block_bytes: int) -> Iterator[tuple[int, int, bytes]]:
    """The range of terms of each block of about so many bytes, and its encoded posting lists."""
    if not len(postings.counts):
        return
    sizes = list_sizes(postings.counts, size)
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
        yield start, end, split_bytes(postings.counts[start:end]) + lists[first:last]
        first = last


def _encode(postings: Postings, sizes: Sizes, size: int) -> bytes:
    """The posting list of each term, as a list or as a bitmap."""
    is_dense = are_dense(postings.counts, size)
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
