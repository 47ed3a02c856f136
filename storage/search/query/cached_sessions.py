"""Rows of sessions that searches have read, which stay true while no session changes."""

from collections.abc import Iterable, Sequence
from heapq import nlargest
from typing import Any, NamedTuple

from storage.database.lru_cache import LRUCache
from storage.records.page import Key
from storage.search.query.hit import FoundSession
from storage.stored_values import instant_text

MAX_ROWS = 20_000
"""Rows that are cached. A search adds a few thousand at most."""

_ROW_BYTES = 700
# Up to this many times the requested rows, sorting all rows takes less time than finding the requested ones.
_FEW_TIMES = 4


class _Place(NamedTuple):
    """A row with its key in the order of time: the text of `updated_at`, which sorts as the moment does, and its id."""

    updated_at: str
    id: str
    row: FoundSession


class CachedSessions:
    """Rows of the sessions that no filter narrows down, as of the change with a number: that of the last change of any
    session. What is read later belongs to them if that number is still the last.
    """

    def __init__(self, cache: LRUCache, archived: str, segments: str, last_change: int) -> None:
        self.segments = segments
        self.last_change = last_change
        self.newest: list[FoundSession] = []
        """The newest ones, in order: as many as were read one after the other."""
        self.are_all = False
        """Whether `newest` has all."""
        self.is_outdated = False
        """Whether a session has changed since, or too many rows are cached: then they are read again."""
        self._cache = cache
        self._archived = archived
        self._places: dict[int, _Place | None] = {}

    @classmethod
    def current(cls, cache: LRUCache, archived: str, segments: str) -> "CachedSessions | None":
        """The rows that were read last, unless the segments have changed since. A session may have changed."""
        cached: CachedSessions | None = cache.get((cls, archived))
        return None if cached is None or cached.is_outdated or cached.segments != segments else cached

    def missing(self, numbers: Iterable[int]) -> list[int]:
        """The numbers whose sessions are not known."""
        places = self._places
        return [number for number in numbers if number not in places]

    def add(self, numbers: Iterable[int], rows: Iterable[FoundSession]) -> None:
        """Add what was read of sessions with these numbers: no rows for those that do not exist or are left out."""
        self._places.update(dict.fromkeys(numbers))
        self._places.update((row.number, _place(row)) for row in rows)
        self._keep()

    def add_newest(self, start: int, rows: Sequence[FoundSession], *, are_last: bool) -> None:
        """Add the rows from the index `start` on of all in order, unless a concurrent search has done so."""
        if len(self.newest) == start:
            self.newest += rows
            self.are_all = are_last
            self._keep()

    def of(self, numbers: Iterable[int], since: Key | None) -> "OrderedSessions":
        """The sessions with given numbers, none of which is missing, from `since` (updated_at, id) on."""
        places = self._places
        found = [place for number in numbers if (place := places[number]) is not None]
        if since is not None:
            bound = (instant_text(since[0]), since[1])
            found = [place for place in found if place[:2] <= bound]
        return OrderedSessions(found)

    def _keep(self) -> None:
        count = len(self._places) + len(self.newest)
        self.is_outdated |= count > MAX_ROWS
        self._cache.put((CachedSessions, self._archived), self, _ROW_BYTES * count)


class OrderedSessions:
    """Sessions, the newest first; no more are put in order than are asked for."""

    def __init__(self, places: list[_Place]) -> None:
        self._places = places
        self._is_sorted = False

    def rows(self, start: int, size: int) -> list[FoundSession]:
        """The `size` rows from an index on."""
        if not start and _FEW_TIMES * size < len(self._places):
            return [place.row for place in nlargest(size, self._places)]
        if not self._is_sorted:
            self._places.sort(reverse=True)
            self._is_sorted = True
        return [place.row for place in self._places[start : start + size]]


def _place(row: Any) -> _Place:
    # The text itself: the attribute converts it.
    return _Place(row[FoundSession._fields.index("updated_at")], row.id, row)
