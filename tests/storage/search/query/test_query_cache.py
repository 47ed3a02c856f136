"""Cached results of queries are bounded in bytes, keys included."""

from sys import getsizeof

from storage.database.lru_cache import LRUCache
from storage.search.query.clauses import Clause
from storage.search.query.query_cache import QueryCache
from storage.search.query.snippet import Snippet

MAX_BYTES = 500_000


def deep_size(value: object) -> int:
    """The size of a value and all that it holds."""
    parts: list[object] = []
    if isinstance(value, dict):
        parts = [*value, *value.values()]
    elif isinstance(value, list | tuple):
        parts = list(value)
    elif isinstance(value, Snippet):
        parts = [value.text, value._words, value._highlights]
    return getsizeof(value) + sum(map(deep_size, parts))


def test_results_of_many_queries_take_as_many_bytes_as_they_count() -> None:
    cache = LRUCache(MAX_BYTES)
    queries = [(Clause((f"{number}" * 12,) * 200, False),) for number in range(60)]
    for clauses in queries:
        results = QueryCache.of_query(cache, clauses)
        for entry in [(1_000_000, 1_000, 1_000_000 + number) for number in range(20)]:
            results.add(results.matches, {entry: True})
            results.add(results.scores, {entry: entry[2] / 7})
            spans = [(place + 1_000, place + 1_001) for place in range(120)]
            results.add(results.snippets, {entry: Snippet(f"\U00010000{entry[2]}" * 30, spans)})

    cached = [results for clauses in queries if (results := cache.get((QueryCache, clauses))) is not None]
    assert 0 < len(cached) < len(queries)
    held = sum(deep_size([one.matches, one.scores, one.snippets, one._clauses]) for one in cached)
    assert held <= cache.bytes <= MAX_BYTES
