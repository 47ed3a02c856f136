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


def unpack_mask(bits: npt.NDArray[np.uint8], size: int) -> Mask:
    """The mask of a bitmap of `size` entries."""
    return np.unpackbits(bits, count=size).view(np.bool_)


def union(masks: Sequence[Mask]) -> EntrySet:
    """The entries of any of several masks, in the shorter form."""
    if not masks:
        return np.zeros(0, np.uint16)
    mask = np.logical_or.reduce(masks)
    is_dense = 2 * np.count_nonzero(mask) > bitmap_size(len(mask))
    return np.packbits(mask) if is_dense else np.flatnonzero(mask).astype(np.uint16)


def fill_mask(mask: Mask, entries: EntrySet) -> None:
    """Add a set of entries to a mask."""
    if entries.dtype == np.uint8:
        mask |= unpack_mask(entries.view(np.uint8), len(mask))
    else:
        mask[entries] = True
