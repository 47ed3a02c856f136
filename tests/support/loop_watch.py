"""`reprise` with a watch over its event loop: `python -m tests.support.loop_watch serve`.

The file that LOOP_WATCH names gets the longest time for which the loop was busy, in seconds, and below it the stack of
what kept it busy.
"""

import asyncio
import contextlib
import os
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

import app
from server.commands.group import command_group
from server.settings import Settings

INTERVAL = 0.02


class LoopWatch:
    """Measures how late the loop resumes a task. Time in which the process did not run is not the loop's."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._longest = 0.0
        self._stack = ""
        self._loop_thread = threading.get_ident()
        self._resume = (time.monotonic(), time.process_time())
        self._write()
        threading.Thread(target=self._sample, daemon=True).start()

    async def run(self) -> None:
        """Measures until it is cancelled."""
        while True:
            self._resume = (time.monotonic() + INTERVAL, time.process_time())
            self._stack = ""
            await asyncio.sleep(INTERVAL)
            if (busy := self._busy()) > self._longest:
                self._longest = busy
                # Written at once: the process may be killed.
                self._write()

    def _busy(self) -> float:
        due, cpu = self._resume
        return min(time.monotonic() - due, time.process_time() - cpu)

    def _write(self) -> None:
        self._file.write_text(f"{self._longest}\n{self._stack}")

    def _sample(self) -> None:
        while True:
            time.sleep(INTERVAL)
            if self._busy() > 0.1:
                self._stack = "".join(traceback.format_stack(sys._current_frames()[self._loop_thread]))


def create_app(settings: Settings) -> Starlette:
    """The application, watched while it runs."""
    application = app.create_app(settings)
    lifespan = application.router.lifespan_context

    @contextlib.asynccontextmanager
    async def watched(app: Starlette) -> AsyncIterator[Any]:
        watching = asyncio.create_task(LoopWatch(Path(os.environ["LOOP_WATCH"])).run())
        async with lifespan(app) as state:
            yield state
        watching.cancel()

    application.router.lifespan_context = watched
    return application


if __name__ == "__main__":
    command_group(create_app)()
