"""Postings from pairs of terms and entries."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search.index.postings import MAX_ENTRIES, Postings, in_order_of_entries


def lists(postings: Postings) -> dict[int, list[int]]:
    """The entries of each term that has any."""
    ends = np.cumsum(postings.counts).tolist()
    starts = [0, *ends]
    entries = postings.entries.tolist()
    return {term: entries[starts[term] : end] for term, end in enumerate(ends) if end > starts[term]}


# Terms that differ in their low or in their high 16 bits only.
@pytest.mark.parametrize(("count", "term_type"), [(3, np.uint16), (2**16, np.uint16), (2**16 + 3, np.uint32)])
@given(data=st.data())
def test_each_term_has_its_entries_once_and_in_order(
    count: int, term_type: type[np.uint16 | np.uint32], data: st.DataObject
) -> None:
    terms = st.sampled_from([0, 1, 2, count // 2, count - 1])
    pairs = data.draw(st.lists(st.tuples(terms, st.sampled_from([0, 1, 2, 255, 256, MAX_ENTRIES - 1])), max_size=30))
    expected = defaultdict(set)
    for term, entry in pairs:
        expected[term].add(entry)

    columns = np.array(pairs, np.int64).reshape(-1, 2).T
    postings = Postings.from_pairs(
        in_order_of_entries(columns[0].astype(term_type), columns[1].astype(np.uint16)), count
    )

    assert len(postings.counts) == count
    assert lists(postings) == {term: sorted(entries) for term, entries in expected.items()}
