"""Ranges of positions, for lists that are numbered from 0 without a gap."""

from collections.abc import Iterable
from typing import NamedTuple

from storage.page import PageRequest, Scope

UNCOUNTED = 2**31 - 1000
"""For a list whose length is not known: more than any has."""


class Range(NamedTuple):
    """The positions from `start` on and before `end`, of the list that `owner` has."""

    owner: str
    start: int
    end: int

    @classmethod
    def of(cls, owner: str, count: int, scope: Scope, request: PageRequest) -> "Range":
        """What lies between the cursors of a request, in a list of `count`. Raises InvalidCursor."""
        after, before = (
            None if cursor is None else int(scope.key(cursor, (int,))[0]) for cursor in (request.after, request.before)
        )
        start = 0 if after is None else min(max(after + 1, 0), count)
        end = count if before is None else max(min(before, count), start)
        return cls(owner, start, end)

    def page(self, request: PageRequest) -> tuple[int, int]:
        """Start and end of the page asked for."""
        if request.is_backward:
            return max(self.start, self.end - request.size), self.end
        return self.start, min(self.end, self.start + request.size)


def owners_by_page(ranges: Iterable[Range], request: PageRequest) -> dict[tuple[int, int], list[str]]:
    """Who has a page with that start and end: lists whose pages are equal share a condition."""
    owners: dict[tuple[int, int], list[str]] = {}
    for span in ranges:
        owners.setdefault(span.page(request), []).append(span.owner)
    return owners
