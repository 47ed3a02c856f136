"""Brings the events about tool calls together with the outputs of the calls."""

from storage.documents.formats.codex.commands import is_another
from storage.documents.formats.codex.draft import RolloutDraft
from storage.documents.formats.codex.entries import ResponseItem, ToolEvent


class TurnCalls:
    """What is known of the calls and the outputs of a turn. An event about a call is before or after its output."""

    def __init__(self) -> None:
        # Hashes of the ids of the calls of all turns.
        self._ids: set[int] = set()
        self._commands: dict[str, str] = {}
        self._events: dict[str, list[ToolEvent]] = {}
        # The part of a draft that is the output of a call.
        self._outputs: dict[str, tuple[RolloutDraft, int]] = {}

    def begin_turn(self) -> None:
        """Forget the calls of the turn before."""
        self._commands, self._events, self._outputs = {}, {}, {}

    def add_call(self, call: ResponseItem) -> None:
        """Add the item of a call."""
        self._ids.add(hash(call.id))
        self._commands[call.id] = call.command

    def add_output(self, call_id: str, draft: RolloutDraft) -> None:
        """Add the output of a call, which is the last part of a draft."""
        index = len(draft.parts) - 1
        for event in self._events.pop(call_id, ()):
            draft.add_event(index, event)
        self._outputs[call_id] = draft, index

    def has_run_another(self, event: ToolEvent) -> bool:
        """Whether another command ran than the one that was called."""
        return is_another(event.command, self._commands.get(event.call_id, ""))

    def take_event(self, event: ToolEvent) -> bool:
        """Add an event to the output of its call. False if it must be shown, since its call has no item."""
        output = self._outputs.pop(event.call_id, None)
        if output is not None:
            draft, index = output
            draft.add_event(index, event)
        elif hash(event.call_id) in self._ids or not event.is_shown:
            self._events.setdefault(event.call_id, []).append(event)
        else:
            return False
        return True
