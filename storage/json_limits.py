"""Limits on the shape of JSON texts, checked before they are parsed: a small text may become large objects."""

from typing import NamedTuple

import numpy as np

# The memory of a member of an object with a distinct key, which takes more than any other value.
_BYTES_PER_VALUE = 150

_CHUNK = 1 << 18
_COMMA, _QUOTE = b',"'
_STEPS = np.zeros(256, np.int8)
_STEPS[list(b"[{")] = 1
_STEPS[list(b"]}")] = -1
_IS_STRUCTURAL = _STEPS != 0
_IS_STRUCTURAL[[_COMMA, _QUOTE]] = True


class JSONTooComplex(ValueError):
    """A JSON text with too many values."""


class JSONTooDeep(ValueError):
    """A JSON text that is nested too deeply."""


class JSONLimits(NamedTuple):
    """The maximum number of values in a JSON text, and of the arrays and objects around a value."""

    values: int
    depth: int

    def check(self, data: bytes) -> int:
        """An upper bound of the values in `data`. Raises JSONTooComplex or JSONTooDeep.

        Takes 2 ns a byte where the text comes near a limit, and much less elsewhere.
        """
        openings = data.count(b"[") + data.count(b"{")
        values = 1 + openings + data.count(b",")
        if values > self.values or openings > self.depth:
            # Brackets and commas in strings have been counted too.
            values = self._scan(data)
        return values

    def memory(self, data: bytes) -> int:
        """An estimate of the bytes that `data` takes together with its parsed value. Raises as `check` does."""
        return len(data) + _BYTES_PER_VALUE * self.check(data)

    def _scan(self, data: bytes) -> int:
        if b"\\" in data:
            # Every quote that remains begins or ends a string.
            data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
        values, depth, is_in_string = 1, 0, False
        for start in range(0, len(data), _CHUNK):
            chunk = np.frombuffer(data, np.uint8, min(_CHUNK, len(data) - start), start)
            chunk = chunk[_IS_STRUCTURAL[chunk]]
            in_string = np.logical_xor.accumulate(chunk == _QUOTE) ^ is_in_string
            is_in_string = bool(in_string[-1]) if len(chunk) else is_in_string
            chunk = chunk[~in_string]
            steps = _STEPS[chunk]
            values += int(np.count_nonzero(steps == 1)) + int(np.count_nonzero(chunk == _COMMA))
            if values > self.values:
                raise JSONTooComplex(f"it has more than {self.values} values")
            depths = np.cumsum(steps, dtype=np.int32)
            if len(depths):
                if depth + int(depths.max()) > self.depth:
                    raise JSONTooDeep(f"it is nested more than {self.depth} levels deep")
                depth += int(depths[-1])
        return values
