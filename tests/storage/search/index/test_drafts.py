"""Drafting segments: what a word costs."""

import asyncio
import random
import string
import tracemalloc
from collections.abc import Iterator

import pytest

from storage.search.index import drafts, piece_tokens, vocabulary
from storage.search.index.drafts import draft_entries
from storage.search.index.tokens import tokenize_words

COUNT = 260_000


def distinct_words(count: int) -> str:
    chance = random.Random(1)
    return " ".join("".join(chance.choices(string.ascii_lowercase, k=7)) for _ in range(count))


def test_a_distinct_word_takes_300_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "_vocabularies", [])
    text = distinct_words(COUNT)
    tracemalloc.start()
    try:
        draft_entries([[text]])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 300 * COUNT


def test_ascii_words_are_tokenized_many_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    one_by_one: list[str] = []

    def count(pieces: list[str]) -> Iterator[tuple[str, list[str]]]:
        one_by_one.extend(pieces)
        return tokenize_words(pieces)

    monkeypatch.setattr(piece_tokens, "tokenize_words", count)
    monkeypatch.setattr(drafts, "_vocabularies", [])
    draft_entries([[f"{distinct_words(2_000)} Capital UPPER w0rd2 camelCase snake_case \u00e9t\u00e9"]])
    assert one_by_one == ["\u00e9t\u00e9"]


def test_a_full_vocabulary_is_not_reused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "_vocabularies", [])
    monkeypatch.setattr(vocabulary, "_MAX_PIECES", 4)
    draft_entries([["a"]])
    assert len(drafts._vocabularies) == 1
    draft_entries([["b c d e"]])
    assert drafts._vocabularies == []


async def test_drafts_of_several_threads_share_no_lock() -> None:
    texts = [[f"word{number} common"] for number in range(50)]
    results = await asyncio.gather(*(asyncio.to_thread(draft_entries, texts) for _ in range(4)))
    assert all(result == results[0] for result in results)
