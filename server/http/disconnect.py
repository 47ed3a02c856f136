"""Work for a client that may go away before it is done."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from server.http.body import Disconnected

T = TypeVar("T")

UNWATCHED_SECONDS = 0.05
"""What takes less is not worth to be stopped; most does."""


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives. Once the client is gone it is cancelled, with its statement, and raises Disconnected.

    For a request whose body has been read: what `receive` gives otherwise is dropped.
    """
    watching: asyncio.Task[None] | None = None

    def watch() -> None:
        nonlocal watching
        watching = loop.create_task(end())

    async def end() -> None:
        await left(receive)
        timeout.reschedule(loop.time())

    loop = asyncio.get_running_loop()
    timer = loop.call_later(UNWATCHED_SECONDS, watch)
    try:
        async with asyncio.timeout(None) as timeout:
            return await work
    except TimeoutError:
        if not timeout.expired():
            raise
        raise Disconnected from None
    finally:
        timer.cancel()
        if watching is not None:
            watching.cancel()


async def left(receive: Receive) -> None:
    """Returns when the client has gone."""
    while (await receive())["type"] != "http.disconnect":  # noqa: ASYNC110 - `receive` waits itself
        # A server may say again and again that no more comes.
        await asyncio.sleep(UNWATCHED_SECONDS)
