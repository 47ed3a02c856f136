"""Ranges of positions, for lists that are numbered from 0 without a gap."""

from typing import NamedTuple

from storage.page import PageRequest


class Range(NamedTuple):
    """The positions from `start` on and before `end`, of the list that `owner` has."""

    owner: str
    start: int
    end: int

    @classmethod
    def between(cls, owner: str, count: int, after: int | None, before: int | None) -> "Range":
        """What follows `after` and precedes `before` in a list of `count`."""
        start = 0 if after is None else min(max(after + 1, 0), count)
        end = count if before is None else max(min(before, count), start)
        return cls(owner, start, end)

    def page(self, request: PageRequest) -> tuple[int, int]:
        """Start and end of the page asked for."""
        if request.is_backward:
            return max(self.start, self.end - request.size), self.end
        return self.start, min(self.end, self.start + request.size)
