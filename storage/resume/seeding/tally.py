"""What seeding has done: of one claim, for the log, and of a process, for whoever counts."""

import time
from collections import Counter
from typing import Any

from storage.resume.seeding.batch import SeedBatch
from storage.resume.seeding.lease import HeldLease


class SeedTally:
    """Counts since the process began, which only grow.

    `bytes` are those of the messages read, as UTF-8; `seconds` went into batches. `ended` is by outcome: READY, the
    code of an error, or LOST where the task was canceled or another owner took it over.
    """

    def __init__(self) -> None:
        self.batches = 0
        self.messages = 0
        self.items = 0
        self.bytes = 0
        self.seconds = 0.0
        self.ended: Counter[str] = Counter()

    def add(self, held: HeldLease, batch: SeedBatch, seconds: float) -> None:
        """Count a batch that was committed after the cursor stood at `held`."""
        self.batches += 1
        self.messages += batch.messages_read - held.messages_read
        self.items += batch.items_written - held.items_written
        self.bytes += batch.bytes_read
        self.seconds += seconds


class Work:
    """What one claim has come to."""

    def __init__(self, thread_id: str) -> None:
        self._thread_id = thread_id
        self._began = time.monotonic()
        self._tally = SeedTally()
        self._attempt: int | None = None
        self._items = 0

    def wrote(self, held: HeldLease, batch: SeedBatch, seconds: float) -> None:
        """A batch was committed."""
        self._attempt = held.attempt
        self._items = batch.items_written
        self._tally.add(held, batch, seconds)

    def fields(self, outcome: str | None = None) -> dict[str, Any]:
        """For the log. `items` are all of the thread; the other counts are of this claim."""
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
