"""Blocks that searches have read, found again by any term in their range."""

from bisect import bisect_left, bisect_right

from storage.database.lru_cache import LRUCache
from storage.search.index.segment_block import SegmentBlock

# Bytes of the range of one block: two terms and their places in lists.
_RANGE_BYTES = 160


class _Ranges:
    """The first and the last term of each block of a segment that was read, in order."""

    def __init__(self) -> None:
        self.firsts: list[str] = []
        self.lasts: list[str] = []


def cached_block(cache: LRUCache, segment_id: int, term: str) -> SegmentBlock | None:
    """The block of a segment in whose range a term lies; None if it is not in the cache."""
    ranges: _Ranges | None = cache.get((_Ranges, segment_id))
    if ranges is None:
        return None
    place = bisect_right(ranges.firsts, term) - 1
    # A term between two blocks is in none, but whether there is a block between them is not known.
    if place < 0 or term > ranges.lasts[place]:
        return None
    block: SegmentBlock | None = cache.get((SegmentBlock, segment_id, ranges.firsts[place]))
    return block


def cache_block(cache: LRUCache, segment_id: int, block: SegmentBlock) -> None:
    """Cache a block that was read."""
    first, last = block.bounds
    ranges: _Ranges = cache.get((_Ranges, segment_id)) or _Ranges()
    place = bisect_left(ranges.firsts, first)
    if ranges.firsts[place : place + 1] != [first]:
        ranges.firsts.insert(place, first)
        ranges.lasts.insert(place, last)
        cache.put((_Ranges, segment_id), ranges, _RANGE_BYTES * len(ranges.firsts))
    cache.put((SegmentBlock, segment_id, first), block, block.bytes)
