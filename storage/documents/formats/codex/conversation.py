"""Puts the entries of rollouts together into messages, and tracks which of them the model sees."""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from storage.documents.derived_session import DerivedMessage
from storage.documents.formats.codex.copied_lines import CopiedLines
from storage.documents.formats.codex.draft import DraftPart, Form, LineReader, RolloutDraft
from storage.documents.formats.codex.entries import (
    Compaction,
    CompactionAnswer,
    CopiedHeader,
    Entry,
    ItemKind,
    LinePlace,
    ResponseItem,
    Rollback,
    Shown,
    TokenCount,
    ToolEvent,
    TurnEnd,
    TurnSettings,
    TurnStart,
    Unknown,
    WorktreeSnapshot,
)
from storage.documents.formats.codex.event_matching import EventMatches, match_events
from storage.documents.formats.codex.reply_usage import ReplyUsage
from storage.documents.formats.codex.token_meter import TokenMeter
from storage.documents.formats.codex.turn_calls import TurnCalls

_TURN_STARTS = (TurnStart, CopiedHeader)
_ROLES = {ItemKind.USER: "USER", ItemKind.SYSTEM: "SYSTEM"}


class AbandonedBranch(NamedTuple):
    """An abandoned branch of the conversation, by the positions of its first and its last message."""

    first: int
    last: int


class _Settings(NamedTuple):
    model: str = ""
    mode: str = ""
    workspace: str = ""


class Reading(NamedTuple):
    """A rollout whose entries are read: its lines, and which of them were copied from another thread."""

    thread_id: str
    lines: LineReader
    copied: CopiedLines


class RolloutConversation:
    """The messages of a session. `live` has the positions of those that the model sees, in order.

    `usage` is that of the session's own replies. `settings` are those of the last turn; their `workspace` is that of
    the session's own last turn, and empty without one.
    """

    def __init__(self) -> None:
        self.drafts: list[RolloutDraft] = []
        self.live: list[int] = []
        self.branches: list[AbandonedBranch] = []
        self.snapshots: list[object] = []
        self.usage = ReplyUsage()
        self.settings = _Settings()
        self._meter = TokenMeter()
        self._reply: int | None = None
        self._outputs: int | None = None
        self._calls = TurnCalls()

    def add(self, reading: Reading, entries: Iterable[Entry], *, is_own: bool) -> None:
        """Add entries of a rollout. Those that are not the session's own count no tokens."""
        self._close()
        self.usage.expect_none()
        turn: list[Entry] = []
        for entry in entries:
            if turn and isinstance(entry, _TURN_STARTS):
                self._add_turn(reading, turn, is_own=is_own, is_last=False)
                turn = []
            turn.append(entry)
        self._add_turn(reading, turn, is_own=is_own, is_last=True)
        self._close()

    def add_branch(self, reading: Reading, entries: Iterable[Entry]) -> None:
        """Add the entries of an abandoned branch."""
        live, settings, total, first = list(self.live), self.settings, self._meter.total, len(self.drafts)
        self.add(reading, entries, is_own=True)
        self.live, self.settings, self._meter.total = live, settings, total
        if len(self.drafts) > first:
            self.branches.append(AbandonedBranch(first, len(self.drafts) - 1))

    def messages(self) -> list[DerivedMessage]:
        """The finished messages. The drafts are given up for them."""
        drafts, self.drafts = self.drafts, []
        drafts.reverse()
        messages: list[DerivedMessage] = []
        while drafts:
            messages.append(drafts.pop().message())
        return messages

    def _add_turn(self, reading: Reading, turn: Sequence[Entry], *, is_own: bool, is_last: bool) -> None:
        self._calls.begin_turn()
        matches = match_events(turn, is_last=is_last)
        for index, entry in enumerate(turn):
            if isinstance(entry, CopiedLines.FOLLOWED):
                was_copied = reading.copied.is_copied
                reading.copied.follow(entry)
                if was_copied and not reading.copied.is_copied:
                    self.usage.expect_none()
            self._add_entry(reading, matches, index, entry, is_own=is_own and not reading.copied.is_copied)

    def _add_entry(self, reading: Reading, matches: EventMatches, index: int, entry: Entry, *, is_own: bool) -> None:
        match entry:
            case ResponseItem():
                self._add_item(reading, entry, is_injected=index in matches.injected)
            case Shown():
                if index in matches.gaps:
                    self._add_event(reading, entry)
            case TokenCount():
                self._reply = None
                usage = self._meter.read(entry)
                if is_own and entry.thread_id in ("", reading.thread_id):
                    self.usage.add(usage)
            case TurnStart() | TurnEnd():
                self._close()
            case TurnSettings(model=model, mode=mode, workspace=workspace):
                self._reply = None
                before = self.settings
                own_workspace = workspace if is_own and workspace else before.workspace
                self.settings = _Settings(model or before.model, mode or before.mode, own_workspace)
            case CompactionAnswer():
                self._close()
                self.usage.expect_none()
            case Compaction():
                self._compact(reading, entry)
            case Rollback(turn_count=turn_count):
                self._roll_back(turn_count)
            case WorktreeSnapshot(commit=commit):
                self.snapshots.append(commit)
            case ToolEvent():
                self._add_tool_event(reading, entry)
            case Unknown():
                self._add_note(reading, Form.OTHER, entry.place)

    def _add_item(self, reading: Reading, item: ResponseItem, *, is_injected: bool) -> None:
        place = item.place
        if item.kind is ItemKind.OUTPUT:
            self._add_output(reading, item)
        elif item.kind is ItemKind.USER or item.kind is ItemKind.SYSTEM:
            self._close()
            is_prompt = item.kind is ItemKind.USER and not is_injected
            form = Form.PROMPT if is_prompt else Form.INJECTED
            position = self._new(reading, _ROLES[item.kind], place, is_prompt=is_prompt, is_injected=not is_prompt)
            self._put(position, DraftPart(form, place.offset), place)
            self.drafts[position].content = item.content
        else:
            if item.kind is ItemKind.CALL:
                self._calls.add_call(item)
            position = self._reply_position(reading, place)
            self._put(position, DraftPart(Form.ANSWER, place.offset, 0 if item.id else place.offset), place)
            self.drafts[position].content = item.content

    def _add_output(self, reading: Reading, item: ResponseItem) -> None:
        self._reply = None
        if self._outputs is None:
            self._outputs = self._new(reading, "TOOL", item.place)
        self._put(self._outputs, DraftPart(Form.OUTPUT, item.place.offset), item.place)
        self._calls.add_output(item.id, self.drafts[self._outputs])

    def _add_tool_event(self, reading: Reading, event: ToolEvent) -> None:
        if self._calls.has_run_another(event):
            self._add_note(reading, Form.RAN, event.place)
        if not self._calls.take_event(event):
            self._add_note(reading, Form.OTHER, event.place)

    def _add_event(self, reading: Reading, event: Shown) -> None:
        if event.kind is ItemKind.USER:
            self._close()
            position = self._new(reading, "USER", event.place, is_prompt=True)
        else:
            position = self._reply_position(reading, event.place)
        self._put(position, DraftPart(Form.EVENT, event.place.offset), event.place, is_sent=False)

    def _add_note(self, reading: Reading, form: Form, place: LinePlace) -> None:
        position = self._new(reading, "SYSTEM", place, is_injected=True)
        self._put(position, DraftPart(form, place.offset), place, is_sent=False)

    def _reply_position(self, reading: Reading, place: LinePlace) -> int:
        self._outputs = None
        if self._reply is None:
            self._reply = self._new(reading, "ASSISTANT", place)
            self.drafts[self._reply].model = self.settings.model or None
            self.usage.expect(self.drafts[self._reply])
        return self._reply

    def _new(
        self, reading: Reading, role: str, place: LinePlace, *, is_prompt: bool = False, is_injected: bool = False
    ) -> int:
        draft = RolloutDraft(role, reading.lines, created_at=place.time, is_prompt=is_prompt, is_injected=is_injected)
        self.drafts.append(draft)
        return len(self.drafts) - 1

    def _put(self, position: int, part: DraftPart, place: LinePlace, *, is_sent: bool = True) -> None:
        draft = self.drafts[position]
        draft.add(part, place.digest)
        if is_sent and not draft.is_sent:
            draft.is_sent = True
            self.live.append(position)

    def _close(self) -> None:
        self._reply = self._outputs = None

    def _compact(self, reading: Reading, compaction: Compaction) -> None:
        """The model continues from what a compaction kept: its summary, and earlier messages.

        Nobody but the provider can continue from a sealed summary, so that what it stands for stays before it.
        """
        self._close()
        place = compaction.place
        before, said = list(self.live), self._single_items()
        summary = self._new(reading, "SYSTEM", place, is_injected=True)
        self._put(summary, DraftPart(Form.SUMMARY, place.offset), place)
        self.usage.expect(self.drafts[summary])
        if compaction.history is None:
            self.live = [*filter(self._is_prompt, before), summary]
            return
        kept: list[int] = []
        for number, item in enumerate(compaction.history):
            if item is None:
                continue
            role = _ROLES.get(item.kind, "ASSISTANT")
            if item.is_summary:
                kept.append(summary)
            elif positions := said[role, item.content]:
                kept.append(positions.popleft())
            else:
                kept.append(self._new(reading, role, place, is_injected=True))
                self._put(kept[-1], DraftPart(Form.REPLACEMENT, place.offset, number), place)
        kept = kept if summary in kept else [*kept, summary]
        if compaction.is_sealed:
            kept = [*before, *(position for position in kept if position >= summary)]
        self.live = list(dict.fromkeys(kept))

    def _single_items(self) -> dict[tuple[str, int], deque[int]]:
        """The messages of one item, by their role and what the item says."""
        said: dict[tuple[str, int], deque[int]] = defaultdict(deque)
        for position, draft in enumerate(self.drafts):
            if draft.content and len(draft.parts) == 1:
                said[draft.role, draft.content].append(position)
        return said

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


def _branches(positions: list[int]) -> list[AbandonedBranch]:
    """Positions as ranges."""
    branches: list[AbandonedBranch] = []
    for position in positions:
        if branches and branches[-1].last == position - 1:
            branches[-1] = AbandonedBranch(branches[-1].first, position)
        else:
            branches.append(AbandonedBranch(position, position))
    return branches
