"""Texts of tokens by number, as UTF-8 in one buffer: an object for each would take ten times as many bytes."""

import itertools
from array import array
from collections.abc import Iterator, Sequence
from typing import overload
from zlib import crc32

import numpy as np
import numpy.typing as npt

from storage.search.index.token_interner import STEP, Hashes, IntArray, first_bytes

Numbers = npt.NDArray[np.int32]

# Objects that are made at once: each takes 40 bytes or more.
_FEW = 2**12


class TokenTexts:
    """Texts numbered 0, 1 and so on as they come, with the CRC-32 of each."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._ends = array("I", [0])
        self._hashes = array("I")

    def __len__(self) -> int:
        return len(self._hashes)

    def __getitem__(self, number: int) -> bytes:
        return bytes(self._data[self._ends[number] : self._ends[number + 1]])

    def sort_ties(self, numbers: Numbers, heads: Hashes) -> None:
        """Sort texts whose numbers are in the order of their heads, the first eight bytes, by their further bytes."""
        data = bytes(self._data)
        ends = np.frombuffer(self._ends, np.uint32)
        groups = heads
        places = np.arange(len(numbers), dtype=np.int32)
        if not len(places):
            return
        for offset in itertools.count(STEP, STEP):
            # The texts that are equal to a neighbour so far.
            is_equal = groups[1:] == groups[:-1]
            is_tied = np.append(is_equal, False) | np.insert(is_equal, 0, False)
            places = places[is_tied]
            if not len(places):
                return
            starts_group = np.insert(groups[is_tied][1:] != groups[is_tied][:-1], 0, True)
            groups = np.cumsum(starts_group, dtype=np.uint32)
            tied = numbers[places]
            last = ends[tied + 1].astype(np.int64)
            heads = first_bytes(data, np.minimum(ends[tied].astype(np.int64) + offset, last), last)
            order = np.lexsort((heads, groups))
            numbers[places] = tied[order]
            # Equal where both the group and the next bytes are.
            heads = heads[order]
            is_new = np.insert((groups[1:] != groups[:-1]) | (heads[1:] != heads[:-1]), 0, True)
            groups = np.cumsum(is_new, dtype=np.uint32)

    def strings(self, numbers: Numbers) -> list[str]:
        """Some of the texts."""
        data, ends = self._data, np.frombuffer(self._ends, np.uint32)
        spans = zip(ends[numbers].tolist(), ends[numbers + 1].tolist(), strict=True)
        return [data[start:end].decode() for start, end in spans]

    def joined(self, numbers: Numbers) -> bytes:
        """Some of the texts, one or more, with blanks between them."""
        ends = np.frombuffer(self._ends, np.uint32)
        starts = ends[numbers].astype(np.int64)
        sizes = ends[numbers + 1] - starts + 1
        own_ends = np.cumsum(sizes)
        at = np.repeat(starts - own_ends + sizes, sizes) + np.arange(own_ends[-1])
        # The blank after the last text may lie outside of the data, and is cut off below.
        codes = np.frombuffer(self._data, np.uint8).take(at, mode="clip")
        codes[own_ends - 1] = ord(" ")
        return codes[:-1].tobytes()

    def append_spans(self, text: bytes, starts: IntArray, ends: IntArray) -> None:
        """Append the texts at spans of a text."""
        sizes = np.cumsum(ends - starts, dtype=np.int64) + len(self._data)
        self._ends.frombytes(sizes.astype(np.uint32).tobytes())
        for first in range(0, len(starts), _FEW):
            some = slice(first, first + _FEW)
            spans = zip(starts[some].tolist(), ends[some].tolist(), strict=True)
            new = [text[start:end] for start, end in spans]
            self._hashes.extend(map(crc32, new))
            self._data += b"".join(new)

    def hashes(self, numbers: Numbers) -> npt.NDArray[np.uint64]:
        """The hash of each of some texts."""
        return np.frombuffer(self._hashes, np.uint32)[numbers].astype(np.uint64)

    def sizes(self, numbers: Numbers) -> Numbers:
        """The bytes of each of some texts."""
        ends = np.frombuffer(self._ends, np.uint32)
        return (ends[numbers + 1] - ends[numbers]).view(np.int32)


class TextList(Sequence[str]):
    """Some of the texts, in an order: a list that makes each of its strings when it is asked for."""

    def __init__(self, texts: TokenTexts, numbers: Numbers) -> None:
        self._texts = texts
        self._numbers = numbers

    @property
    def sizes(self) -> Numbers:
        """The bytes of each."""
        return self._texts.sizes(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def joined(self, start: int, end: int) -> bytes:
        """The texts from `start` to `end`, at least one, as UTF-8 with blanks between them."""
        return self._texts.joined(self._numbers[start:end])

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return self._texts.strings(self._numbers[index])
        return self._texts[int(self._numbers[index])].decode()

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _FEW):
            yield from self[start : start + _FEW]
