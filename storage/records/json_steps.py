"""A reader of long JSON texts that works in steps, so that other work can run between them.

What fits into a window is parsed by the scanner of the standard library. A longer string is parsed in pieces. A longer
list or object is not made into Python objects, which take 20 times the memory: it stays a text, whose end is found.
"""

import json
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Steps: TypeAlias = Generator[None, None, T]
"""Yields between its steps, and returns the result."""

_SCAN: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined] # Public but untyped.

STEP = 32 * 1024
"""Characters that are parsed in one step, in about one or two milliseconds."""

_WINDOW = 2 * STEP
# Whole characters and escapes of a string.
_STRING_PIECE = re.compile(r'(?:[^"\\]+|\\u[0-9A-Fa-f]{4}|\\["\\/bfnrt])*')
_IN_NUMBER = frozenset("0123456789.eE+-")


@dataclass(frozen=True, slots=True)
class JsonText:
    """A list or an object that is too long to be parsed at once, as compact JSON text."""

    text: str

    @property
    def is_object(self) -> bool:
        """Whether it is an object, else a list."""
        return self.text[0] == "{"


class JsonReader:
    """Reads values of a compact JSON text, whose characters beyond U+FFFF are not written as two escapes.

    Everything raises ValueError where the text is not JSON.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._window = text[:_WINDOW]
        self._offset = 0

    def has(self, place: int, character: str) -> bool:
        """Whether the text has this character at a place."""
        return self._text.startswith(character, place)

    def expect(self, place: int, character: str) -> None:
        """Check that the text has this character at a place."""
        if not self.has(place, character):
            raise ValueError("not JSON")

    def text(self, start: int, end: int) -> JsonText:
        """The text of the list or object in this span."""
        return JsonText(self._text[start:end])

    def short_value(self, place: int) -> tuple[Any, int] | None:
        """The value at a place and its end; None if it is longer than a step."""
        if not self._offset <= place <= self._offset + STEP:
            self._window, self._offset = self._text[place : place + _WINDOW], place
        try:
            value, end = _SCAN(self._window, place - self._offset)
        except (StopIteration, ValueError):
            if self._offset + len(self._window) >= len(self._text):
                raise ValueError("not JSON") from None
            return None
        end += self._offset
        # The rest of a number may be beyond the window.
        return None if self._text[end : end + 1] in _IN_NUMBER else (value, end)

    def value(self, place: int) -> Steps[tuple[Any, int]]:
        """The value at a place and its end; a JsonText for a long list or object."""
        short = self.short_value(place)
        if short is not None:
            return short
        yield
        if self.has(place, '"'):
            return (yield from self._long_string(place))
        if self.has(place, "[") or self.has(place, "{"):
            end = yield from self._end(place)
            return self.text(place, end), end
        return self._long_number(place)

    def members(self, place: int) -> Steps[tuple[dict[str, Any], int]]:
        """The members of the object at a place, which is not empty, and its end; a JsonText for what is long in it."""
        members: dict[str, Any] = {}
        while not members or self.has(place, ","):
            key, place = yield from self._key(place + 1)
            members[key], place = yield from self.value(place)
            yield
        self.expect(place, "}")
        return members, place + 1

    def _end(self, place: int) -> Steps[int]:
        """The end of the long list or object at a place."""
        closings: list[str] = []
        paused_at = place
        while True:
            if place - paused_at > STEP:
                paused_at = place
                yield
            short = self.short_value(place)
            if short is not None:
                _, place = short
            elif self.has(place, "["):
                closings.append("]")
                place += 1
                yield
                continue
            elif self.has(place, "{"):
                closings.append("}")
                _, place = yield from self._key(place + 1)
                yield
                continue
            elif self.has(place, '"'):
                _, place = yield from self._long_string(place)
            else:
                _, place = self._long_number(place)
            while closings and self.has(place, closings[-1]):
                closings.pop()
                place += 1
            if not closings:
                return place
            self.expect(place, ",")
            place += 1
            if closings[-1] == "}":
                _, place = yield from self._key(place)

    def _key(self, place: int) -> Steps[tuple[str, int]]:
        """The key at a place, and where its value begins."""
        self.expect(place, '"')
        key, place = yield from self.value(place)
        self.expect(place, ":")
        return key, place + 1

    def _long_string(self, place: int) -> Steps[tuple[str, int]]:
        place += 1
        pieces = []
        while not self.has(place, '"'):
            piece = _STRING_PIECE.match(self._text, place, place + STEP)
            if piece is None or piece.end() == place:
                raise ValueError("not JSON")
            # Raises JSONDecodeError, a ValueError, for control characters.
            pieces.append(_SCAN(f'"{piece[0]}"', 0)[0])
            place = piece.end()
            yield
        return "".join(pieces), place + 1

    def _long_number(self, place: int) -> tuple[int | float, int]:
        try:
            return _SCAN(self._text, place)
        except StopIteration:
            raise ValueError("not JSON") from None
