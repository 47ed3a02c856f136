"""Drafting segments: what a word costs."""

import asyncio
import random
import string
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from storage.search.index import drafts, piece_tokens, vocabulary
from storage.search.index.drafts import draft_entries
from storage.search.index.tokens import tokenize_words

COUNT = 260_000
Trace = Callable[[FrameType, str, Any], Any]


def distinct_words(count: int) -> str:
    chance = random.Random(1)
    return " ".join("".join(chance.choices(string.ascii_lowercase, k=7)) for _ in range(count))


def distinct_compounds(count: int) -> str:
    """Words in camelCase, each of which is indexed as a whole and in two parts."""
    chance = random.Random(1)
    parts = ("".join(chance.choices(string.ascii_lowercase, k=4)) for _ in range(2 * count))
    return " ".join(first + second.capitalize() for first, second in zip(parts, parts, strict=True))


def distinct_names(count: int) -> str:
    """Words in camelCase that begin alike."""
    numbers = random.Random(1).sample(range(count), count)
    return " ".join(f"somePrefix{number:06d}Suffix" for number in numbers)


@pytest.mark.slow
@pytest.mark.parametrize("words", [distinct_words, distinct_compounds])
def test_a_distinct_word_takes_few_bytes(words: Callable[[int], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "_vocabularies", [])
    text = words(COUNT)
    tracemalloc.start()
    try:
        draft_entries([[text]])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 310 * COUNT


def bytecodes(text: str) -> int:
    """How many instructions of Python code drafting a text runs, which no machine makes more."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Trace:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    tracer = sys.gettrace()
    sys.settrace(trace)
    try:
        draft_entries([[text]])
    finally:
        sys.settrace(tracer)
    return count


@pytest.mark.parametrize("words", [distinct_words, distinct_compounds, distinct_names])
def test_a_distinct_word_takes_few_steps(words: Callable[[int], str], monkeypatch: pytest.MonkeyPatch) -> None:
    # The rest is done in arrays. A word takes 1.6 microseconds then, one in camelCase 3.2.
    monkeypatch.setattr(drafts, "_vocabularies", [])
    counts = []
    for count in (2_000, 4_000):
        drafts._vocabularies.clear()
        counts.append(bytecodes(words(count)))
    # Within five microseconds.
    assert counts[1] - counts[0] < 2_000 * 100


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
