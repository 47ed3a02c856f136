"""Tokens of many pieces at a time are those of each word."""

from hypothesis import given
from hypothesis import strategies as st

from storage.search.index.piece_tokens import Tokens, tokenize_pieces
from storage.search.index.token_interner import spans
from storage.search.index.tokens import part_text, word_tokens
from tests.support.examples import examples

# No word begins with a mark.
NAMES = st.text("aabZZ01_é\u0301Ⅷß", min_size=1, max_size=12).filter(lambda name: name[0] != "\u0301")
LONG = st.builds(str.__mul__, st.text("aB1_", min_size=1, max_size=3), st.integers(20, 90))
CODE = st.sampled_from(
    ["getHTTPResponse2Xx", "HTTP2server", "A1b", "snake_case", "__init__", "___", "X", "iPhone", "AB12cd_EF", "ÄbcDef"]
)


@examples(300)
@given(st.lists(NAMES | LONG | CODE, min_size=1, max_size=20))
def test_words_have_the_tokens_and_parts_that_queries_look_for(words: list[str]) -> None:
    text = " ".join(words).encode()
    data, wholes, parts = tokenize_pieces(text, *spans(text))
    found = [_of(data, wholes, place) for place in range(len(words))]
    found_parts = [_of(data, parts, place) for place in range(len(words))]
    assert found == [list(word_tokens(word)) for word in words]
    assert found_parts == [part_text(word).split() for word in words]
    ends = {place for place, is_last in zip(parts.places.tolist(), parts.are_last.tolist(), strict=True) if is_last}
    assert ends == {place for place, some in enumerate(found_parts) if some}


def _of(data: bytes, tokens: Tokens, place: int) -> list[str]:
    own = tokens.chosen(tokens.places == place)
    return [data[start:end].decode() for start, end in zip(own.starts.tolist(), own.ends.tolist(), strict=True)]
