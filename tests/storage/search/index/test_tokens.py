"""The words of a text and their tokens."""

import unicodedata
from sys import getsizeof

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search.index import tokens as tokens_module
from storage.search.index.tokens import (
    BARRIER,
    MAX_TOKEN_LENGTH,
    part_text,
    token_text,
    word_count,
    word_tokens,
    words,
)
from tests.support.searches import FRAGMENTS, texts_of

texts = st.text(max_size=60) | texts_of(FRAGMENTS)


def tokens(text: str) -> list[str]:
    return token_text(text).split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" _ __ - ", ""),
        ("Hello, World!", "hello world"),
        ("don't", "don t"),
        ("src/export/range.py", "src export range py"),
        ("error[E0308]: mismatched", "error e0308 mismatched"),
        ("3.14 0x7f", "3 14 0x7f"),
        ("Straße STRASSE", "strasse strasse"),
        ("ΣΊΣΥΦΟΣ Σίσυφος", "σίσυφοσ σίσυφοσ"),
        ("İstanbul", "i\u0307stanbul"),
        ("Isparta ısı", "isparta ısı"),
        ("é e\u0301 e", "é é e"),
        ("ﬁn ＡＢＣ ½", "fin abc 1 2"),
        ("漢字かな", "漢 字 か な"),
        ("か\u3099く ﾃﾞｰﾀ", "が く デ ー タ"),
        ("\u1112\u1161\u11ab국", "한 국"),
        ("葛\U000e0100城", "葛 城"),
        ("python漢字3", "python 漢 字 3"),
        ("كِتَاب", "كِتَاب"),
        ("👍🏽 ❤\ufe0f 👩\u200d👧", "👍 🏽 ❤ 👩 👧"),
        ("❤\ufe0flove", "❤ love"),
        ("1\ufe0f\u20e3 🇩🇪", "1\u20e3 🇩 🇪"),
        ("a→b ≤ 5€ ✓ ≠ =\u0338", "a → b ≤ 5 € ✓ ≠ ≠"),
        ("├── foo│bar ⠋ █", "foo bar"),
        ("ภาษาไทย ๑๒", "ภ า ษ า ไ ท ย ๑๒"),
        ("นำ น\u0e4dา", "น\u0e4d า น\u0e4d า"),
        ("ສະບາຍດີ", "ສ ະ ບ າ ຍ ດີ"),
        ("សួស្តី", "សួ ស្ តី"),
        ("မြန်မာ", "မြ န် မာ"),
        ("བོད་ཡིག", "བོ ད ཡི ག"),
        ("ꦧꦱꦗꦮ", "ꦧ ꦱ ꦗ ꦮ"),
        ("a\u200db", "a b"),
    ],
)
def test_words(text: str, expected: str) -> None:
    assert token_text(text) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("readFile", "read file"),
        ("ReadFile", "read file"),
        ("read_file", "read file"),
        ("_private", "private"),
        ("__init__", "init"),
        ("HTTPServer", "http server"),
        ("parseURL2Json", "parse url2 json"),
        ("SHA256sum", "sha256 sum"),
        ("MAX_SIZE", "max size"),
        ("getÜberName", "get über name"),
        ("getU\u0308berName", "get über name"),
        ("ПриветМир", "привет мир"),
        ("Word", ""),
        ("WORD", ""),
        ("ÉCOLE", ""),
        ("E\u0301COLE", ""),
        ("word2", ""),
        ("漢", ""),
        ("aB" * 500, ""),
    ],
)
def test_parts_of_names(word: str, expected: str) -> None:
    assert part_text(word) == expected


def test_the_parts_of_each_compound_word_follow_after_a_barrier() -> None:
    assert token_text("readFile a_b x readFile") == f"readfile a_b x readfile {BARRIER} read file {BARRIER} a b"


def test_a_very_long_word_is_cut_off() -> None:
    assert tokens("a" * 100 + " é" + "b" * 100) == ["a" * MAX_TOKEN_LENGTH, "é" + "b" * (MAX_TOKEN_LENGTH - 1)]


@given(text=texts)
def test_words_are_in_order_at_their_spans(text: str) -> None:
    end = 0
    found = list(words(text))
    for word in found:
        assert end <= word.start < word.end
        assert text[word.start : word.end] == word.text
        end = word.end
    assert word_count(text) == len(found)


@given(text=texts)
def test_tokens_are_short_words_with_one_blank_between(text: str) -> None:
    found = token_text(text)
    assert found == " ".join(found.split())
    for token in found.split():
        assert len(token) <= MAX_TOKEN_LENGTH
        assert token == BARRIER or token.strip("_")
        # No separator, and none of the characters of a query's syntax.
        assert not set(token) & set("\"'\\:*&|!()<> \x00")


@given(text=texts)
def test_a_text_has_the_same_tokens_in_every_form_of_the_same_characters(text: str) -> None:
    assert tokens(unicodedata.normalize("NFC", text)) == tokens(unicodedata.normalize("NFD", text))


@given(text=texts)
def test_every_letter_and_digit_is_in_a_word(text: str) -> None:
    covered = {place for word in words(text) for place in range(word.start, word.end)}
    assert all(place in covered for place, character in enumerate(text) if character.isalnum() or character == "_")


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_word_in_any_case_that_folds_alike_has_the_same_token(text: str) -> None:
    for word in words(text):
        if word.text.upper().casefold() == word.text.casefold():
            assert word_tokens(word.text.upper()) == word_tokens(word.text)


@pytest.mark.slow
def test_memoized_tokens_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    memos = (tokens_module._WHOLES, tokens_module._PARTS)
    for memo in memos:
        memo.clear()
        memo.bytes = 0
        monkeypatch.setattr(memo, "_max_bytes", 100_000)
    sizes = []
    for number in range(2_000):
        word_tokens(f"\u00e9{number}")
        part_text(f"aB{number}")
        # Far too long for a name.
        word_tokens("\u00e9" + str(number) * 5_000)
        if number % 20 == 0:
            sizes.append([sum(map(getsizeof, [*memo, *memo.values()])) for memo in memos])
    for held in zip(*sizes, strict=True):
        assert 20_000 < max(held) <= 100_000
