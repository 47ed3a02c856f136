"""Values that never change, kept by a process while they are asked for."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any


class LRUCache:
    """Those that were asked for last, of at most so many bytes together."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def get(self, key: Hashable) -> Any:
        """The value of a key; None when it is not kept."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, value: Any, size: int) -> None:
        """Keep a value of about so many bytes, which is not None."""
        _, old_size = self._values.pop(key, (None, 0))
        self._values[key] = (value, size)
        self._bytes += size - old_size
        while self._bytes > self._most_bytes:
            _, (_, oldest_size) = self._values.popitem(last=False)
            self._bytes -= oldest_size

    def clear(self) -> None:
        """Keep nothing."""
        self._values.clear()
        self._bytes = 0
