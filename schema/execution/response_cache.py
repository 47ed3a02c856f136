"""The cache of the data of responses, which stays valid until a session changes."""

from collections.abc import Awaitable, Callable
from operator import attrgetter
from typing import Any, NamedTuple

import orjson
from cachetools import LRUCache

from resolvers.answer_budget import current_budget
from schema.execution.introspection import Introspection
from schema.execution.plan import Plan
from schema.execution.variables import RequestVariables
from schema.observation import current_operation

_LARGEST_SHARE = 8
"""A response takes at most one in so many of the cache's bytes."""

_LARGEST_SPENT = 4
"""Bytes of the answer's budget for each byte of the largest cached data: small objects count more than their JSON."""

_ENTRY_BYTES = 500
"""Bytes of an entry besides its key and its data."""


class _CachedData(NamedTuple):
    """The data of a response as JSON, None after the first request for it, and the change number that it shows."""

    data: bytes | None
    change_seq: int
    size: int


class ResponseCache:
    """An LRU cache of the data of responses, by plan and variables, of `max_bytes` bytes; 0 switches it off.

    Data is cached when it is requested for the second time, and sent again as long as `read_change_seq` returns the
    number that it returned before the data was read. So a response shows all that was committed before its request, as
    if it had been executed. When the number is smaller than before, the database has lost changes, for instance because
    a standby server took over: their numbers will be those of other changes, so that all data is forgotten, and
    `on_lost_changes` is called. Data of plans that read nothing is the same each time, and sent again without a look at
    that number.
    """

    def __init__(
        self,
        read_change_seq: Callable[[], Awaitable[int]],
        max_bytes: int,
        on_lost_changes: Callable[[], None] | None = None,
    ) -> None:
        self._read_change_seq = read_change_seq
        self._on_lost_changes = on_lost_changes
        self._largest = max_bytes // _LARGEST_SHARE
        self._cache: LRUCache[tuple[int, bytes], _CachedData] = LRUCache(max_bytes, attrgetter("size"))
        self._last_seq = 0

    async def data(self, plan: Plan | Introspection, variables: RequestVariables) -> Any:
        """The data of a response: cached, or else the result of the plan, whose exceptions it raises."""
        if not (plan.is_cacheable and self._largest) or variables.json is None:
            return await _executed(plan, variables)
        key = (plan.number, variables.json)
        size = _ENTRY_BYTES + len(variables.json)
        if key not in self._cache:
            # Most requests are not repeated: they do without the number of the last change.
            self._store(key, _CachedData(None, 0, size))
            return await _executed(plan, variables)
        change_seq = await self._last_change() if plan.reads else 0
        cached = self._cache.get(key)
        if cached is not None and cached.data is not None and cached.change_seq == change_seq:
            if observed := current_operation.get():
                observed.is_cached = True
            return orjson.Fragment(cached.data)
        data = await _executed(plan, variables)
        budget = current_budget.get()
        if budget is not None and budget.spent > _LARGEST_SPENT * self._largest:
            # Not encoded here: the text of a large response would be in memory twice.
            return data
        try:
            encoded = orjson.dumps(data)
        except orjson.JSONEncodeError:
            return data
        # Where another number was read meanwhile, this data would not be sent any more.
        if len(encoded) <= self._largest and (not plan.reads or change_seq == self._last_seq):
            # A copy, since orjson's own bytes hold on to its larger buffer.
            encoded = bytes(memoryview(encoded))
            self._store(key, _CachedData(encoded, change_seq, size + len(encoded)))
        return orjson.Fragment(encoded)

    async def _last_change(self) -> int:
        change_seq = await self._read_change_seq()
        if change_seq < self._last_seq:
            self._cache.clear()
            if self._on_lost_changes is not None:
                self._on_lost_changes()
        self._last_seq = change_seq
        return change_seq

    def _store(self, key: tuple[int, bytes], entry: _CachedData) -> None:
        if entry.size <= self._cache.maxsize:
            self._cache[key] = entry


async def _executed(plan: Plan | Introspection, variables: RequestVariables) -> Any:
    [data] = await plan([None], variables)
    return data
