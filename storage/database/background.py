"""Work in the background of a block."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any


@contextlib.asynccontextmanager
async def in_background(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Run `work` in a task of this name until the block ends, which cancels it. Raises as `cancel` does."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        await cancel(task)


async def cancel(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it has ended. Raises what it raised, and the caller's own cancellation.

    `await task` within `suppress(CancelledError)` would lose a cancellation of the caller, which then never ends.
    """
    task.cancel()
    own: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            own = error
    if own is not None:
        raise own
    if not task.cancelled():
        task.result()
