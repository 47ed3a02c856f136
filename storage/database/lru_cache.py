"""An LRU cache for immutable values, bounded in bytes."""

import sys
from collections.abc import Hashable
from operator import itemgetter
from typing import Any

import cachetools

_ENTRY_BYTES = 400
"""What an entry costs besides its key and its value: slots of three dictionaries, a pair and an ordering link."""


class LRUCache:
    """A cachetools.LRUCache whose entries count the bytes of their key and the size that is given for their value."""

    def __init__(self, max_bytes: int) -> None:
        self._entries: cachetools.LRUCache[Hashable, tuple[Any, int]] = cachetools.LRUCache(max_bytes, itemgetter(1))

    @property
    def bytes(self) -> int:
        """The size of all entries."""
        return int(self._entries.currsize)

    def get(self, key: Hashable) -> Any:
        """The value of a key, or None."""
        entry = self._entries.get(key)
        return None if entry is None else entry[0]

    def put(self, key: Hashable, value: Any, size: int) -> None:
        """Add or replace a value of `size` bytes. A value that is larger than the cache is not stored."""
        size += _key_bytes(key) + _ENTRY_BYTES
        if size > self._entries.maxsize:
            self._entries.pop(key, None)
        else:
            self._entries[key] = (value, size)

    def clear(self) -> None:
        """Remove all entries."""
        self._entries.clear()


def _key_bytes(key: object) -> int:
    if isinstance(key, type):
        return 0
    return sys.getsizeof(key) + (sum(map(_key_bytes, key)) if isinstance(key, tuple) else 0)
