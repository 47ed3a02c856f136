"""Pieces of text that were seen before, looked up many at a time: to ask a dict for each takes several times as long.

The first bytes of a piece, as whole numbers, tell it apart; from them follow two slots in which its number may lie. The
first is of the piece that came first, the second of the one that came last. Of others, and of long ones, a dict knows.
"""

import struct
from array import array
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

# What parts pieces, as a byte.
_BLANK = 32
_SLOT_BITS = 18
# Of a piece, eight bytes each.
_PARTS = 3
_HEAD = struct.Struct(f"<{_PARTS}Q")
_MASKS = np.array([2 ** (8 * size) - 1 for size in range(9)], np.uint64)
# Odd, with about as many bits set as not: those of SplitMix64 (Steele, Lea and Flood, 2014).
_MIXERS = [np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)]


class TokenInterner:
    """Pieces by number: 0, 1 and so on, in the order in which they are appended."""

    def __init__(self) -> None:
        self._parts = [array("Q") for _ in range(_PARTS)]
        self._lengths = array("q")
        # An empty slot has a 0, whose piece is then told apart like any other.
        self._firsts, self._lasts = np.zeros((2, 2**_SLOT_BITS), np.int64)

    def append(self, piece: bytes) -> None:
        """Take in the next piece."""
        head = _HEAD.unpack(piece[: _HEAD.size].ljust(_HEAD.size, b"\0"))
        for known, part in zip(self._parts, head, strict=True):
            known.append(part)
        self._lengths.append(len(piece))

    def numbers(self, data: bytes, number_of: Callable[[bytes], int]) -> Numbers:
        """The numbers of pieces with blanks between. `number_of` tells those of some, which it may append.

        At least one piece must have been appended before.
        """
        starts, ends = _spans(data)
        lengths = ends - starts
        # So that eight bytes can be read wherever a piece begins.
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

        numbers: Numbers = self._firsts[slots]
        numbers = np.where(_of(self._parts[0], numbers) == first, numbers, self._lasts[other_slots])
        is_it = (_of(self._lengths, numbers) == lengths) & (lengths <= _HEAD.size)
        is_it &= _of(self._parts[0], numbers) == first
        for known, at, part in zip(self._parts[1:], longer, more, strict=True):
            is_it[at] &= _of(known, numbers[at]) == part

        others = np.flatnonzero(~is_it)
        spans = zip(starts[others].tolist(), ends[others].tolist(), strict=True)
        numbers[others] = [number_of(data[start:end]) for start, end in spans]
        is_free = self._firsts[slots[others]] == 0
        free, taken = others[is_free], others[~is_free]
        self._firsts[slots[free]] = numbers[free]
        self._lasts[other_slots[taken]] = numbers[taken]
        return numbers


def _spans(data: bytes) -> tuple[Numbers, Numbers]:
    """Where each piece begins, and where it ends."""
    is_said = np.frombuffer(data, np.uint8) != _BLANK
    edges = np.flatnonzero(np.diff(is_said, prepend=False, append=False))
    return edges[::2], edges[1::2]


def _of(values: "array[int]", numbers: Numbers) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = np.frombuffer(values, values.typecode)[numbers]
    return found
