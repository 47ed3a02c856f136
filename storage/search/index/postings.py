"""Postings: which terms are in which entries of a segment."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from storage.search.index.token_interner import IntArray

MAX_ENTRIES = 2**16 - 1
"""Entries of a segment."""

ENTRY_BITS = 16


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
