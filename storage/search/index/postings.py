"""Postings: which terms are in which entries of a segment."""

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from storage.search.index.token_interner import IntArray, Numbers

MAX_ENTRIES = 2**16 - 1
"""Entries of a segment."""

ENTRY_BITS = 16


Pairs = tuple[npt.NDArray[Any], npt.NDArray[np.uint16]]
"""Terms, and an entry that each of them is in."""


Counts: TypeAlias = IntArray | Numbers


class Postings(NamedTuple):
    """Posting lists of several terms, concatenated: the length of each, and the entries, sorted within a term."""

    counts: Counts
    entries: npt.NDArray[np.uint16]

    @classmethod
    def from_pairs(cls, pairs: Pairs, count: int) -> "Postings":
        """From pairs of terms below `count` and entries. The entries of a term never descend, and may repeat."""
        terms, entries = in_order_of_terms(pairs, count)
        return cls(np.bincount(terms, minlength=count), entries)


def in_order_of_terms(pairs: Pairs, count: int) -> Pairs:
    """Distinct pairs sorted by their terms, which are below `count`. The entries of a term must not descend."""
    for shift in range(0, max(count - 1, 1).bit_length(), ENTRY_BITS):
        pairs = _sorted(pairs, pairs[0] >> shift)
    terms, entries = pairs
    is_first = np.ones(len(terms), np.bool_)
    np.not_equal(terms[1:], terms[:-1], out=is_first[1:])
    is_first[1:] |= entries[1:] != entries[:-1]
    return terms[is_first], entries[is_first]


def in_order_of_entries(terms: npt.NDArray[Any], entries: npt.NDArray[np.uint16]) -> Pairs:
    """Pairs sorted by their entries."""
    return _sorted((terms, entries), entries)


def _sorted(pairs: Pairs, keys: npt.NDArray[Any]) -> Pairs:
    """Pairs sorted by the lowest 16 bits of their keys, equal ones in their order: one pass of a radix sort.

    NumPy sorts numbers of 16 bits in linear time, and takes up to five times as long for larger ones.
    """
    terms, entries = pairs
    order = keys.astype(np.uint16, copy=False).argsort(kind="stable")
    return terms.take(order), entries.take(order)
