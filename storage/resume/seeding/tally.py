"""Counters of seeding: of one claim for the log, and of the process for the metrics."""

import time
from collections import Counter
from typing import Any

from storage.resume.seeding.batch import SeedBatch
from storage.resume.seeding.lease import HeldLease


class SeedTally:
    """Monotonic counters since the process started.

    `bytes` are the UTF-8 bytes of the messages read, `seconds` the time spent in batches. `ended` counts by outcome:
    READY, the code of an error, or LOST when the task was canceled or taken over.
    """

    def __init__(self) -> None:
        self.batches = 0
        self.messages = 0
        self.items = 0
        self.bytes = 0
        self.seconds = 0.0
        self.ended: Counter[str] = Counter()

    def add(self, held: HeldLease, batch: SeedBatch, seconds: float) -> None:
        """Count a committed batch; `held` is the cursor before it."""
        self.batches += 1
        self.messages += batch.cursor.messages_read - held.messages_read
        self.items += batch.cursor.items_written - held.items_written
        self.bytes += batch.bytes_read
        self.seconds += seconds


class ClaimProgress:
    """Progress of one claim."""

    def __init__(self, thread_id: str) -> None:
        self._thread_id = thread_id
        self._began = time.monotonic()
        self._tally = SeedTally()
        self._attempt: int | None = None
        self._items = 0

    def add(self, held: HeldLease, batch: SeedBatch, seconds: float) -> None:
        """Count a committed batch."""
        self._attempt = held.attempt
        self._items = batch.cursor.items_written
        self._tally.add(held, batch, seconds)

    def fields(self, outcome: str | None = None) -> dict[str, Any]:
        """Return the fields of a log line. `items` counts the whole thread; the other counters are of this claim."""
        fields = {
            "thread_id": self._thread_id,
            "outcome": outcome,
            "attempt": self._attempt,
            "items": self._items,
            "items_written": self._tally.items,
            "messages": self._tally.messages,
            "bytes": self._tally.bytes,
            "batches": self._tally.batches,
            "seconds": round(time.monotonic() - self._began, 3),
        }
        return {name: value for name, value in fields.items() if value is not None}
