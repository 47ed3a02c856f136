"""Texts of tokens: sorting them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from storage.search.index.token_interner import first_bytes, spans
from storage.search.index.token_texts import TextList, TokenTexts

# Few letters, so that many texts begin alike or are the beginning of others.
WORDS = st.sets(st.text("abé", min_size=1, max_size=30) | st.text("a", min_size=1, max_size=70), min_size=1)


@given(WORDS)
def test_texts_that_begin_alike_are_sorted_by_their_further_bytes(words: set[str]) -> None:
    data = " ".join(words).encode()
    starts, ends = spans(data)
    texts = TokenTexts()
    texts.append_spans(data, starts, ends)
    heads = first_bytes(data, starts, ends)
    numbers = np.argsort(heads, kind="stable").astype(np.int32)

    texts.sort_ties(numbers, heads[numbers])

    assert list(TextList(texts, numbers)) == sorted(words, key=str.encode)
