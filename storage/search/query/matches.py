"""The entries that match a query by the index, grouped by session, as a list if they are few."""

from typing import TypeAlias

from storage.search.index.segment_snapshot import SegmentSnapshot
from storage.search.query.dense_matches import DenseMatches
from storage.search.query.found_entries import FewEntries, FoundEntries
from storage.search.query.sparse_matches import SparseMatches

Matches: TypeAlias = DenseMatches | SparseMatches


def matches_of(snapshot: SegmentSnapshot, found: FoundEntries, *, titles: bool, messages: bool) -> Matches:
    """The matches of a query, without titles or without messages if those are out of scope."""
    if isinstance(found, FewEntries):
        return SparseMatches(snapshot, found.places, titles=titles, messages=messages)
    return DenseMatches(snapshot, found.mask, titles=titles, messages=messages)
