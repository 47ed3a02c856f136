"""Cached results of verifying, scoring and cutting snippets of messages, for queries that are repeated.

A message never changes while its session keeps its number and `transcript_rewrites`, so entries are never stale.
"""

from collections.abc import Iterable, Mapping
from sys import getsizeof
from typing import TypeVar

from storage.database.lru_cache import LRUCache
from storage.search.query.clauses import Clause
from storage.search.query.hit import Entry, Hit
from storage.search.query.snippet import Snippet

T = TypeVar("T")

MAX_MESSAGES = 2_000
"""Messages of one query for which each kind of result is cached."""

# Bytes in memory: of an item of a dict with its key, and of a highlight.
_ITEM, _HIGHLIGHT = 300, 130


class QueryCache:
    """For one query, by message: whether it matches, its score, its snippet."""

    def __init__(self, cache: LRUCache, clauses: tuple[Clause, ...]) -> None:
        self._cache = cache
        self._clauses = clauses
        self.matches: dict[Entry, bool] = {}
        self.scores: dict[Entry, float] = {}
        self.snippets: dict[Entry, Snippet] = {}
        self._snippet_bytes = 0

    @classmethod
    def of_query(cls, cache: LRUCache, clauses: tuple[Clause, ...]) -> "QueryCache":
        """The cached one of a query, or an empty one."""
        cached: QueryCache | None = cache.get((cls, clauses))
        return cached or cls(cache, clauses)

    def add(self, results: dict[Entry, T], new: Mapping[Entry, T]) -> None:
        """Add to one of the three dicts; empty it when it grows too large."""
        if not new:
            return
        results.update(new)
        self._snippet_bytes += sum(map(_snippet_bytes, new.values()))
        if len(results) > MAX_MESSAGES:
            results.clear()
        if not self.snippets:
            self._snippet_bytes = 0
        items = 1 + len(self.matches) + len(self.scores) + len(self.snippets)
        self._cache.put((QueryCache, self._clauses), self, _ITEM * items + self._snippet_bytes)


def _snippet_bytes(value: object) -> int:
    return getsizeof(value.text) + _HIGHLIGHT * value.span_count if isinstance(value, Snippet) else 0


def split_cached(results: Mapping[Entry, T], hits: Iterable[Hit]) -> tuple[dict[Entry, T], list[Hit]]:
    """The cached results of some hits, and the hits without one."""
    if not results:
        return {}, list(hits)
    # Copied, since a concurrent search may empty the cache.
    cached: dict[Entry, T] = {}
    unknown: list[Hit] = []
    for hit in hits:
        entry = hit.entry
        if entry in results:
            cached[entry] = results[entry]
        else:
            unknown.append(hit)
    return cached, unknown
