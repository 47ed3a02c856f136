"""Numbers pieces of text many at a time with NumPy: a dict takes several times as long and as much memory.

A hash table with open addressing and linear probing. Pieces are compared by their 24 bytes, longer ones by a digest.
"""

import secrets
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

# What separates pieces, as a byte.
_BLANK = 32
# Eight bytes each of a piece.
_PARTS = 3
_KEY_BYTES = 8 * _PARTS
# The length of all longer pieces.
_LONG = 255
_MASKS = np.array([2 ** (8 * size) - 1 for size in range(9)], np.uint64)
# Random, so that no text can be made whose pieces all collide.
_MULTIPLIERS = [np.uint64(secrets.randbits(64) | 1) for _ in range(_PARTS + 1)]
_FIRST_SIZE = 2**10


class TokenInterner:
    """Distinct pieces, numbered 0, 1 and so on as they come."""

    def __init__(self) -> None:
        self.count = 0
        # A row is eight bytes of each piece.
        self._keys = np.zeros((_PARTS, _FIRST_SIZE), np.uint64)
        self._lengths = np.zeros(_FIRST_SIZE, np.uint8)
        self._slots = np.full(2 * _FIRST_SIZE, -1, np.int32)

    def intern(self, data: bytes) -> tuple[IntArray, IntArray, IntArray]:
        """The numbers of pieces separated by blanks, and the spans of the new ones, in the order of their numbers."""
        starts, ends = _spans(data)
        keys, lengths = _keys(data, starts, ends)
        hashes = _hashes(keys, lengths)
        numbers = self._find(keys, lengths, hashes)
        misses = np.flatnonzero(numbers < 0)
        if not len(misses):
            return numbers, misses, misses
        # Equal pieces have equal hashes; that different ones have, too, is next to impossible.
        distinct, first, inverse = np.unique(hashes[misses], return_index=True, return_inverse=True)
        numbers[misses] = self.count + inverse
        new = misses[first]
        self._append(keys[:, new], lengths[new], distinct)
        return numbers, starts[new], ends[new]

    def _find(self, keys: Keys, lengths: npt.NDArray[np.uint8], hashes: Keys) -> IntArray:
        """The number of each piece; -1 for those that are new."""
        numbers = np.full(len(hashes), -1, np.int64)
        pending = np.arange(len(hashes))
        slots = self._first_slots(hashes)
        while len(pending):
            candidates = self._slots[slots]
            is_taken = candidates >= 0
            pending, slots, candidates = pending[is_taken], slots[is_taken], candidates[is_taken]
            is_equal = self._lengths[candidates] == lengths[pending]
            for own, row in zip(self._keys, keys, strict=True):
                is_equal &= own[candidates] == row[pending]
            numbers[pending[is_equal]] = candidates[is_equal]
            pending, slots = pending[~is_equal], (slots[~is_equal] + 1) % len(self._slots)
        return numbers

    def _append(self, keys: Keys, lengths: npt.NDArray[np.uint8], hashes: Keys) -> None:
        start, self.count = self.count, self.count + len(hashes)
        capacity = len(self._lengths)
        while capacity < self.count:
            capacity *= 2
        if has_grown := capacity > len(self._lengths):
            more = capacity - len(self._lengths)
            self._keys = np.pad(self._keys, ((0, 0), (0, more)))
            self._lengths = np.pad(self._lengths, (0, more))
            # At most half full.
            self._slots = np.full(2 * capacity, -1, np.int32)
        self._keys[:, start : self.count] = keys
        self._lengths[start : self.count] = lengths
        if has_grown:
            start, hashes = 0, _hashes(self._keys[:, : self.count], self._lengths[: self.count])
        self._insert(np.arange(start, self.count, dtype=np.int32), self._first_slots(hashes))

    def _insert(self, numbers: npt.NDArray[np.int32], slots: IntArray) -> None:
        while len(numbers):
            is_free = self._slots[slots] < 0
            self._slots[slots[is_free]] = numbers[is_free]
            # Of several that claim a slot, one has got it.
            is_left = self._slots[slots] != numbers
            numbers, slots = numbers[is_left], (slots[is_left] + 1) % len(self._slots)

    def _first_slots(self, hashes: Keys) -> IntArray:
        bits = len(self._slots).bit_length() - 1
        return (hashes >> np.uint64(64 - bits)).astype(np.int64)


def _spans(data: bytes) -> tuple[IntArray, IntArray]:
    """Where each piece begins and where it ends."""
    is_piece = np.frombuffer(data, np.uint8) != _BLANK
    edges = np.flatnonzero(np.diff(is_piece, prepend=False, append=False))
    return edges[::2], edges[1::2]


def _keys(data: bytes, starts: IntArray, ends: IntArray) -> tuple[Keys, npt.NDArray[np.uint8]]:
    """The bytes of each piece, padded with zeros, and its length; of a long piece a digest and `_LONG`."""
    lengths = ends - starts
    # Padded, so that eight bytes can be read wherever a piece begins.
    padded = data + bytes(_KEY_BYTES)
    words = np.ndarray((len(padded) - 7,), "<u8", buffer=padded, strides=(1,))
    keys = np.zeros((_PARTS, len(starts)), np.uint64)
    keys[0] = words[starts] & _MASKS[np.minimum(lengths, 8)]
    for number in range(1, _PARTS):
        at = np.flatnonzero(lengths > 8 * number)
        keys[number, at] = words[starts[at] + 8 * number] & _MASKS[np.minimum(lengths[at] - 8 * number, 8)]
    is_long = lengths > _KEY_BYTES
    if is_long.any():
        spans = zip(starts[is_long].tolist(), ends[is_long].tolist(), strict=True)
        digests = b"".join([blake2b(data[start:end], digest_size=_KEY_BYTES).digest() for start, end in spans])
        keys[:, is_long] = np.frombuffer(digests, "<u8").reshape(-1, _PARTS).T
        lengths = np.where(is_long, _LONG, lengths)
    return keys, lengths.astype(np.uint8)


def _hashes(keys: Keys, lengths: npt.NDArray[np.uint8]) -> Keys:
    mixed: Keys = lengths.astype(np.uint64) * _MULTIPLIERS[-1]
    for row, multiplier in zip(keys, _MULTIPLIERS, strict=False):
        mixed += (row ^ row >> np.uint64(32)) * multiplier
    return (mixed ^ mixed >> np.uint64(32)) * _MULTIPLIERS[0]
