"""The LRU cache evicts by use and stays within its bytes, keys included."""

import pytest

from storage.database.lru_cache import LRUCache
from tests.support.caches import memory_held

MAX_BYTES = 10_000


def test_the_least_recently_used_entry_is_evicted_first() -> None:
    cache = LRUCache(MAX_BYTES)
    for key in ("a", "b"):
        cache.put(key, key, 4_000)
    assert cache.get("a") == "a"

    cache.put("c", "c", 4_000)

    assert [cache.get(key) for key in ("a", "b", "c")] == ["a", None, "c"]
    assert cache.bytes <= MAX_BYTES


def test_a_value_that_is_larger_than_the_cache_replaces_its_old_value_and_nothing_else() -> None:
    cache = LRUCache(MAX_BYTES)
    cache.put("small", 1, 1)
    cache.put("large", 1, 1)
    cache.put("large", 2, MAX_BYTES)
    assert (cache.get("small"), cache.get("large")) == (1, None)


@pytest.mark.slow
def test_long_keys_of_small_values_count() -> None:
    cache = LRUCache(1_000_000)
    with memory_held() as held:
        for number in range(1_000):
            cache.put(("terms", f"{number:04}" * 10_000), None, 0)
            cache.put((number, ("nested", f"{number:04}" * 10_000)), None, 0)
        assert 0 < cache.bytes <= 1_000_000
        assert held() < 1_200_000


@pytest.mark.slow
def test_many_small_entries_take_no_more_memory_than_they_count() -> None:
    cache = LRUCache(2_000_000)
    with memory_held() as held:
        for number in range(20_000):
            cache.put((number, f"word {number}"), None, 0)
        assert held() < 2_000_000
