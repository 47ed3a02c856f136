"""The coerced variables of requests, with an LRU cache for each operation."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, TypeAlias

import orjson
from cachetools import LRUCache
from graphql.execution.values import VariableValues

CACHE_BYTES = 100_000
"""Size of the cache of one operation, by the estimate in `RequestVariables.size`."""

MAX_JSON_BYTES = 1_000
"""Longest JSON text of variables that are cached."""

MAX_BOUND = 8
"""Bound resolvers that are cached with their variables."""

_BYTES_PER_ENTRY = 5_000
_BYTES_PER_JSON_BYTE = 40
"""Memory of values and bound arguments for each byte of their JSON text."""

ResolveRow: TypeAlias = Callable[[Any], Any]
"""From a row to the value of a field, or to an awaitable of it."""


class RequestVariables:
    """Coerced values of an operation's variables, and resolvers that are bound to arguments with these values.

    `json` is the JSON text of the given variables, None when it is too long to be the key of a cache.
    """

    def __init__(self, values: VariableValues, json: bytes | None) -> None:
        self.values = values
        self.json = json
        self.size = _BYTES_PER_ENTRY + _BYTES_PER_JSON_BYTE * len(json or b"")
        self._bound: dict[object, ResolveRow] = {}

    def bound(self, resolver: object, bind: Callable[[VariableValues], ResolveRow]) -> ResolveRow:
        """A resolver bound to its arguments, from the cache or else by `bind`."""
        resolve = self._bound.get(resolver)
        if resolve is None:
            resolve = bind(self.values)
            if len(self._bound) < MAX_BOUND:
                self._bound[resolver] = resolve
        return resolve


class VariablesCache:
    """An LRU cache of the variables of one operation, by their JSON text."""

    def __init__(self, coerce: Callable[[Mapping[str, Any]], VariableValues | None]) -> None:
        self._coerce = coerce
        self._cache: LRUCache[bytes, RequestVariables] = LRUCache(CACHE_BYTES, attrgetter("size"))

    def get(self, given: Mapping[str, Any]) -> RequestVariables | None:
        """The coerced variables; None when some are wrong."""
        try:
            key = orjson.dumps(given)
        except TypeError:
            # Integers beyond 64 bits and lone surrogates.
            return self._coerced(given, None)
        cached = self._cache.get(key)
        if cached is not None:
            return cached
        if len(key) > MAX_JSON_BYTES:
            return self._coerced(given, None)
        # A copy: orjson's own bytes hold on to its buffer, which is up to 64 KiB larger.
        key = bytes(memoryview(key))
        variables = self._coerced(given, key)
        if variables is not None:
            self._cache[key] = variables
        return variables

    def _coerced(self, given: Mapping[str, Any], json: bytes | None) -> RequestVariables | None:
        values = self._coerce(given)
        return None if values is None else RequestVariables(values, json)
