"""The progress bar of an import."""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

import click


class ImportProgress:
    """A bar on standard error, by the bytes of the files that were read, with their rate and the time left."""

    def __init__(self, size: int) -> None:
        # A bar of length 0 would be shown as finished from the start.
        self._bar = click.progressbar(
            length=max(size, 1), label="Importing", item_show_func=self._rate, file=sys.stderr, update_min_steps=1
        )
        self._began = time.monotonic()
        self._done = 0

    def __enter__(self) -> "ImportProgress":
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._bar.update(self._bar.length - self._bar.pos if self._bar.length else 0)
        self._bar.__exit__(kind, error, trace)

    def advance(self, size: int) -> None:
        """Count bytes that were read."""
        self._done += size
        self._bar.update(size, self._done)

    def advance_files(self, paths: Iterable[Path]) -> None:
        """Count files that were read."""
        self.advance(sum(path.stat().st_size for path in paths if path.is_file()))

    def _rate(self, done: int | None) -> str | None:
        seconds = time.monotonic() - self._began
        return None if not done or seconds < 1 else f"{done / seconds / 1e6:.1f} MB/s"
