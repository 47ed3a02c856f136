"""How the values of a field become what the answer holds, type by type: those of all rows of a level at once."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from graphql import GraphQLLeafType

from schema.execution.leaves import PlanBailout, convert_function
from schema.execution.variables import Variables


class Completion(ABC):
    """Of the values of one type. `reads` tells whether there are resolvers below that may read."""

    reads = False

    @abstractmethod
    async def __call__(self, values: list[Any], variables: Variables) -> list[Any]:
        """What the answer holds of each value, by the variables of the request. Raises PlanBailout."""


class Required(Completion):
    """A type that does not take null."""

    def __init__(self, inner: Completion) -> None:
        self._inner = inner
        self.reads = inner.reads

    async def __call__(self, values: list[Any], variables: Variables) -> list[Any]:
        for value in values:
            if value is None:
                raise PlanBailout
        return await self._inner(values, variables)


class Nullable(Completion):
    """A type that takes null, on top of one whose values are none."""

    def __init__(self, inner: Completion) -> None:
        self._inner = inner
        self.reads = inner.reads

    async def __call__(self, values: list[Any], variables: Variables) -> list[Any]:
        given = [value for value in values if value is not None]
        if len(given) == len(values):
            return await self._inner(values, variables)
        made = iter(await self._inner(given, variables) if given else ())
        return [None if value is None else next(made) for value in values]


class Lists(Completion):
    """Lists, none of them null."""

    def __init__(self, inner: Completion) -> None:
        self._inner = inner
        self.reads = inner.reads

    async def __call__(self, values: list[Any], variables: Variables) -> list[Any]:
        made = await self._inner([item for value in values for item in value], variables)
        if len(values) == 1:
            return [made]
        lists = []
        start = 0
        for value in values:
            end = start + len(value)
            lists.append(made[start:end])
            start = end
        return lists


class Leaves(Completion):
    """Leaves, none of them null."""

    def __init__(self, kind: GraphQLLeafType) -> None:
        self._convert = convert_function(kind)

    async def __call__(self, values: list[Any], variables: Variables) -> list[Any]:
        return self._convert(values)


class AnyOf(Completion):
    """Rows, none of them null, that name their type in `typename`."""

    def __init__(self, by_typename: Mapping[str, Completion]) -> None:
        self._by_typename = by_typename
        self.reads = any(completion.reads for completion in by_typename.values())

    async def __call__(self, values: list[Any], variables: Variables) -> list[Any]:
        places: dict[str, list[int]] = {}
        for place, value in enumerate(values):
            places.setdefault(value.typename, []).append(place)
        made: list[Any] = [None] * len(values)
        for typename, its in places.items():
            if typename not in self._by_typename:
                raise PlanBailout
            some = await self._by_typename[typename]([values[place] for place in its], variables)
            for place, value in zip(its, some, strict=True):
                made[place] = value
        return made
