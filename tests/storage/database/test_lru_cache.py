"""What a process keeps stays within its bytes."""

from hypothesis import given
from hypothesis import strategies as st

from storage.database.lru_cache import LRUCache

MOST = 100


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 60) | st.none()), max_size=40))
def test_what_was_asked_for_last_is_kept(steps: list[tuple[str, int | None]]) -> None:
    kept, expected = LRUCache(MOST), dict[str, int]()
    for key, size in steps:
        if size is None:
            assert kept.get(key) == expected.get(key)
            if key in expected:
                expected[key] = expected.pop(key)
        else:
            kept.put(key, size, size)
            expected.pop(key, None)
            expected[key] = size
            while sum(expected.values()) > MOST:
                del expected[next(iter(expected))]
    assert {key: kept.get(key) for key in "abcdef"} == {key: expected.get(key) for key in "abcdef"}


def test_what_is_larger_than_all_is_not_kept() -> None:
    kept = LRUCache(MOST)
    kept.put("small", 1, 1)
    kept.put("large", 2, MOST + 1)
    assert kept.get("large") is None
