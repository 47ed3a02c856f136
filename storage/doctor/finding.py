"""What the doctor finds."""

from typing import NamedTuple


class Finding(NamedTuple):
    """One inconsistency, described in a line."""

    text: str
    is_repaired: bool = False
