"""Batching of reads: the resolvers of a level are advanced together, and the rows that they await are read at once.

A plan runs the coroutines of resolvers itself, without tasks. A DataLoader would need a task for each of them and a
turn of the event loop to see which keys belong to one batch.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Generator, Iterable, Sequence
from inspect import iscoroutine
from typing import Any

from resolvers.batch_loader import MAX_BATCH, ReadKeys, SubjectOf
from resolvers.time_slices import time_slices
from schema.execution.leaves import PlanBailout
from schema.execution.variables import ResolveRow


class PendingLoad:
    """A key whose row is awaited. It yields itself to the plan, which sends the row.

    `subject_of` is that of `PlanLoader.load_of`, if it was made by it.
    """

    __slots__ = ("key", "loader", "subject_of")

    def __init__(self, loader: "PlanLoader", key: Any, subject_of: SubjectOf | None = None) -> None:
        self.loader = loader
        self.key = key
        self.subject_of = subject_of

    def __await__(self) -> Generator["PendingLoad", Any, Any]:
        return (yield self)


class PlanLoader:
    """A loader for resolvers that are called by a plan: its loads can only be awaited within `resolve_level`."""

    def __init__(self, read: ReadKeys) -> None:
        self.read = read

    def load(self, key: Any) -> Awaitable[Any]:
        """The row of a key."""
        return PendingLoad(self, key)

    def load_of(self, row: Any, subject_of: SubjectOf, shape: Any) -> Awaitable[Any]:
        """The objects that belong to a row of the level above, see `Loader.load_of`."""
        return PendingLoad(self, (subject_of(row), shape), subject_of)


def resolve_rows(resolve: ResolveRow, rows: Sequence[Any]) -> list[Any]:
    """The results of a resolver for these rows, of which there is at least one.

    It is called only once if it returns the load of a row: the others are loaded in the same way.
    """
    first = resolve(rows[0])
    if type(first) is not PendingLoad or first.subject_of is None:
        return [first, *map(resolve, rows[1:])]
    loader, subject_of, shape = first.loader, first.subject_of, first.key[1]
    return [PendingLoad(loader, (subject_of(row), shape)) for row in rows]


async def resolve_level(values: list[Any]) -> list[Any]:
    """The values, with coroutines and loads replaced by their results. Coroutines must not have been started.

    Raises the first exception of any of them, after all others have ended, and PlanBailout.
    """
    if all(type(value) is PendingLoad for value in values):
        return await _read_rows(values)
    level = _Level(values)
    try:
        return await level.resolve()
    except BaseException:
        await level.cancel()
        raise


class _Level:
    """The values of a level while some of them are awaited."""

    def __init__(self, values: list[Any]) -> None:
        self._values = values
        # By their index: coroutines that await a load, the loads, and coroutines that await something else.
        self._coroutines: dict[int, Coroutine[Any, Any, Any]] = {}
        self._loads: dict[int, PendingLoad] = {}
        self._others: dict[int, _StartedCoroutine] = {}

    async def resolve(self) -> list[Any]:
        """All values. When it raises, coroutines may still be running."""
        values = self._values
        for index, value in enumerate(values):
            if type(value) is PendingLoad:
                self._loads[index] = value
            elif iscoroutine(value):
                self._advance(index, value, None)
        while self._loads or self._others:
            loads, self._loads = self._loads, {}
            others, self._others = self._others, {}
            # Concurrently: one may hold a lock that another needs.
            reads = [_read_rows(list(loads.values()))] if loads else []
            results = await gather_or_cancel([*others.values(), *reads])
            rows = results.pop() if loads else []
            for index, result in zip(others, results, strict=True):
                values[index] = result
            for index, row in zip(loads, rows, strict=True):
                coroutine = self._coroutines.pop(index, None)
                if coroutine is None:
                    values[index] = row
                else:
                    self._advance(index, coroutine, row)
        return values

    async def cancel(self) -> None:
        """Close all coroutines, started or not."""
        for coroutine in (*self._coroutines.values(), *self._values):
            if iscoroutine(coroutine):
                coroutine.close()
        # Cancelled rather than closed: one that is using a connection has to await its release.
        await _cancel_all(map(asyncio.ensure_future, self._others.values()))

    def _advance(self, index: int, coroutine: Coroutine[Any, Any, Any], result: Any) -> None:
        """Run a coroutine until it awaits again."""
        self._values[index] = None
        try:
            awaited = coroutine.send(result)
        except StopIteration as end:
            self._values[index] = end.value
            return
        if isinstance(awaited, PendingLoad):
            self._coroutines[index] = coroutine
            self._loads[index] = awaited
        else:
            self._others[index] = _StartedCoroutine(coroutine, awaited)


async def gather_or_cancel(coroutines: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    """The results of all, run concurrently. When one fails or the caller is cancelled, the others are cancelled.

    Unlike asyncio.gather, it returns or raises only after all have ended.
    """
    if len(coroutines) < 2:
        return [await coroutine for coroutine in coroutines]
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        await _cancel_all(tasks)
        raise


async def _cancel_all(futures: Iterable[asyncio.Future[Any]]) -> None:
    cancelled = list(futures)
    for future in cancelled:
        future.cancel()
    if cancelled:
        await asyncio.wait(cancelled)
        for future in cancelled:
            # Retrieved, or asyncio would log that it never was.
            if not future.cancelled():
                future.exception()


async def _read_rows(loads: list[PendingLoad]) -> list[Any]:
    """The rows of loads, with one read for each loader."""
    indexes_by_loader: dict[PlanLoader, list[int]] = {}
    for index, load in enumerate(loads):
        indexes_by_loader.setdefault(load.loader, []).append(index)
    reads = [_read(loader, [loads[index].key for index in indexes]) for loader, indexes in indexes_by_loader.items()]
    rows: list[Any] = [None] * len(loads)
    for indexes, loader_rows in zip(indexes_by_loader.values(), await gather_or_cancel(reads), strict=True):
        for index, row in zip(indexes, loader_rows, strict=True):
            if isinstance(row, Exception):
                raise row
            rows[index] = row
    return rows


async def _read(loader: PlanLoader, keys: list[Any]) -> Any:
    if len(keys) <= MAX_BATCH:
        return await loader.read(keys)
    rows: list[Any] = []
    slices = time_slices()
    for start in range(0, len(keys), MAX_BATCH):
        if slices.is_over():
            await slices.next()
        rows += await loader.read(keys[start : start + MAX_BATCH])
    return rows


class _StartedCoroutine(Coroutine[Any, Any, Any]):
    """The rest of a coroutine that was started and has yielded `awaited`, which goes to the event loop first."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], awaited: Any) -> None:
        self._coroutine = coroutine
        self._awaited = awaited
        self._has_yielded = False

    def __await__(self) -> Generator[Any, Any, Any]:
        return self  # type: ignore[return-value] # It has the methods of a generator that `await` calls.

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        if not self._has_yielded:
            self._has_yielded = True
            return self._awaited
        return self._checked(self._coroutine.send(value))

    def throw(self, *error: Any) -> Any:
        if not self._has_yielded:
            # The task was cancelled before it got the future, so it could not cancel that.
            self._has_yielded = True
            if isinstance(self._awaited, asyncio.Future):
                self._awaited.cancel()
        return self._checked(self._coroutine.throw(*error))

    def close(self) -> None:
        self._coroutine.close()

    def _checked(self, awaited: Any) -> Any:
        if isinstance(awaited, PendingLoad):
            # A load after another await comes too late for the batch of its level.
            self._coroutine.close()
            raise PlanBailout
        return awaited
