"""Segments say which entries hold which words and pairs, as they are made, stored, read and merged."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.search.index import block as stored_blocks
from storage.search.index import segment as segments
from storage.search.index import vocabulary as vocabularies
from storage.search.index.block import Block, Postings, pair_term
from storage.search.index.entries import entry_tokens
from storage.search.index.segment import Segment, merge_segments
from storage.search.index.tokens import BARRIER
from storage.search.index.vocabulary import Vocabulary, pair_kind, spelled, token_hash
from tests.support.searches import FRAGMENTS, texts_of

entries = st.lists(st.lists(texts_of(FRAGMENTS).map(lambda text: text.replace("\0", "\ufffd")), max_size=3), max_size=9)

Told = tuple[set[str], set[int]]


def expected(texts: Sequence[str]) -> Told:
    """The words and kinds of pairs of an entry, told from its tokens."""
    words, kinds = set(), set()
    for sequence in entry_tokens(texts).split(f" {BARRIER} "):
        tokens = sequence.split()
        words |= set(tokens)
        kinds |= {pair_kind(token_hash(first), token_hash(second)) for first, second in pairwise(tokens)}
    return words, kinds


def told(segment: Segment) -> list[Told]:
    """Those of each entry, as a segment has them."""
    found: list[Told] = [(set(), set()) for _ in range(segment.size)]

    def fill(which: int, terms: Sequence[object], postings: Postings) -> None:
        ends = np.cumsum(postings.counts)
        for term, end, count in zip(terms, ends.tolist(), postings.counts.tolist(), strict=True):
            for entry in postings.entries[end - count : end].tolist():
                found[entry][which].add(term)

    fill(0, segment.words, segment.said)
    fill(1, segment.pairs.tolist(), segment.in_a_row)
    return found


def segments_of(entries: Sequence[Sequence[str]], vocabulary: Vocabulary) -> list[Segment]:
    return list(segments.segments_of(map(spelled, entries), vocabulary))


def equal(first: Segment, second: Segment) -> bool:
    return (
        (first.size, first.words, first.pairs.tolist()) == (second.size, second.words, second.pairs.tolist())
        and [numbers.tolist() for numbers in first.said] == [numbers.tolist() for numbers in second.said]
        and [numbers.tolist() for numbers in first.in_a_row] == [numbers.tolist() for numbers in second.in_a_row]
    )


def again(segment: Segment) -> Segment:
    return Segment.stored(segment.size, [data for _, data in sorted(segment.blocks())])


@settings(max_examples=60)
@given(texts=entries, bytes_of_a_block=st.integers(1, 400))
def test_a_segment_says_of_each_entry_what_its_tokens_are(texts: list[list[str]], bytes_of_a_block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored_blocks, "_BLOCK_BYTES", bytes_of_a_block)
        vocabulary = Vocabulary()
        # Words that were seen before have the same tokens.
        for _ in range(2):
            made = segments_of(texts, vocabulary)
            assert [one for segment in made for one in told(segment)] == list(map(expected, texts))
            for segment in made:
                assert segment.words == sorted(segment.words)
                assert equal(again(segment), segment)


@settings(max_examples=60)
@given(texts=entries, bytes_of_a_block=st.integers(1, 400))
def test_blocks_tell_of_every_term_and_every_prefix(texts: list[list[str]], bytes_of_a_block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored_blocks, "_BLOCK_BYTES", bytes_of_a_block)
        for segment in segments_of(texts, Vocabulary()):
            blocks = sorted(segment.blocks())
            said = told(segment)
            for term in [*segment.words, *map(pair_term, segment.pairs.tolist()), " 0000", "a", "zz", "漢漢"]:
                holds = [term in words or term in map(pair_term, kinds) for words, kinds in said]
                before = [data for first, data in blocks if first <= term]
                mask = np.zeros(segment.size, np.bool_)
                if before:
                    block = Block(before[-1], segment.size)
                    place = block.place(term)
                    mask = block.mask(range(0) if place is None else range(place, place + 1))
                assert mask.tolist() == holds
            for prefix in ("r", "re", "fil", "漢", "x", "é"):
                mask = np.zeros(segment.size, np.bool_)
                for _, data in blocks:
                    block = Block(data, segment.size)
                    mask |= block.mask(block.places_under(prefix))
                assert mask.tolist() == [any(word.startswith(prefix) for word in words) for words, _ in said]


@settings(max_examples=60)
@given(st.lists(st.tuples(entries, st.integers(0, 2**9 - 1)), min_size=1, max_size=4))
def test_merging_is_as_if_what_is_kept_were_one_segment(parts: list[tuple[list[list[str]], int]]) -> None:
    vocabulary = Vocabulary()
    some, masks, left = [], [], []
    for texts, bits in parts:
        for segment in segments_of(texts, vocabulary):
            keeps = [bool(bits >> place & 1) for place in range(segment.size)]
            some.append(segment)
            masks.append(np.array(keeps))
            left += [one for one, is_kept in zip(texts, keeps, strict=True) if is_kept]
    if left:
        [whole] = segments_of(left, Vocabulary())
        assert equal(merge_segments(list(map(again, some)), masks), whole)
        assert whole.sums().tolist() == [
            segment.sums()[place] for segment, mask in zip(some, masks, strict=True) for place in np.flatnonzero(mask)
        ]


def test_words_of_many_entries_take_a_bit_for_each() -> None:
    texts = [["the"] if number % 3 else ["a the"] for number in range(30_000)]
    [segment] = segments_of(texts, Vocabulary())
    assert sum(len(data) for _, data in segment.blocks()) < 3 * 30_000 / 8 + 500
    assert equal(again(segment), segment)


def test_very_many_and_very_long_entries_make_several_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [[f"word{number}"] for number in range(70_000)]
    first, second = segments_of(texts, Vocabulary())
    assert (first.size, second.size) == (65_535, 70_000 - 65_535)

    monkeypatch.setattr(segments, "_MOST_CHARACTERS", 20)
    assert [segment.size for segment in segments_of([["a b c"]] * 6, Vocabulary())] == [3, 3]


def test_entries_with_other_words_or_pairs_have_other_sums() -> None:
    texts = [["a b c"], ["a b"], ["c b a"], ["b c", "a b"], ["a", "b", "c"], ["a b d"], [""], []]
    [segment] = segments_of(texts, Vocabulary())
    sums = segment.sums().tolist()
    assert sums[0] == sums[3]
    assert len(set(sums)) == 6
    assert sums[-2:] == [0, 0]


def test_a_full_vocabulary_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabularies, "_MOST_PIECES", 4)
    vocabulary = Vocabulary()
    segments_of([["a b"]], vocabulary)
    assert not vocabulary.is_full
    segments_of([["c d"]], vocabulary)
    assert vocabulary.is_full


@pytest.mark.parametrize("data", [b"", b"\0" * 7, b"\0" * 8, b"\1\0\1\0\1\0\0\0\1\0"])
def test_what_is_no_block_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="a block of the search index"):
        Block(data, 10)
