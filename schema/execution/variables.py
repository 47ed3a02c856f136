"""The variables of a request, and what was made of them: kept for requests with the same ones."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import orjson
from graphql.execution.values import VariableValues

MOST_SETS = 8
"""Of variables, which an operation keeps."""

MOST_BYTES = 1_000
"""Of a set that is kept, as JSON."""

Resolve: TypeAlias = Callable[[Any], Any]
"""From a row to the value of a field, or to what gives that when it is awaited."""


class Variables:
    """The values of an operation's variables. `resolves` is what resolvers made of them, by the resolver."""

    def __init__(self, values: VariableValues) -> None:
        self.values = values
        self.resolves: dict[object, Resolve] = {}


class KnownVariables:
    """Those that were given last."""

    def __init__(self, coerce: Callable[[Mapping[str, Any]], VariableValues | None]) -> None:
        self._coerce = coerce
        self._kept: OrderedDict[bytes, Variables] = OrderedDict()

    def of(self, given: Mapping[str, Any]) -> Variables | None:
        """None where some are wrong."""
        try:
            key = orjson.dumps(given)
        except TypeError:
            # Whole numbers beyond 64 bits, half a surrogate pair.
            return self._coerced(given)
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return known
        made = self._coerced(given)
        if made is not None and len(key) <= MOST_BYTES:
            self._kept[key] = made
            if len(self._kept) > MOST_SETS:
                self._kept.popitem(last=False)
        return made

    def _coerced(self, given: Mapping[str, Any]) -> Variables | None:
        values = self._coerce(given)
        return None if values is None else Variables(values)
