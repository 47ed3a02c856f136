"""How long an operation may take."""

import asyncio

from resolvers.errors import ServiceUnavailable


class Stop:
    """Ends the block that it is entered for when it is called: cancels the task, and takes that for the block's end.

    What asyncio.timeout does, without its clock: each request has two of them.
    """

    _is_called = False

    def __enter__(self) -> "Stop":
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._others = task.cancelling()
        return self

    def __call__(self) -> None:
        self._is_called = True
        self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        # Asked in any case: it takes the cancellation back.
        is_last = self._is_called and self._task.uncancel() <= self._others
        return is_last and kind is asyncio.CancelledError


class within:  # noqa: N801 - reads as the time that it is
    """Cancels the block, and the statement that it waits for, when its time is up. Raises ServiceUnavailable."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def __aenter__(self) -> None:
        self._stop = Stop().__enter__()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._stop)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        if self._stop.__exit__(kind):
            message = f"The operation took longer than the {self._seconds:g} seconds that are allowed."
            raise ServiceUnavailable(message) from None
