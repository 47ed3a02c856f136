"""Sets of a segment's entries, as lists of numbers, bitmaps and masks."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
"""Whether each entry is in the set."""

EntrySet: TypeAlias = npt.NDArray[np.uint16] | npt.NDArray[np.uint8]
"""A set of a segment's entries: a sorted list (uint16), or a bitmap (uint8)."""


def bitmap_size(size: int) -> int:
    """The bytes of a bitmap of `size` entries."""
    return -(-size // 8)


def is_dense(count: int, size: int) -> bool:
    """Whether the bitmap of `size` entries is shorter than a list of `count` of them."""
    return 2 * count > bitmap_size(size)


def unpack_mask(bits: npt.NDArray[np.uint8], size: int) -> Mask:
    """The mask of a bitmap of `size` entries."""
    return np.unpackbits(bits, count=size).view(np.bool_)


def union(masks: Sequence[Mask]) -> EntrySet:
    """The entries of any of several masks, in the shorter form."""
    if not masks:
        return np.zeros(0, np.uint16)
    mask = np.logical_or.reduce(masks)
    is_shorter = is_dense(int(np.count_nonzero(mask)), len(mask))
    return np.packbits(mask) if is_shorter else np.flatnonzero(mask).astype(np.uint16)


def is_bitmap(entries: EntrySet) -> bool:
    """Whether a set is a bitmap, not a list."""
    return entries.dtype == np.uint8


def has_entries(entries: EntrySet, some: npt.NDArray[np.int64]) -> Mask:
    """Whether each of some entries is in the set, which has one or more."""
    if is_bitmap(entries):
        bits: Mask = (entries[some >> 3] << (some & 7).astype(np.uint8) & 0x80).astype(np.bool_)
        return bits
    places = np.minimum(entries.searchsorted(some), len(entries) - 1)
    are_in: Mask = entries[places] == some
    return are_in


def list_entries(entries: EntrySet, size: int) -> npt.NDArray[np.integer]:
    """The entries of a set, of `size` ones, in order."""
    return unpack_mask(entries.view(np.uint8), size).nonzero()[0] if is_bitmap(entries) else entries


def fill_mask(mask: Mask, entries: EntrySet) -> None:
    """Add a set of entries to a mask."""
    if is_bitmap(entries):
        mask |= unpack_mask(entries.view(np.uint8), len(mask))
    else:
        mask[entries] = True
