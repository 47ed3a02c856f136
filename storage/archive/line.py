"""A line of a transcript."""

from typing import NamedTuple


class Line(NamedTuple):
    """A whole line of a transcript: its offset in bytes, and its bytes without the line end."""

    offset: int
    data: bytes
