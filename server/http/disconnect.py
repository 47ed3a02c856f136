"""Cancelling the work of a request whose client disconnects."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from schema.limits.deadline import Deadline, SharedTimer
from server.http.body import Disconnected

T = TypeVar("T")

GRACE_SECONDS = 0.05
"""How long work runs before its client is watched. Most requests end earlier."""


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T], timer: SharedTimer) -> T:
    """The result of `work`, which is cancelled with its SQL statement when the client disconnects.

    Raises Disconnected in that case. The body must have been read: `receive` is called for disconnects only, and only
    once `timer` has run.
    """
    watcher: asyncio.Task[None] | None = None

    def start_watcher() -> None:
        nonlocal watcher
        watcher = asyncio.create_task(stop_on_disconnect())

    async def stop_on_disconnect() -> None:
        await wait_for_disconnect(receive)
        deadline.stop()

    deadline = Deadline()
    timer.add(start_watcher)
    try:
        with deadline:
            return await work
    except TimeoutError:
        if not deadline.is_expired:
            raise
        raise Disconnected from None
    finally:
        timer.remove(start_watcher)
        if watcher is not None:
            watcher.cancel()


async def wait_for_disconnect(receive: Receive) -> None:
    """Returns when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":  # noqa: ASYNC110 - `receive` waits itself
        # A server may repeat the message that ends the body.
        await asyncio.sleep(GRACE_SECONDS)
