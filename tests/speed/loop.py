"""The event loop that benchmarks run on."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio

Result = TypeVar("Result")


def run(function: Callable[..., Awaitable[Result]], *arguments: Any) -> Result:
    """What the coroutine function returns, on the loop that the server runs on in production."""
    return anyio.run(function, *arguments, backend_options={"use_uvloop": sys.platform != "win32"})
