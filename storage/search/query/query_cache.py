"""What was found out about messages that hold the words of a query, kept for when the same is asked again.

A message does not change while its session has the number that it has (see `index.py`), so it stays true.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from storage.database.lru_cache import LRUCache
from storage.search.query.clauses import Clause
from storage.search.query.hit import Entry, Hit
from storage.search.query.snippet import Snippet

T = TypeVar("T")

MOST_MESSAGES = 2_000
"""Of which something is kept for one query."""

# Bytes of memory, about.
_SMALL, _SNIPPET = 150, 1_200


class QueryCache:
    """Of the messages that were looked at for one query: whether they match it, how well, and what is shown of them."""

    def __init__(self, kept: LRUCache, clauses: tuple[Clause, ...]) -> None:
        self._kept = kept
        self._clauses = clauses
        self.matches: dict[Entry, bool] = {}
        self.scores: dict[Entry, float] = {}
        self.snippets: dict[Entry, Snippet] = {}

    @classmethod
    def of(cls, kept: LRUCache, clauses: tuple[Clause, ...]) -> "QueryCache":
        """Those that are kept."""
        facts: QueryCache | None = kept.get((cls, clauses))
        return facts or cls(kept, clauses)

    def add(self, facts: dict[Entry, T], found: Mapping[Entry, T]) -> None:
        """Keeps what was found, in one of the three; where those are too many, they are forgotten."""
        if not found:
            return
        facts.update(found)
        if len(facts) > MOST_MESSAGES:
            facts.clear()
        size = _SMALL * (1 + len(self.matches) + len(self.scores)) + _SNIPPET * len(self.snippets)
        self._kept.put((QueryCache, self._clauses), self, size)


def told(facts: Mapping[Entry, T], hits: Iterable[Hit]) -> tuple[dict[Entry, T], list[Hit]]:
    """What is known of some hits, and the others."""
    # Others may forget the facts at any time.
    known = {entry: facts[entry] for hit in hits if (entry := hit.entry) in facts}
    return known, [hit for hit in hits if hit.entry not in known]
