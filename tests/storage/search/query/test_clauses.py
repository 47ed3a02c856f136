"""Queries parsed into clauses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import InvalidQuery
from storage.search.query.clauses import MAX_CLAUSES, Clause, parse_query


def word(*tokens: str) -> Clause:
    return Clause(tokens, False)


def prefix(*tokens: str) -> Clause:
    return Clause(tokens, True)


@pytest.mark.parametrize(
    ("query", "clauses"),
    [
        ("leap year", [word("leap"), word("year")]),
        ("leap leap LEAP", [word("leap")]),
        ('"leap year" bug', [word("leap", "year"), word("bug")]),
        ('"leap year', [word("leap", "year")]),
        ('leap"year"', [word("leap"), word("year")]),
        ('"" " "', []),
        ("exp*", [prefix("exp")]),
        ("exp**", [prefix("exp")]),
        ("*exp", [word("exp")]),
        ("ex*p", [word("ex", "p")]),
        ('"exp"*', [word("exp")]),
        ('"exp*"', [word("exp")]),
        ("exp-*", [word("exp")]),
        ("src/exp*", [prefix("src", "exp")]),
        ("*", []),
        ("src/export/range.py", [word("src", "export", "range", "py")]),
        ("readFile", [word("readfile")]),
        ("漢字", [word("漢", "字")]),
        ("漢字*", [prefix("漢", "字")]),
        ("e\u0301*", [prefix("é")]),
        ("a AND NOT b", [word("a"), word("and"), word("not"), word("b")]),
        ("title:x ^y -z", [word("title", "x"), word("y"), word("z")]),
        ("_ __ ⠋ ()", []),
        ("👍🏽 ไทย", [word("👍", "🏽"), word("ไ", "ท", "ย")]),
    ],
)
def test_clauses(query: str, clauses: list[Clause]) -> None:
    assert parse_query(query) == clauses


@pytest.mark.parametrize("query", ["", " ", "\n\t\u3000"])
def test_a_blank_query_is_refused(query: str) -> None:
    with pytest.raises(InvalidQuery):
        parse_query(query)


def test_a_query_with_too_many_words_is_refused() -> None:
    names = [f"w{number}" for number in range(MAX_CLAUSES)]
    assert len(parse_query(" ".join(names))) == MAX_CLAUSES
    assert len(parse_query(f'"{" ".join(names * 4)}"')) == 1
    for query in (" ".join([*names, "one"]), f'"{" ".join(names * 4)} one"', "漢字" * 200):
        with pytest.raises(InvalidQuery):
            parse_query(query)


@given(query=st.text(max_size=40) | st.text(st.sampled_from("ab漢e\u0301_\"*' -"), max_size=30))
def test_any_text_is_a_query(query: str) -> None:
    if not query.strip():
        return
    for clause in parse_query(query):
        assert clause.tokens
        assert all(token and token == token.strip() and token.strip("_") for token in clause.tokens)
