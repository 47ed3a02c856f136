"""What many resolvers of a level wait for, read together: a plan steps each of them itself until it waits for a row."""

import asyncio
import types
from collections.abc import Awaitable, Coroutine, Generator
from functools import partial
from inspect import iscoroutine
from typing import Any

from resolvers.context import Read


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
    """The values, with what is waited for in place of what waits: loads and coroutines. Raises what these do."""
    if all(type(value) is Load for value in values):
        return await _rows(values)
    waiting: dict[int, Coroutine[Any, Any, Any]] = {}
    wanted: dict[int, Load] = {}
    others: dict[int, Coroutine[Any, Any, Any]] = {}

    def step(place: int, coroutine: Coroutine[Any, Any, Any], sent: Any) -> None:
        """Run a coroutine until it waits again."""
        try:
            waits_for = coroutine.send(sent)
        except StopIteration as end:
            waiting.pop(place, None)
            values[place] = end.value
            return
        if isinstance(waits_for, Load):
            waiting[place] = coroutine
            wanted[place] = waits_for
        else:
            waiting.pop(place, None)
            others[place] = _rest(coroutine, waits_for)

    try:
        for place, value in enumerate(values):
            if type(value) is Load:
                wanted[place] = value
            elif iscoroutine(value):
                step(place, value, None)
        while wanted:
            asked, wanted = wanted, {}
            for place, row in zip(asked, await _rows(list(asked.values())), strict=True):
                if place in waiting:
                    step(place, waiting[place], row)
                else:
                    values[place] = row
        for place, result in zip(list(others), await together(list(others.values())), strict=True):
            values[place] = result
    finally:
        for coroutine in (*waiting.values(), *others.values()):
            coroutine.close()
    return values


async def together(awaitables: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    """What they give, all run at once. Once one fails or this is cancelled, so are the others."""
    if len(awaitables) < 2:
        return [await awaitable for awaitable in awaitables]
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def _rows(loads: list[Load]) -> list[Any]:
    """The rows of keys, one reading for each loader."""
    first = loads[0].loads
    if all(load.loads is first for load in loads):
        rows = list(await first.read([load.key for load in loads]))
    else:
        by_loader: dict[Loads, list[int]] = {}
        for place, load in enumerate(loads):
            by_loader.setdefault(load.loads, []).append(place)
        rows = [None] * len(loads)
        reads = [_read(loader, [loads[place].key for place in places]) for loader, places in by_loader.items()]
        for places, some in zip(by_loader.values(), await together(reads), strict=True):
            for place, row in zip(places, some, strict=True):
                rows[place] = row
    for row in rows:
        if isinstance(row, Exception):
            raise row
    return rows


async def _read(loads: Loads, keys: list[Any]) -> Any:
    return await loads.read(keys)


@types.coroutine
def _rest(coroutine: Coroutine[Any, Any, Any], waits_for: Any) -> Generator[Any, Any, Any]:
    """The rest of a coroutine that has begun, and waits for what only the event loop can give."""
    while True:
        try:
            if isinstance(waits_for, Load):
                [sent] = yield from _rows([waits_for]).__await__()
            else:
                sent = yield waits_for
        except GeneratorExit:
            coroutine.close()
            raise
        except BaseException as error:
            step = partial(coroutine.throw, error)
        else:
            step = partial(coroutine.send, sent)
        try:
            waits_for = step()
        except StopIteration as end:
            return end.value
