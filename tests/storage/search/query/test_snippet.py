"""Snippets and their highlights."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import InvalidQuery
from storage.search.index.tokens import part_text, word_tokens, words
from storage.search.query.clauses import Clause, parse_query
from storage.search.query.matching import matched_words
from storage.search.query.snippet import LENGTH, TextSpan, cut_snippet
from tests.support.searches import FRAGMENTS, holds, queries_of, texts_of, vocabularies

LONGEST = 300
FILLER = "lorem ipsum dolor sit amet "


def marked(texts: list[str], query: str) -> tuple[str, list[str]]:
    """The snippet and the words that are marked in it."""
    snippet = cut_snippet(texts, parse_query(query))
    return snippet.text, [snippet.text[span.start : span.end] for span in snippet.highlights]


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("The leap year bug, a LEAP of faith", "leap", ["leap", "LEAP"]),
        ("leap of a leap year", '"leap year"', ["leap", "year"]),
        ("a leap year", "year leap", ["leap", "year"]),
        ("exported, exports, Export!", "exp*", ["exported", "exports", "Export"]),
        ("call readFile here", "file", ["readFile"]),
        ("call read_file here", "readFile read_file", ["read_file"]),
        ("see src/export/range.py now", "src/export/range.py", ["src", "export", "range", "py"]),
        ("👩\u200d👩\u200d👧 leap 👍🏽 leap", "leap", ["leap", "leap"]),
        ("e\u0301clair, e\u0301", "é éclair", ["e\u0301clair", "e\u0301"]),
        ("in 東京都庁 today", "東京", ["東京"]),
        ("東京都庁と京都、東 京", "東京都 都庁 京都", ["東京都庁", "京都"]),
        ("ภาษาไทย", "ไทย", ["ไทย"]),
        ("Die STRASSE, die Straße", "straße", ["STRASSE", "Straße"]),
        ("\U00010380\U00010381 leap", "leap", ["leap"]),
        ("½ cup", "1", ["½"]),
    ],
)
def test_each_matching_word_is_highlighted(text: str, query: str, expected: list[str]) -> None:
    assert marked([text], query) == (text, expected)


def test_a_snippet_is_cut_around_the_first_match_between_words() -> None:
    text = FILLER * 40 + "the leap year " + FILLER * 40
    shown, found = marked([text], "leap year")
    assert found == ["leap", "year"]
    assert shown in text
    assert f" {shown} " in text
    assert LENGTH - 60 <= len(shown) <= LENGTH


def test_a_snippet_shows_where_most_of_the_words_stand_together() -> None:
    text = "leap " + FILLER * 40 + "a year " + FILLER * 40 + "in a leap year " + FILLER * 40
    assert marked([text], "leap year")[1] == ["leap", "year"]
    assert marked(["leap", FILLER, "a year to leap"], "leap year") == ("a year to leap", ["year", "leap"])


@pytest.mark.parametrize("separator", [" ", ",", "\n", "漢", "x"])
def test_a_match_anywhere_in_a_long_text_is_shown(separator: str) -> None:
    for count in (3_900, 3_999, 4_000, 4_100, 8_200, 50_000):
        text = separator * count + " leap-year " + separator * 5_000
        assert marked([text], '"leap year"')[1] == ["leap", "year"]


def test_a_word_is_not_taken_for_another_that_begins_with_it() -> None:
    for place in range(3_970, 4_250, 7):
        text = "lorem " * (place // 6) + "leaping " + "lorem " * 900 + "leap"
        shown, found = marked([text], "leap")
        assert found == ["leap"]
        assert "leaping" not in shown


def test_no_grapheme_is_cut_in_two() -> None:
    family = "👩\u200d👩\u200d👧"
    for count in range(50, 80):
        shown, _ = marked([family * count + "leap" + family * count], "leap")
        before, after = shown.split("leap")
        assert before.replace(family, "") == after.replace(family, "") == ""
    shown, _ = marked(["e\u0301" * 500 + " leap"], "leap")
    assert shown[0] == "e"


def test_the_highlight_of_a_very_long_word_ends_with_the_snippet() -> None:
    shown, found = marked(["see " + "a" * 1_000 + " there"], "a" * 64)
    assert len(found) == 1
    assert shown.endswith(found[0])
    assert 0 < len(shown) <= LONGEST


def test_without_a_match_the_beginning_is_shown() -> None:
    assert marked(["", FILLER * 40, "x"], "leap")[1] == []
    assert marked(["", FILLER * 40, "x"], "leap")[0] in FILLER * 40
    assert marked([], "leap") == ("", [])


def test_line_breaks_become_blanks_and_spans_stay_valid() -> None:
    assert marked(["a\r\n\tleap\u2028year"], "leap") == ("a   leap year", ["leap"])


@st.composite
def searches(draw: st.DrawFn) -> tuple[list[str], list[Clause]]:
    vocabulary = draw(vocabularies())
    long = st.tuples(texts_of(FRAGMENTS), st.integers(0, 300), texts_of(vocabulary)).map(
        lambda three: three[0] * three[1] + three[2]
    )
    texts = draw(st.lists(texts_of(vocabulary) | long | st.text(max_size=50), max_size=4))
    try:
        return texts, parse_query(draw(queries_of(vocabulary)))
    except InvalidQuery:
        return texts, []


@given(drawn=searches())
def test_highlights_match_and_the_snippet_is_in_the_text(drawn: tuple[list[str], list[Clause]]) -> None:
    texts, clauses = drawn
    snippet = cut_snippet(texts, clauses)

    assert len(snippet.text) <= LONGEST
    plain = ["".join(" " if character.isspace() else character for character in text) for text in texts]
    assert snippet.text == "" or any(snippet.text in text for text in plain)
    end = -1
    for span in snippet.highlights:
        # Spans that touch are one.
        assert end < span.start < span.end <= len(snippet.text)
        end = span.end
        # A word at the end may be cut.
        assert end == len(snippet.text) or _matches(snippet.text, span, clauses)
    if len(texts) == 1 and any(holds(texts[0], clause) for clause in clauses):
        assert snippet.highlights


def _matches(text: str, span: TextSpan, clauses: list[Clause]) -> bool:
    found = list(words(text[span.start : span.end]))
    return bool(found) and all(_is_matched(word.text, clauses) for word in found)


def _is_matched(word: str, clauses: list[Clause]) -> bool:
    tokens = {*word_tokens(word), *part_text(word).split()}
    return any(
        token == wanted or (clause.is_prefix and wanted == clause.tokens[-1] and token.startswith(wanted))
        for clause in clauses
        for wanted in clause.tokens
        for token in tokens
    )


@given(st.text("abAB_1 -.\n", max_size=60), st.text("abAB_1 *", min_size=1, max_size=12))
def test_the_ascii_path_finds_the_same_words(text: str, query: str) -> None:
    try:
        clauses = parse_query(query)
    except InvalidQuery:
        return
    # The appended word matches no query, but rules out the ASCII path.
    assert matched_words(text, clauses) == matched_words(f"{text} é", clauses)


@given(st.lists(st.sampled_from(["red", "green", "blue", "filler" * 9, "and so on"]), min_size=1, max_size=60))
def test_no_other_part_of_a_text_has_more_of_the_words(words: list[str]) -> None:
    text = " ".join(words)
    matches = [(found.start(), found.end(), found.group()) for found in re.finditer("red|green|blue", text)]
    most = max(
        (
            len({word for begin, end, word in matches[place:] if begin == start or end <= start + LENGTH - 60})
            for place, (start, _, _) in enumerate(matches)
        ),
        default=0,
    )
    snippet = cut_snippet([text], parse_query("red green blue"))
    assert len({snippet.text[start:end] for start, end in snippet.highlights}) >= most
