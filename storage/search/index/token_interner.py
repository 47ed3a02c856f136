"""Interns pieces of text many at a time with NumPy: a dict lookup for each takes several times as long.

A hash table with two slots for a piece: the first belongs to the piece that came first, the second to the one that
came last. A piece is compared by its first 24 bytes; longer ones, and those that lost both slots, take a dict lookup.
"""

import struct
from array import array
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

# What separates pieces, as a byte.
_BLANK = 32
_SLOT_BITS = 18
# Of a piece, eight bytes each.
_PARTS = 3
_HEAD = struct.Struct(f"<{_PARTS}Q")
_MASKS = np.array([2 ** (8 * size) - 1 for size in range(9)], np.uint64)
# The constants of SplitMix64 (Steele, Lea and Flood, 2014): odd, with about as many bits set as not.
_MIXERS = [np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)]


class TokenInterner:
    """Pieces by number: 0, 1 and so on, in the order in which they are appended."""

    def __init__(self) -> None:
        self._parts = [array("Q") for _ in range(_PARTS)]
        self._lengths = array("q")
        # An empty slot holds 0; comparing with that piece fails as with any other.
        self._firsts, self._lasts = np.zeros((2, 2**_SLOT_BITS), np.int64)

    def append(self, piece: bytes) -> None:
        """Add the next piece."""
        head = _HEAD.unpack(piece[: _HEAD.size].ljust(_HEAD.size, b"\0"))
        for own, part in zip(self._parts, head, strict=True):
            own.append(part)
        self._lengths.append(len(piece))

    def intern(self, data: bytes, number_of: Callable[[bytes], int]) -> IntArray:
        """The numbers of pieces separated by blanks. `number_of` resolves the rest, and may append them.

        At least one piece must have been appended before.
        """
        starts, ends = _spans(data)
        lengths = ends - starts
        # Padded, so that eight bytes can be read wherever a piece begins.
        padded = data + bytes(_HEAD.size)
        words = np.ndarray((len(padded) - 7,), "<u8", buffer=padded, strides=(1,))
        longer = [np.flatnonzero(lengths > 8 * number) for number in range(1, _PARTS)]
        first = words[starts] & _MASKS[np.minimum(lengths, 8)]
        more = [
            words[starts[at] + 8 * number] & _MASKS[np.minimum(lengths[at] - 8 * number, 8)]
            for number, at in enumerate(longer, 1)
        ]
        mixed = first * _MIXERS[0] + lengths.astype(np.uint64)
        for at, part, mixer in zip(longer, more, _MIXERS[1:], strict=True):
            mixed[at] += part * mixer
        mixed = (mixed ^ mixed >> np.uint64(32)) * _MIXERS[0]
        slots = (mixed >> np.uint64(64 - _SLOT_BITS)).astype(np.int64)
        other_slots = (mixed >> np.uint64(64 - 2 * _SLOT_BITS)).astype(np.int64) & (2**_SLOT_BITS - 1)

        numbers: IntArray = self._firsts[slots]
        numbers = np.where(_take(self._parts[0], numbers) == first, numbers, self._lasts[other_slots])
        is_equal = (_take(self._lengths, numbers) == lengths) & (lengths <= _HEAD.size)
        is_equal &= _take(self._parts[0], numbers) == first
        for own, at, part in zip(self._parts[1:], longer, more, strict=True):
            is_equal[at] &= _take(own, numbers[at]) == part

        misses = np.flatnonzero(~is_equal)
        spans = zip(starts[misses].tolist(), ends[misses].tolist(), strict=True)
        numbers[misses] = [number_of(data[start:end]) for start, end in spans]
        is_free = self._firsts[slots[misses]] == 0
        free, taken = misses[is_free], misses[~is_free]
        self._firsts[slots[free]] = numbers[free]
        self._lasts[other_slots[taken]] = numbers[taken]
        return numbers


def _spans(data: bytes) -> tuple[IntArray, IntArray]:
    """Where each piece begins and where it ends."""
    is_piece = np.frombuffer(data, np.uint8) != _BLANK
    edges = np.flatnonzero(np.diff(is_piece, prepend=False, append=False))
    return edges[::2], edges[1::2]


def _take(values: "array[int]", numbers: IntArray) -> npt.NDArray[Any]:
    taken: npt.NDArray[Any] = np.frombuffer(values, values.typecode)[numbers]
    return taken
