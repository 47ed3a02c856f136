"""Chance, whoever throws: a number for the same throws always, or hypothesis, which looks for the lowest that fail."""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

Side = TypeVar("Side")


class Dice:
    """Low throws give what is plain and short."""

    def __init__(self, throw: Callable[[int, int], int]) -> None:
        self._throw = throw

    def number(self, low: int, high: int) -> int:
        """From `low` to `high`, both within."""
        return self._throw(low, high) if low < high else low

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred throws."""
        return self._throw(1, 100) > 100 - percent

    def pick(self, sides: Sequence[Side]) -> Side:
        """One of them."""
        return sides[self.number(0, len(sides) - 1)]

    def some(self, sides: Sequence[Side], most: int) -> list[Side]:
        """Between one and `most` of them, each at most once."""
        left = list(sides)
        return [left.pop(self.number(0, len(left) - 1)) for _ in range(self.number(1, min(most, len(left))))]


def seeded(number: int) -> Dice:
    """The same throws for the same number, always."""
    return Dice(Random(number).randint)
