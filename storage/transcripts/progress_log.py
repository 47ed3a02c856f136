"""Logs how far a long import in the background of a server is."""

import logging
import time

log = logging.getLogger("reprise.import")

STEP_SECONDS = 10.0


class ProgressLog:
    """Logs every few seconds how many of `size` bytes are imported, and how long the rest is likely to take."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._done = 0
        self._began = self._logged = time.monotonic()

    def advance(self, size: int) -> None:
        """Count bytes that are imported, committed and shown to clients."""
        self._done += size
        now = time.monotonic()
        if now - self._logged < STEP_SECONDS or not self._done:
            return
        self._logged = now
        left = (now - self._began) * (self._size - self._done) / self._done
        log.info(
            "Imported %.1f of %.1f MB, the rest in about %.0f seconds", self._done / 1e6, self._size / 1e6, max(0, left)
        )
