"""Completion of values, one class for each kind of type, as in section 6.4.3 of the GraphQL specification.

Unlike in graphql-core, a call completes the values of one field for all rows of a level.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import orjson
from graphql import GraphQLLeafType

from resolvers.answer_budget import current_budget, text_size
from schema.execution.leaves import PlanBailout, compile_leaves
from schema.execution.variables import RequestVariables
from schema.limits.answer_size import SIZED_SCALARS


class Completer(ABC):
    """Completes the values of one type.

    `reads` tells whether resolvers below it may read from the database, `is_cacheable` whether all of them are of
    cacheable fields, see `schema.field.field`.
    """

    reads = False
    is_cacheable = True

    @abstractmethod
    async def __call__(self, values: list[Any], variables: RequestVariables) -> list[Any]:
        """The completed values, in their order. Raises PlanBailout."""

    def encoded(self, values: list[Any]) -> orjson.Fragment | None:
        """The completed values as a JSON list, or None when they have to be completed one by one.

        Raises AnswerTooLarge and PlanBailout.
        """
        return None


class NonNullCompleter(Completer):
    """A non-null type."""

    def __init__(self, inner: Completer) -> None:
        self._inner = inner
        self.reads = inner.reads
        self.is_cacheable = inner.is_cacheable

    async def __call__(self, values: list[Any], variables: RequestVariables) -> list[Any]:
        for value in values:
            if value is None:
                raise PlanBailout
        return await self._inner(values, variables)

    def encoded(self, values: list[Any]) -> orjson.Fragment | None:
        # Generated code bails out for a null after the first, since its type is another one.
        if values and values[0] is None:
            raise PlanBailout
        return self._inner.encoded(values)


class NullableCompleter(Completer):
    """A nullable type: passes on the values that are not null."""

    def __init__(self, inner: Completer) -> None:
        self._inner = inner
        self.reads = inner.reads
        self.is_cacheable = inner.is_cacheable

    async def __call__(self, values: list[Any], variables: RequestVariables) -> list[Any]:
        present = [value for value in values if value is not None]
        if len(present) == len(values):
            return await self._inner(values, variables)
        completed = iter(await self._inner(present, variables) if present else ())
        return [None if value is None else next(completed) for value in values]

    def encoded(self, values: list[Any]) -> orjson.Fragment | None:
        return None if any(value is None for value in values) else self._inner.encoded(values)


class ListCompleter(Completer):
    """A list type, without nulls among the lists: completes the items of all lists at once."""

    def __init__(self, inner: Completer) -> None:
        self._inner = inner
        self.reads = inner.reads
        self.is_cacheable = inner.is_cacheable

    async def __call__(self, values: list[Any], variables: RequestVariables) -> list[Any]:
        if len(values) == 1:
            items = list(values[0])
            encoded = self._inner.encoded(items)
            return [await self._inner(items, variables) if encoded is None else encoded]
        completed = await self._inner([item for value in values for item in value], variables)
        lists = []
        start = 0
        for value in values:
            end = start + len(value)
            lists.append(completed[start:end])
            start = end
        return lists


class LeafCompleter(Completer):
    """A scalar or enum type, without nulls."""

    def __init__(self, kind: GraphQLLeafType) -> None:
        self._convert = compile_leaves(kind)
        self._is_sized = kind.name in SIZED_SCALARS

    async def __call__(self, values: list[Any], variables: RequestVariables) -> list[Any]:
        completed = self._convert(values)
        if self._is_sized and (budget := current_budget.get()):
            budget.spend(sum(map(text_size, completed)))
        return completed


class AbstractCompleter(Completer):
    """An interface type, whose rows name their object type in `typename`, without nulls."""

    def __init__(self, by_typename: Mapping[str, Completer]) -> None:
        self._by_typename = by_typename
        self.reads = any(completer.reads for completer in by_typename.values())
        self.is_cacheable = all(completer.is_cacheable for completer in by_typename.values())

    async def __call__(self, values: list[Any], variables: RequestVariables) -> list[Any]:
        indexes_by_typename: dict[str, list[int]] = {}
        for index, value in enumerate(values):
            indexes_by_typename.setdefault(value.typename, []).append(index)
        completed: list[Any] = [None] * len(values)
        for typename, indexes in indexes_by_typename.items():
            if typename not in self._by_typename:
                raise PlanBailout
            objects = await self._by_typename[typename]([values[index] for index in indexes], variables)
            for index, value in zip(indexes, objects, strict=True):
                completed[index] = value
        return completed
