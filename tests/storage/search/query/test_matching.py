"""Matching in a text gives the same result as matching in its tokens."""

from hypothesis import example, given
from hypothesis import strategies as st

from storage.search.index.entries import entry_tokens
from storage.search.query.clauses import Clause, parse_query
from storage.search.query.matching import matched_words, texts_match
from storage.search.query.score import clause_text
from tests.support.examples import examples
from tests.support.searches import FRAGMENTS, queries_of, texts_of

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
def test_parts_of_compound_words_match_in_a_row(text: str, tokens: list[str], is_prefix: bool) -> None:
    agree([text], [Clause(tuple(tokens), is_prefix)])


def agree(texts: list[str], clauses: list[Clause]) -> None:
    tokens = entry_tokens(texts)
    for clause in clauses:
        assert texts_match(texts, [clause]) == (clause_text(clause) in tokens)
        assert texts_match(texts, [clause]) == any(matched_words(text, [clause]) for text in texts)
    assert texts_match(texts, clauses) == all(clause_text(clause) in tokens for clause in clauses)
