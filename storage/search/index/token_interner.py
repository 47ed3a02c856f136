"""Numbers pieces of text many at a time with NumPy: a dict takes several times as long and as much memory.

A hash table with open addressing and linear probing. Pieces are compared by their 64-bit hashes: that different ones
have equal hashes is next to impossible.
"""

import secrets
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]

# The byte that separates pieces.
_BLANK = 32
STEP = 8
"""Bytes of a piece that are hashed or compared at once."""
_LONGEST = 8 * STEP
_MASKS = np.array([2 ** (8 * size) - 1 for size in range(STEP + 1)], np.uint64)
# Random, so that no text can be made whose pieces all collide.
_FIRST, _NEXT, _LAST, _LENGTH = (np.uint64(secrets.randbits(64) | 1) for _ in range(4))
_KEY = secrets.token_bytes(16)
_HALF = np.uint64(32)
# Few texts have so many pieces that a table of the first size is full, but those have many times as many. Pieces are
# found faster in the next size, of which a full vocabulary takes a half, than in one that is nearly full.
_FIRST_SIZE, _NEXT_SIZE = 2**11, 2**18


class TokenInterner:
    """Distinct pieces, numbered 0, 1 and so on as they come."""

    def __init__(self) -> None:
        self.count = 0
        self._numbers = np.full(_FIRST_SIZE, -1, np.int32)
        self._hashes = np.zeros(_FIRST_SIZE, np.uint64)

    def intern(self, data: bytes) -> tuple[Numbers, IntArray, IntArray]:
        """The numbers of pieces separated by blanks, and the spans of the new ones, in the order of their numbers."""
        return self.intern_spans(data, *spans(data))

    def intern_spans(self, data: bytes, starts: IntArray, ends: IntArray) -> tuple[Numbers, IntArray, IntArray]:
        """As `intern`, of pieces that are given by their spans."""
        hashes = _hashes(data, starts, ends)
        numbers = self._find(hashes)
        misses = np.flatnonzero(numbers < 0)
        if not len(misses):
            return numbers, misses, misses
        distinct, first, inverse = _distinct(hashes[misses])
        numbers[misses] = self.count + inverse
        self._append(distinct)
        new = misses[first]
        return numbers, starts[new], ends[new]

    def _find(self, hashes: Hashes) -> Numbers:
        """The number of each piece; -1 for those that are new."""
        slots = self._first_slots(hashes)
        numbers = self._numbers.take(slots)
        is_other = self._hashes.take(slots) != hashes
        pending = np.flatnonzero(is_other & (numbers >= 0))
        numbers[is_other] = -1
        slots = slots.take(pending)
        hashes = hashes.take(pending)
        while len(pending):
            slots += 1
            slots &= len(self._numbers) - 1
            found = self._numbers.take(slots)
            is_equal = self._hashes.take(slots) == hashes
            numbers[pending[is_equal]] = found[is_equal]
            is_left = np.flatnonzero(~is_equal & (found >= 0))
            pending, slots, hashes = pending.take(is_left), slots.take(is_left), hashes.take(is_left)
        return numbers

    def _append(self, hashes: Hashes) -> None:
        numbers = np.arange(self.count, self.count + len(hashes), dtype=np.int32)
        self.count += len(hashes)
        size = len(self._numbers)
        # At most two thirds full.
        while 2 * size < 3 * self.count:
            size = max(2 * size, _NEXT_SIZE)
        if size > len(self._numbers):
            is_taken = self._numbers >= 0
            numbers = np.concatenate((self._numbers[is_taken], numbers))
            hashes = np.concatenate((self._hashes[is_taken], hashes))
            self._numbers, self._hashes = np.full(size, -1, np.int32), np.zeros(size, np.uint64)
        self._insert(numbers, hashes)

    def _insert(self, numbers: npt.NDArray[np.int32], hashes: Hashes) -> None:
        slots = self._first_slots(hashes)
        while len(numbers):
            is_free = self._numbers[slots] < 0
            self._numbers[slots[is_free]] = numbers[is_free]
            # Of several hashes that claim a slot, one has got it.
            is_in = self._numbers[slots] == numbers
            self._hashes[slots[is_in]] = hashes[is_in]
            is_left = ~is_in
            numbers, hashes, slots = numbers[is_left], hashes[is_left], (slots[is_left] + 1) % len(self._numbers)

    def _first_slots(self, hashes: Hashes) -> IntArray:
        bits = len(self._numbers).bit_length() - 1
        return (hashes >> np.uint64(64 - bits)).view(np.int64)


def _distinct(hashes: Hashes) -> tuple[Hashes, IntArray, IntArray]:
    """Each hash once, sorted; the index of one that is equal to it; and the place there of each one.

    `np.unique` returns the first index, for which it sorts in another way that takes twice as long.
    """
    order = np.argsort(hashes)
    hashes = hashes[order]
    is_first = np.ones(len(hashes), np.bool_)
    np.not_equal(hashes[1:], hashes[:-1], out=is_first[1:])
    places = np.empty(len(hashes), np.int64)
    places[order] = np.cumsum(is_first) - 1
    return hashes[is_first], order[is_first], places


def spans(data: bytes) -> tuple[IntArray, IntArray]:
    """Where each piece begins and where it ends."""
    is_piece = np.zeros(len(data) + 2, np.bool_)
    np.not_equal(np.frombuffer(data, np.uint8), _BLANK, out=is_piece[1:-1])
    edges = np.flatnonzero(is_piece[1:] != is_piece[:-1])
    return edges[::2], edges[1::2]


def first_bytes(data: bytes, starts: IntArray, ends: IntArray) -> Hashes:
    """The first eight bytes of each piece as a number, which sorts as they do, padded with zeros."""
    lengths = np.minimum(ends - starts, STEP)
    firsts: Hashes = _words(data)[starts] & _MASKS[lengths]
    return firsts.byteswap()


def _words(data: bytes) -> Hashes:
    """The eight bytes from each byte on, the last ones padded with zeros."""
    padded = data + bytes(_LONGEST)
    return np.ndarray((len(padded) - STEP + 1,), "<u8", buffer=padded, strides=(1,))


def _hashes(data: bytes, starts: IntArray, ends: IntArray) -> Hashes:
    words = _words(data)
    lengths = ends - starts
    # Multiplied twice: of the difference of two texts, one multiplication leaves the highest bit as it is.
    hashes: Hashes = (words[starts] & _MASKS[np.minimum(lengths, STEP)]) * _FIRST
    hashes += lengths.astype(np.uint64) * _LENGTH
    hashes ^= hashes >> _HALF
    hashes *= _LAST
    at = np.flatnonzero(lengths > STEP)
    for place in range(STEP, _LONGEST, STEP):
        if not len(at):
            return hashes
        some = (hashes[at] ^ words[starts[at] + place] & _MASKS[np.minimum(lengths[at] - place, STEP)]) * _NEXT
        some ^= some >> _HALF
        hashes[at] = some * _LAST
        at = at[lengths[at] > place + STEP]
    for index, start, end in zip(at.tolist(), starts[at].tolist(), ends[at].tolist(), strict=True):
        digest = blake2b(data[start:end], digest_size=STEP, key=_KEY).digest()
        hashes[index] = int.from_bytes(digest, "little")
    return hashes
