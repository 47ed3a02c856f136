"""Segments hold the words and bigrams of each entry, when they are built, stored, loaded and merged."""

import itertools
from collections.abc import Sequence
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.compression import compress
from storage.search.index import block_encoding
from storage.search.index import segment as segments
from storage.search.index import vocabulary as vocabularies
from storage.search.index.bigrams import HASH_BITS, LONG_HASH_BITS, MAX_BIGRAMS, bigram_hash, bigram_term
from storage.search.index.pieces import encode_entry
from storage.search.index.postings import Postings
from storage.search.index.segment import Segment, merge_segments
from storage.search.index.segment_block import SegmentBlock
from storage.search.index.tokens import BARRIER
from storage.search.index.vocabulary import Vocabulary, token_hash
from tests.speed.transcripts.prose import SessionText
from tests.support.examples import examples
from tests.support.searches import FRAGMENTS, entry_tokens, texts_of

entries = st.lists(st.lists(texts_of(FRAGMENTS).map(lambda text: text.replace("\0", "\ufffd")), max_size=3), max_size=9)

Terms = tuple[set[str], set[str]]

# Whether all entries are built as long ones are, or none.
are_long = st.booleans()


def expected(texts: Sequence[str], bits: int = HASH_BITS) -> Terms:
    """The words of an entry and the terms of its bigrams, from its tokens."""
    words, hashes = set[str](), list[int]()
    for sequence in entry_tokens(texts).split(f" {BARRIER} "):
        tokens = sequence.split()
        words |= set(tokens)
        hashes += [bigram_hash(token_hash(first), token_hash(second)) for first, second in pairwise(tokens)]
    return words, {bigram_term(hash >> LONG_HASH_BITS - bits, bits) for hash in hashes}


def entry_terms(segment: Segment) -> list[Terms]:
    """The words of each entry of a segment, and the terms of its bigrams."""
    found: list[Terms] = [(set(), set()) for _ in range(segment.size)]

    def fill(which: int, terms: Sequence[str], postings: Postings) -> None:
        ends = np.cumsum(postings.counts)
        for term, end, count in zip(terms, ends.tolist(), postings.counts.tolist(), strict=True):
            for entry in postings.entries[end - count : end].tolist():
                found[entry][which].add(term)

    fill(0, segment.words, segment.word_postings)
    for bits, hashes, postings in (segment.bigrams, segment.long_bigrams):
        fill(1, [bigram_term(hash, bits) for hash in hashes.tolist()], postings)
    return found


def build(entries: Sequence[Sequence[str]], vocabulary: Vocabulary, max_bigrams: int = 10**9) -> list[Segment]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "MAX_BIGRAMS", max_bigrams)
        return list(segments.build_segments(map(encode_entry, entries), vocabulary))


def max_bigrams(is_long: bool) -> int:
    return -1 if is_long else 10**9


def equal(first: Segment, second: Segment) -> bool:
    return content(first) == content(second)


def content(segment: Segment) -> list[object]:
    found: list[object] = [segment.size, list(segment.words), *(numbers.tolist() for numbers in segment.word_postings)]
    for bits, hashes, postings in (segment.bigrams, segment.long_bigrams):
        found += [bits, hashes.tolist(), *(numbers.tolist() for numbers in postings)]
    return found


def reloaded(segment: Segment) -> Segment:
    return Segment.from_blocks(segment.size, [data for _, data in sorted(segment.blocks())])


@examples(40)
@given(texts=entries, block_bytes=st.integers(1, 400), is_long=are_long)
def test_a_segment_has_the_terms_of_each_entry(texts: list[list[str]], block_bytes: int, is_long: bool) -> None:
    terms = [expected(some, LONG_HASH_BITS if is_long else HASH_BITS) for some in texts]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(block_encoding, "_BIGRAM_BYTES", block_bytes)
        patch.setattr(block_encoding, "_WORD_BYTES", block_bytes)
        vocabulary = Vocabulary()
        # The second time the vocabulary has all words already.
        for _ in range(2):
            made = build(texts, vocabulary, max_bigrams(is_long))
            assert [one for segment in made for one in entry_terms(segment)] == terms
            for segment in made:
                assert list(segment.words) == sorted(segment.words)
                assert equal(reloaded(segment), segment)


@examples(40)
@given(texts=entries, block_bytes=st.integers(1, 400), is_long=are_long)
def test_blocks_find_every_term_and_every_prefix(texts: list[list[str]], block_bytes: int, is_long: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(block_encoding, "_BIGRAM_BYTES", block_bytes)
        patch.setattr(block_encoding, "_WORD_BYTES", block_bytes)
        for segment in build(texts, Vocabulary(), max_bigrams(is_long)):
            blocks = sorted(segment.blocks())
            terms = entry_terms(segment)
            bigrams = {term for _, some in terms for term in some}
            for term in [*segment.words, *bigrams, " 0000", "  00000", "a", "zz", "漢漢"]:
                holds = [term in words or term in some for words, some in terms]
                before = [data for first, data in blocks if first <= term]
                mask = np.zeros(segment.size, np.bool_)
                if before:
                    block = SegmentBlock.stored(before[-1], segment.size)
                    place = block.place(term)
                    mask = block.mask(range(0) if place is None else range(place, place + 1))
                assert mask.tolist() == holds
            for prefix in ("r", "re", "fil", "漢", "x", "é"):
                mask = np.zeros(segment.size, np.bool_)
                for _, data in blocks:
                    block = SegmentBlock.stored(data, segment.size)
                    mask |= block.mask(block.places_under(prefix))
                assert mask.tolist() == [any(word.startswith(prefix) for word in words) for words, _ in terms]


@examples(40)
@given(st.lists(st.tuples(entries, st.integers(0, 2**9 - 1), are_long), min_size=1, max_size=4))
def test_merging_equals_one_segment_of_the_live_entries(parts: list[tuple[list[list[str]], int, bool]]) -> None:
    vocabulary = Vocabulary()
    some, masks, left, terms = [], [], [], []
    for texts, bits, is_long in parts:
        for segment in build(texts, vocabulary, max_bigrams(is_long)):
            keeps = [bool(bits >> place & 1) for place in range(segment.size)]
            some.append(segment)
            masks.append(np.array(keeps))
            left += [one for one, is_kept in zip(texts, keeps, strict=True) if is_kept]
            terms += [one for one, is_kept in zip(entry_terms(segment), keeps, strict=True) if is_kept]
    if left:
        [whole] = build(left, Vocabulary())
        merged = merge_segments(list(map(reloaded, some)), masks)
        assert entry_terms(merged) == terms
        if not any(is_long for _, _, is_long in parts):
            assert equal(merged, whole)
        assert merged.checksums().tolist() == whole.checksums().tolist()
        assert whole.checksums().tolist() == [
            segment.checksums()[place]
            for segment, mask in zip(some, masks, strict=True)
            for place in np.flatnonzero(mask)
        ]


def test_frequent_words_take_a_bit_an_entry() -> None:
    texts = [["the"] if number % 3 else ["a the"] for number in range(30_000)]
    [segment] = build(texts, Vocabulary())
    assert sum(len(data) for _, data in segment.blocks()) < 3 * 30_000 / 8 + 500
    assert equal(reloaded(segment), segment)


def test_very_many_and_very_long_entries_make_several_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [[f"word{number}"] for number in range(70_000)]
    first, second = build(texts, Vocabulary())
    assert (first.size, second.size) == (65_535, 70_000 - 65_535)

    monkeypatch.setattr(segments, "_MAX_CHARACTERS", 20)
    assert [segment.size for segment in build([["a b c"]] * 6, Vocabulary())] == [3, 3]


def test_entries_with_other_words_or_bigrams_have_other_checksums() -> None:
    texts = [["a b c"], ["a b"], ["c b a"], ["b c", "a b"], ["a", "b", "c"], ["a b d"], [""], []]
    [segment] = build(texts, Vocabulary())
    checksums = segment.checksums().tolist()
    assert checksums[0] == checksums[3]
    assert len(set(checksums)) == 6
    assert checksums[-2:] == [0, 0]


def test_an_entry_is_long_from_a_number_of_bigrams_on() -> None:
    texts = [[" ".join(f"word{place}" for place in range(count)), "x y"] for count in (MAX_BIGRAMS, MAX_BIGRAMS + 1)]
    [segment] = build(texts, Vocabulary(), MAX_BIGRAMS)
    short, long = entry_terms(segment)
    assert short == expected(texts[0])
    assert long == expected(texts[1], LONG_HASH_BITS)


def test_a_vocabulary_is_full_from_a_number_of_pieces_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabularies, "_MAX_PIECES", 4)
    vocabulary = Vocabulary()
    build([["a b"]], vocabulary)
    assert not vocabulary.is_full
    build([["c d"]], vocabulary)
    assert vocabulary.is_full


@pytest.mark.parametrize("data", [b"", b"\0" * 7, b"\0" * 8, b"\1\0\1\0\1\0\0\0\1\0"])
def test_a_corrupt_block_is_refused(data: bytes) -> None:
    for stored in (data, compress(data)):
        with pytest.raises(ValueError, match="a block of the search index"):
            SegmentBlock.stored(stored, 10)


@pytest.mark.slow
def test_several_blocks_of_a_full_segment_fill_a_page_of_sqlite() -> None:
    text = SessionText(Random(20261129))
    # As many entries and as much text as a batch of transcripts has.
    [segment] = build([[text.prose(200), "\n".join(text.code(20))] for _ in range(2_000)], Vocabulary())
    for kind, blocks in itertools.groupby(sorted(segment.blocks()), key=lambda block: block[0] < "!"):
        sizes = [len(data) for _, data in blocks]
        assert len(sizes) > 20, kind
        assert max(sizes) < 5_400, kind
        # Rows of so many bytes besides the data, on pages of 16,384 bytes.
        pages, left = 0, 0
        for size in sizes:
            pages, left = (pages, left - size - 30) if size + 30 <= left else (pages + 1, 16_376 - size - 30)
        assert sum(sizes) / pages > 0.75 * 16_384, kind
        assert sum(sizes) / len(sizes) > 3_000, kind
