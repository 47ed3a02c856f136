"""Matching in a text gives the same result as matching in its tokens."""

from collections.abc import Iterator
from itertools import chain

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.search.index.characters import SINGLE, character_classes
from storage.search.index.tokens import Word, normal_form, words
from storage.search.query import anchors, matching
from storage.search.query.clauses import Clause, parse_query
from storage.search.query.matching import matched_words, texts_match
from storage.search.query.score import score
from storage.search.query.snippet import cut_snippet
from tests.support.examples import examples
from tests.support.searches import FRAGMENTS, entry_tokens, queries_of, texts_of

PLAIN = [fragment for fragment in FRAGMENTS if fragment.isascii()]


@examples(100)
@given(data=st.data(), fragments=st.sampled_from([PLAIN, FRAGMENTS]))
def test_texts_match_as_their_tokens_do(data: st.DataObject, fragments: list[str]) -> None:
    texts = data.draw(st.lists(texts_of(fragments), max_size=3))
    query = data.draw(queries_of(fragments))
    agree(texts, parse_query(query) if query.strip() else [])


@given(
    st.text("ab_A1 ", max_size=12),
    st.lists(st.text("ab1", min_size=1, max_size=2), min_size=1, max_size=3),
    st.booleans(),
)
@example("a ___ b", ["a", "b"], False)
@example("aB_a b", ["a", "b"], False)
@example("aBA aba", ["ab"], True)
@example("ab a", ["ab", "a"], False)
@example("a __ _b", ["a", "_b"], False)
@example("a __ _b", ["a", "b"], False)
@example("aAABb", ["aa", "bb"], False)
@example("a" * 64 + "1 b", ["a" * 64, "b"], False)
@example("a" * 64 + "1_b", ["a" * 64, "b"], False)
def test_parts_of_compound_words_match_in_a_row(text: str, tokens: list[str], is_prefix: bool) -> None:
    agree([text], [Clause(tuple(tokens), is_prefix)])


def agree(texts: list[str], clauses: list[Clause]) -> None:
    tokens = entry_tokens(texts)
    for clause in clauses:
        assert texts_match(texts, [clause]) == (clause_text(clause) in tokens)
        assert texts_match(texts, [clause]) == any(matched_words(text, [clause]) for text in texts)
    assert texts_match(texts, clauses) == all(clause_text(clause) in tokens for clause in clauses)


def clause_text(clause: Clause) -> str:
    """A clause as a substring of an entry's tokens."""
    return f" {' '.join(clause.tokens)}{'' if clause.is_prefix else ' '}"


LONG_CJK = "".join(chr(0x4E00 + number * 7919 % 3000) for number in range(100_000))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        (f"{LONG_CJK} 合同条款", "合同条款"),
        (f"{LONG_CJK} ﾃﾞｰﾀ か\u3099く", "データ がく"),
        (f"{LONG_CJK} ภาษาไทย", "ไทย"),
        (f"{LONG_CJK} 👍🏽", "👍"),
        (f"{LONG_CJK} contract terms", '"contract terms"'),
        (LONG_CJK, LONG_CJK[0]),
        ("word " * 20_000, "word"),
        ("sell " * 20_000 + "e", "e"),
    ],
)
def test_only_the_matching_part_of_a_long_text_is_tokenized(
    monkeypatch: pytest.MonkeyPatch, text: str, query: str
) -> None:
    tokenized = 0

    def count(text: str, start: int = 0) -> Iterator[Word]:
        nonlocal tokenized
        for word in words(text, start):
            tokenized += len(word.text)
            yield word

    monkeypatch.setattr(matching, "words", count)
    clauses = parse_query(query)
    assert texts_match([text], clauses)
    assert score([text], clauses, is_title=False) > 0
    assert cut_snippet([text], clauses).highlights
    assert tokenized < 0.05 * len(text)


@pytest.mark.parametrize(("text", "count"), [("a b a " * 5, 10), ("a b " * 1_000, 1_000), ("合b " * 1_000, 1_000)])
def test_matches_are_counted_or_extrapolated(text: str, count: int) -> None:
    assert matching.count_matches(text, parse_query(text[0])[0]) == pytest.approx(count, rel=0.05)


@given(
    st.lists(st.sampled_from(["ab", "aB", "Ab", "_", " ", "1", "cab", "ab " * 40, "cab " * 400]), max_size=9),
    st.sampled_from(["ab", "a", "b", "c", "ab1", "1"]),
    st.booleans(),
)
def test_words_in_ascii_are_counted_as_candidates_are(pieces: list[str], token: str, is_prefix: bool) -> None:
    text, clause = "".join(pieces), Clause((token,), is_prefix)
    count, expected = 0, 0.0
    for candidates, candidate in enumerate(matching._candidates(text, clause), 1):
        count += bool(candidate.run)
        expected = count
        if count == matching._MAX_COUNTED or candidates == matching._MAX_CANDIDATES:
            expected = count * len(text) / candidate.end
            break
    assert matching.count_matches(text, clause) == expected


def test_every_character_with_a_special_normal_form_is_known() -> None:
    kinds = character_classes().kinds
    for code in chain(range(0x80, 0x20000), range(0x2F800, 0x2FB00)):
        character = chr(code)
        normal = normal_form(character)
        is_special = any((one.isascii() and one.isalnum()) or kinds[ord(one)] == SINGLE for one in normal)
        if normal != character and is_special:
            assert all(character in anchors._sources().by_normal[one] for one in normal), hex(code)
