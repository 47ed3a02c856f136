"""Bigrams are two tokens in a row. The index stores a hash of each: 20 bits in long entries, 16 bits in all others.

By 16 bits nearly all entries are ruled out that have the words of a phrase but not the phrase. A long entry has so many
bigrams that most phrases of its words have one of their hashes, as in a Bloom filter that is full.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from storage.search.index.postings import Pairs, Postings, in_order_of_terms
from storage.search.index.token_interner import Hashes

HASH_BITS, LONG_HASH_BITS = 16, 20
"""The bits of the hashes of most entries, and of long ones. A shorter hash is the start of the longer one."""

MAX_BIGRAMS = 4_096
"""The bigrams, counting repeated ones, from which an entry is long: a sixteenth of the hashes of 16 bits."""

# Multiplicative hashing (Knuth, The Art of Computer Programming, vol. 3, 6.4), with the golden ratio.
_MIX_FIRST, _MIX_BOTH = 0x9E3779B1, 0x9E3779B97F4A7C15


HashArray: TypeAlias = npt.NDArray[np.uint32]


class Bigrams(NamedTuple):
    """Hashes of so many bits, ascending, with their postings."""

    bits: int
    hashes: HashArray
    postings: Postings

    @classmethod
    def from_pairs(cls, bits: int, pairs: Pairs) -> "Bigrams":
        """From pairs of hashes and entries. The entries of a hash never descend, and may repeat."""
        hashes, entries = in_order_of_terms(pairs, 2**bits)
        starts = np.flatnonzero(np.diff(hashes.astype(np.int32), prepend=-1)).astype(np.int32)
        counts = np.diff(starts, append=np.int32(len(hashes)))
        return cls(bits, hashes[starts].astype(np.uint32), Postings(counts, entries))

    def pairs(self) -> Pairs:
        """Each hash with each of its entries."""
        hashes = self.hashes.astype(np.uint16) if self.bits == HASH_BITS else self.hashes
        return np.repeat(hashes, self.postings.counts), self.postings.entries


def bigram_hash(first: int, second: int) -> int:
    """The 20-bit hash of a bigram, computed from the hashes of its two tokens."""
    return ((first * _MIX_FIRST + second) * _MIX_BOTH & 2**64 - 1) >> 64 - LONG_HASH_BITS


def bigram_hashes(first: Hashes, second: Hashes) -> HashArray:
    """As `bigram_hash`, of arrays."""
    hashes = (first * np.uint64(_MIX_FIRST) + second) * np.uint64(_MIX_BOTH)
    return (hashes >> np.uint64(64 - LONG_HASH_BITS)).astype(np.uint32)


def shortened(hashes: HashArray, bits: int) -> npt.NDArray[np.uint16] | HashArray:
    """The first bits of 20-bit hashes."""
    return hashes if bits == LONG_HASH_BITS else (hashes >> LONG_HASH_BITS - bits).astype(np.uint16)


def bigram_terms(hash: int) -> tuple[str, str]:
    """The terms of a bigram by its 20-bit hash: of most entries, and of long ones."""
    return bigram_term(hash >> LONG_HASH_BITS - HASH_BITS, HASH_BITS), bigram_term(hash, LONG_HASH_BITS)


def bigram_term(hash: int, bits: int) -> str:
    """The term of a hash of so many bits. It begins with a blank, two if the hash is of a long entry; no word does."""
    return f" {hash:04x}" if bits == HASH_BITS else f"  {hash:05x}"


def term_bits(term: str) -> int | None:
    """The bits of a bigram's hash, by its term; None for a word."""
    if term[0] != " ":
        return None
    return LONG_HASH_BITS if term[1] == " " else HASH_BITS
