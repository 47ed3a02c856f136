"""The overlap of two windows."""

from time import thread_time

from hypothesis import given
from hypothesis import strategies as st

from storage.documents.overlap import overlap_length

LETTERS = st.text("ab", max_size=8)


@given(LETTERS, LETTERS)
def test_it_is_the_longest_end_of_the_one_that_begins_the_other(before: str, after: str) -> None:
    lengths = [length for length in range(len(after) + 1) if before.endswith(after[:length])]
    assert overlap_length(before, after) == max(lengths)


def test_it_takes_linear_time() -> None:
    count = 100_000
    after = "x" * (count // 2) + "y"
    began = thread_time()
    assert overlap_length("x" * count, after) == count // 2
    assert thread_time() - began < 5
