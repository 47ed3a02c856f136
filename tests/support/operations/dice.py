"""Random choices, drawn by a seeded generator or by Hypothesis, which shrinks them."""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

Side = TypeVar("Side")


class Dice:
    """Random choices; low numbers give plain and short results."""

    def __init__(self, throw: Callable[[int, int], int]) -> None:
        self._throw = throw

    def number(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both included."""
        return self._throw(low, high) if low < high else low

    def chance(self, percent: int) -> bool:
        """True with a probability in percent."""
        return self._throw(1, 100) > 100 - percent

    def pick(self, sides: Sequence[Side]) -> Side:
        """One of the values."""
        return sides[self.number(0, len(sides) - 1)]

    def some(self, sides: Sequence[Side], most: int) -> list[Side]:
        """One to `most` different values."""
        left = list(sides)
        return [left.pop(self.number(0, len(left) - 1)) for _ in range(self.number(1, min(most, len(left))))]


def seeded(number: int) -> Dice:
    """Dice with a seed: the same choices in every run."""
    return Dice(Random(number).randint)
