"""What many resolvers of a level wait for, read together: a plan steps each of them itself until it waits for a row."""

import asyncio
from collections.abc import Awaitable, Coroutine, Generator, Iterable
from inspect import iscoroutine
from typing import Any

from resolvers.context import Read
from schema.execution.leaves import PlanBailout


class Load:
    """A key whose row is waited for."""

    __slots__ = ("key", "loads")

    def __init__(self, loads: "Loads", key: Any) -> None:
        self.loads = loads
        self.key = key

    def __await__(self) -> Generator["Load", Any, Any]:
        return (yield self)


class Loads:
    """A loader for resolvers that a plan steps: it reads nothing by itself."""

    def __init__(self, read: Read) -> None:
        self.read = read

    def load(self, key: Any) -> Awaitable[Any]:
        """To be read by `settled`."""
        return Load(self, key)


async def settled(values: list[Any]) -> list[Any]:
    """The values, with what is waited for in place of what waits: loads, and coroutines that did not begin.

    Raises what these do, once all the others have ended, and PlanBailout.
    """
    if all(type(value) is Load for value in values):
        return await _rows(values)
    level = _Level(values)
    try:
        return await level.settled()
    except BaseException:
        await level.cancel()
        raise


class _Level:
    """Values of which some are waited for."""

    def __init__(self, values: list[Any]) -> None:
        self._values = values
        # By their places: coroutines that wait for a load, what is to be read, and what waits for the event loop.
        self._waiting: dict[int, Coroutine[Any, Any, Any]] = {}
        self._wanted: dict[int, Load] = {}
        self._others: dict[int, _Rest] = {}

    async def settled(self) -> list[Any]:
        """All of them. Raises what they do, while others may go on."""
        values = self._values
        for place, value in enumerate(values):
            if type(value) is Load:
                self._wanted[place] = value
            elif iscoroutine(value):
                self._step(place, value, None)
        while self._wanted or self._others:
            wanted, self._wanted = self._wanted, {}
            others, self._others = self._others, {}
            # None waits for another to go on: it may hold what that needs.
            reads = [_rows(list(wanted.values()))] if wanted else []
            results = await together([*others.values(), *reads])
            rows = results.pop() if wanted else []
            for place, result in zip(others, results, strict=True):
                values[place] = result
            for place, row in zip(wanted, rows, strict=True):
                coroutine = self._waiting.pop(place, None)
                if coroutine is None:
                    values[place] = row
                else:
                    self._step(place, coroutine, row)
        return values

    async def cancel(self) -> None:
        """Ends what has begun, and what has not."""
        for coroutine in (*self._waiting.values(), *self._values):
            if iscoroutine(coroutine):
                coroutine.close()
        # Not closed: what waits for a database must be told to leave it.
        await _cancelled(map(asyncio.ensure_future, self._others.values()))

    def _step(self, place: int, coroutine: Coroutine[Any, Any, Any], sent: Any) -> None:
        """Runs a coroutine until it waits again."""
        self._values[place] = None
        try:
            waits_for = coroutine.send(sent)
        except StopIteration as end:
            self._values[place] = end.value
            return
        if isinstance(waits_for, Load):
            self._waiting[place] = coroutine
            self._wanted[place] = waits_for
        else:
            self._others[place] = _Rest(coroutine, waits_for)


async def together(awaitables: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    """What they give, all run at once. Once one fails or this is cancelled, the others are cancelled and have ended."""
    if len(awaitables) < 2:
        return [await awaitable for awaitable in awaitables]
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        await _cancelled(tasks)
        raise


async def _cancelled(tasks: Iterable[asyncio.Future[Any]]) -> None:
    ending = list(tasks)
    for task in ending:
        task.cancel()
    if ending:
        await asyncio.wait(ending)
        for task in ending:
            # Looked at, or it would be reported that nobody has.
            if not task.cancelled():
                task.exception()


async def _rows(loads: list[Load]) -> list[Any]:
    """The rows of keys, one reading for each loader."""
    by_loader: dict[Loads, list[int]] = {}
    for place, load in enumerate(loads):
        by_loader.setdefault(load.loads, []).append(place)
    reads = [_read(loader, [loads[place].key for place in places]) for loader, places in by_loader.items()]
    rows: list[Any] = [None] * len(loads)
    for places, some in zip(by_loader.values(), await together(reads), strict=True):
        for place, row in zip(places, some, strict=True):
            if isinstance(row, Exception):
                raise row
            rows[place] = row
    return rows


async def _read(loads: Loads, keys: list[Any]) -> Any:
    return await loads.read(keys)


class _Rest(Coroutine[Any, Any, Any]):
    """The rest of a coroutine that has begun, and waits for what only the event loop can give."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for
        self._is_told = False

    def __await__(self) -> Generator[Any, Any, Any]:
        return self  # type: ignore[return-value] # It has all of a generator that awaiting asks for.

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        if not self._is_told:
            self._is_told = True
            return self._waits_for
        return self._checked(self._coroutine.send(value))

    def throw(self, *error: Any) -> Any:
        if not self._is_told:
            # As a task would, which does not know yet what is waited for.
            self._is_told = True
            if isinstance(self._waits_for, asyncio.Future):
                self._waits_for.cancel()
        return self._checked(self._coroutine.throw(*error))

    def close(self) -> None:
        self._coroutine.close()

    def _checked(self, waits_for: Any) -> Any:
        if isinstance(waits_for, Load):
            # Whoever waited for other things before needs a row too late to read it together with others'.
            self._coroutine.close()
            raise PlanBailout
        return waits_for
