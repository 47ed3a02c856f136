"""Puts the entries of rollouts together to messages, and follows what the model sees of them."""

from collections import defaultdict
from typing import NamedTuple

from storage.documents.formats.codex.copied_lines import CopiedLines
from storage.documents.formats.codex.draft import Draft, Form, LineReader, Part
from storage.documents.formats.codex.entries import (
    Compaction,
    CompactionAnswer,
    Entry,
    Item,
    ItemKind,
    Place,
    Replacement,
    Rollback,
    Shown,
    Snapshot,
    TokenCount,
    ToolEvent,
    TurnEnd,
    TurnSettings,
    TurnStart,
    Unknown,
)
from storage.documents.formats.codex.event_matching import Matches, match_events
from storage.documents.formats.codex.scan import Rollout
from storage.documents.formats.codex.token_meter import TokenMeter
from storage.records.token_usage import NO_TOKENS, TokenUsage

_ROLES = {ItemKind.USER: "USER", ItemKind.SYSTEM: "SYSTEM"}


class Branch(NamedTuple):
    """Messages that the conversation went away from, by the positions of the first and the last."""

    first: int
    last: int


class _Settings(NamedTuple):
    model: str = ""
    mode: str = ""


class RolloutReading:
    """What is needed of a rollout to read its entries: which event belongs to what, and its lines."""

    def __init__(self, rollout: Rollout, copied: CopiedLines) -> None:
        self.rollout = rollout
        self.copied = copied
        self.lines = LineReader(rollout.transcript)
        self.matches: Matches = match_events(rollout.entries)
        self._events: dict[str, list[ToolEvent]] = defaultdict(list)
        self._outputs: dict[str, int] = defaultdict(int)
        self._calls: set[str] = set()
        for entry in rollout.entries:
            if isinstance(entry, ToolEvent):
                self._events[entry.call_id].append(entry)
            elif isinstance(entry, Item) and entry.kind is ItemKind.OUTPUT:
                self._outputs[entry.id] += 1
            elif isinstance(entry, Item) and entry.kind is ItemKind.CALL:
                self._calls.add(entry.id)

    def has_call(self, call_id: str) -> bool:
        """Whether there is an item of the call."""
        return call_id in self._calls

    def output_part(self, item: Item) -> Part:
        """The part of a message that a tool's output gives, with what events tell of it."""
        events = self._events.get(item.id, [])
        if self._outputs[item.id] > 1:
            # An id that was used again: each output has the next event.
            events, self._events[item.id] = events[:1], events[1:]
        fuller = next((event.place for event in events if event.is_fuller), None)
        is_failure = any(event.is_failure for event in events)
        return Part(self.lines, item.place, Form.OUTPUT, event=fuller, is_failure=is_failure)


class Conversation:
    """The messages of a session. `live` has the positions of those that the model sees, in order.

    `usage` is what the session's own replies took. `own_settings` are of the session itself, not of what it was forked
    from.
    """

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.live: list[int] = []
        self.branches: list[Branch] = []
        self.snapshots: list[object] = []
        self.usage = NO_TOKENS
        self.settings = _Settings()
        self._meter = TokenMeter()
        self._reply: int | None = None
        self._outputs: int | None = None
        # The message that the next count belongs to, and tokens that were told before there was one.
        self._spender: int | None = None
        self._unclaimed = NO_TOKENS
        # Messages of one item, by the item's content: a compaction may keep them.
        self._single: dict[tuple[ItemKind, int], list[int]] = defaultdict(list)

    def add(self, reading: RolloutReading, indexes: range, *, is_own: bool) -> None:
        """Add entries of a rollout. What is not the session's own took no tokens of its own."""
        self._close()
        self._spender = None
        for index in indexes:
            entry = reading.rollout.entries[index]
            reading.copied.follow(entry)
            self._add_entry(reading, index, entry, is_own=is_own and not reading.copied.is_copied)
        self._close()

    def add_branch(self, reading: RolloutReading, indexes: range) -> None:
        """Add entries that the conversation went away from."""
        live, settings, total, first = list(self.live), self.settings, self._meter.total, len(self.drafts)
        self.add(reading, indexes, is_own=True)
        self.live, self.settings, self._meter.total = live, settings, total
        if len(self.drafts) > first:
            self.branches.append(Branch(first, len(self.drafts) - 1))

    def _add_entry(self, reading: RolloutReading, index: int, entry: Entry, *, is_own: bool) -> None:
        match entry:
            case Item():
                self._add_item(reading, entry, is_injected=index in reading.matches.injected)
            case Shown():
                if index in reading.matches.gaps:
                    self._add_event(Part(reading.lines, entry.place, Form.EVENT), entry)
            case TokenCount():
                self._reply = None
                usage = self._meter.read(entry)
                if is_own and entry.thread_id in ("", reading.rollout.thread_id):
                    self._spend(usage)
            case TurnStart() | TurnEnd():
                self._close()
            case TurnSettings(model=model, mode=mode):
                self._reply = None
                self.settings = _Settings(model or self.settings.model, mode or self.settings.mode)
            case CompactionAnswer():
                self._close()
                self._spender = None
            case Compaction():
                self._compact(reading, entry)
            case Rollback(turn_count=turn_count):
                self._roll_back(turn_count)
            case Snapshot(commit=commit):
                self.snapshots.append(commit)
            case ToolEvent(call_id=call_id, is_shown=True) if not reading.has_call(call_id):
                self._add_unknown(reading, entry.place)
            case Unknown():
                self._add_unknown(reading, entry.place)

    def _add_item(self, reading: RolloutReading, item: Item, *, is_injected: bool) -> None:
        if item.kind is ItemKind.OUTPUT:
            self._add_output(reading.output_part(item), item)
        elif item.kind is ItemKind.USER or item.kind is ItemKind.SYSTEM:
            self._close()
            is_prompt = item.kind is ItemKind.USER and not is_injected
            part = Part(reading.lines, item.place, Form.PROMPT if is_prompt else Form.INJECTED)
            position = self._new(_ROLES[item.kind], item.place, is_prompt=is_prompt, is_injected=not is_prompt)
            self._put(position, part)
            self._single[item.kind, item.content].append(position)
        else:
            position = self._reply_position(item.place)
            number = 0 if item.id else item.place.offset
            self._put(position, Part(reading.lines, item.place, Form.ANSWER, number))
            if item.kind is ItemKind.TEXT:
                self._single[item.kind, item.content].append(position)

    def _add_output(self, part: Part, item: Item) -> None:
        self._reply = None
        if self._outputs is None:
            self._outputs = self._new("TOOL", item.place)
        self._put(self._outputs, part)

    def _add_event(self, part: Part, event: Shown) -> None:
        if event.kind is ItemKind.USER:
            self._close()
            position = self._new("USER", event.place, is_prompt=True)
        else:
            position = self._reply_position(event.place)
        self._put(position, part, is_sent=False)

    def _add_unknown(self, reading: RolloutReading, place: Place) -> None:
        position = self._new("SYSTEM", place, is_injected=True)
        self._put(position, Part(reading.lines, place, Form.OTHER), is_sent=False)

    def _reply_position(self, place: Place) -> int:
        self._outputs = None
        if self._reply is None:
            self._reply = self._new("ASSISTANT", place)
            self.drafts[self._reply].model = self.settings.model or None
            self._expect_usage(self._reply)
        return self._reply

    def _new(self, role: str, place: Place, *, is_prompt: bool = False, is_injected: bool = False) -> int:
        draft = Draft(role, created_at=place.time, is_prompt=is_prompt, is_injected=is_injected, is_sent=False)
        self.drafts.append(draft)
        return len(self.drafts) - 1

    def _put(self, position: int, part: Part, *, is_sent: bool = True) -> None:
        draft = self.drafts[position]
        draft.parts.append(part)
        if is_sent and not draft.is_sent:
            draft.is_sent = True
            self.live.append(position)

    def _close(self) -> None:
        self._reply = self._outputs = None

    def _expect_usage(self, position: int) -> None:
        self._spender = position
        self.drafts[position].usage = self._unclaimed
        self._unclaimed = NO_TOKENS

    def _spend(self, usage: TokenUsage) -> None:
        self.usage = self.usage.plus(usage)
        if self._spender is None:
            self._unclaimed = self._unclaimed.plus(usage)
        else:
            draft = self.drafts[self._spender]
            draft.usage = draft.usage.plus(usage)

    def _compact(self, reading: RolloutReading, compaction: Compaction) -> None:
        """The model goes on from what a compaction kept: its summary, and earlier messages."""
        self._close()
        summary = self._new("SYSTEM", compaction.place, is_injected=True)
        self._put(summary, Part(reading.lines, compaction.place, Form.SUMMARY))
        self._expect_usage(summary)
        if compaction.history is None:
            self.live = [*filter(self._is_prompt, self.live[:-1]), summary]
            return
        kept: list[int] = []
        taken: dict[tuple[ItemKind, int], int] = defaultdict(int)
        for number, item in enumerate(compaction.history):
            if item.is_summary:
                kept.append(summary)
                continue
            position = self._kept_position(item, taken)
            if position is None:
                position = self._new(_ROLES.get(item.kind, "ASSISTANT"), compaction.place, is_injected=True)
                self._put(position, Part(reading.lines, compaction.place, Form.REPLACEMENT, number))
            kept.append(position)
        self.live = list(dict.fromkeys(kept if summary in kept else [*kept, summary]))

    def _kept_position(self, item: Replacement, taken: dict[tuple[ItemKind, int], int]) -> int | None:
        """The message that consists of an item that was kept; the k-th of equal ones for the k-th time."""
        key = (item.kind, item.content)
        positions = [position for position in self._single.get(key, ()) if len(self.drafts[position].parts) == 1]
        number, taken[key] = taken[key], taken[key] + 1
        return positions[number] if number < len(positions) else None

    def _is_prompt(self, position: int) -> bool:
        return self.drafts[position].is_prompt

    def _roll_back(self, turn_count: int) -> None:
        """Take the last turns out of what the model sees: all from the prompt on that began the first of them."""
        self._close()
        starts = [place for place, position in enumerate(self.live) if self._is_prompt(position)]
        if turn_count == 0 or not starts:
            return
        start = starts[max(0, len(starts) - turn_count)]
        self.branches += _branches(sorted(self.live[start:]))
        del self.live[start:]


def _branches(positions: list[int]) -> list[Branch]:
    """Positions as ranges."""
    branches: list[Branch] = []
    for position in positions:
        if branches and branches[-1].last == position - 1:
            branches[-1] = Branch(branches[-1].first, position)
        else:
            branches.append(Branch(position, position))
    return branches
