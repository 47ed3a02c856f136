"""The executor drops values of fields beside a failed one without warnings."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

from schema.executor import Completion


async def value() -> int:
    await asyncio.sleep(0)
    return 7


async def completed(result: Coroutine[Any, Any, int]) -> int:
    return await result + 1


async def test_a_completion_that_never_began_is_dropped_without_a_warning() -> None:
    # Warnings of coroutines that were never awaited fail the test.
    result = value()
    dropped = Completion(completed(result), result)
    del dropped, result
    result = value()
    task = asyncio.ensure_future(Completion(completed(result), result))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    del task, result
    gc.collect()


async def test_a_completion_that_is_awaited_has_its_value() -> None:
    result = value()

    assert await Completion(completed(result), result) == 8
