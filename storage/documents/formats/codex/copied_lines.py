"""Tells which lines of a rollout were copied from the thread that it is a fork of."""

from collections.abc import Set
from datetime import timedelta

from storage.documents.formats.codex.entries import CopiedHeader, Entry, LinePlace, TurnSettings, TurnStart
from storage.documents.formats.codex.rollout import Rollout
from storage.documents.formats.codex.rollout_name import time_of_id

_COPYING = timedelta(seconds=1)
"""In which all lines are copied."""


class CopiedLines:
    """Follows a rollout's entries.

    A fork of the older form begins with its own header, the header of its source and the source's lines, whose times
    may be new. The first turn that the source does not have is the fork's own. Without the source, a turn is copied
    whose id is older than the fork; without ids that tell their time, one that was written when the fork began.
    """

    FOLLOWED = (CopiedHeader, TurnStart, TurnSettings)
    """The entries that tell what is copied."""

    def __init__(self, rollout: Rollout) -> None:
        header = rollout.header
        self.is_copied = header is not None and header.forked_from is not None and header.base is None
        self._rollout = rollout
        self._source_turns: Set[str] | None = None
        self._is_source_read = False
        self._thread_made = None if header is None else time_of_id(header.thread_id)

    def follow(self, entry: Entry) -> None:
        """Take note of the next entry."""
        if isinstance(entry, CopiedHeader):
            self.is_copied = True
        elif self.is_copied and isinstance(entry, TurnStart | TurnSettings):
            self.is_copied = self._is_copied_turn(entry.turn_id, entry.place)

    def _is_copied_turn(self, turn_id: str, place: LinePlace) -> bool:
        turns = self._turns_of_source()
        if turn_id and turns is not None:
            return turn_id in turns
        made = time_of_id(turn_id)
        if made is not None and self._thread_made is not None:
            return made < self._thread_made
        time, first = place.time, self._rollout.first
        begun = None if first is None else first.time
        return time is not None and begun is not None and time <= begun + _COPYING

    def _turns_of_source(self) -> Set[str] | None:
        """The ids of the source's turns; None when the source was never read."""
        if not self._is_source_read:
            self._is_source_read = True
            header = self._rollout.header
            key = None if header is None else header.forked_from or header.spawned_by
            source = None if key is None else self._rollout.transcript.base(key)
            if source is not None:
                turns = (entry for entry in Rollout(source).entries() if isinstance(entry, TurnStart | TurnSettings))
                self._source_turns = {turn.turn_id for turn in turns}
        return self._source_turns
