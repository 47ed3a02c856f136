"""Tells which lines of a rollout were copied from the thread that it is a fork of."""

from collections.abc import Set

from storage.documents.formats.codex.entries import CopiedHeader, Entry, Place, TurnSettings, TurnStart
from storage.documents.formats.codex.rollout import Rollout
from storage.documents.formats.codex.rollout_name import time_of_id


class CopiedLines:
    """Follows a rollout's entries.

    A fork of the older form begins with its own header, the header of its source and the source's lines, whose times
    may be new. The first turn that the source does not have is the fork's own. Without the source, a turn is copied
    whose id, or else whose line, is older than the fork.
    """

    FOLLOWED = (CopiedHeader, TurnStart, TurnSettings)
    """The entries that tell what is copied."""

    def __init__(self, rollout: Rollout, source_turns: Set[str] | None) -> None:
        header = rollout.header
        self.is_copied = False
        self._source_turns = source_turns
        self._rollout = rollout
        self._thread_made = None if header is None else time_of_id(header.thread_id)

    def follow(self, entry: Entry) -> None:
        """Take note of the next entry."""
        if isinstance(entry, CopiedHeader):
            self.is_copied = True
        elif self.is_copied and isinstance(entry, TurnStart | TurnSettings) and entry.turn_id:
            self.is_copied = self._is_copied_turn(entry.turn_id, entry.place)

    def _is_copied_turn(self, turn_id: str, place: Place) -> bool:
        if self._source_turns is not None:
            return turn_id in self._source_turns
        made = time_of_id(turn_id)
        if made is not None and self._thread_made is not None:
            return made < self._thread_made
        time, first = place.time, self._rollout.first
        begun = None if first is None else first.time
        return time is not None and begun is not None and time <= begun
