"""A scan of pi's entries: the messages they make, the tree they form, and what they tell of the session."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from storage.documents.derived_session import DIGEST_SIZE
from storage.documents.formats.blocks import Block
from storage.documents.formats.json_values import as_object, as_text, as_time, without
from storage.documents.formats.message_draft import MessageDraft
from storage.documents.formats.pi.context_edit import ContextEdits, EditLine, edited_target, is_omission
from storage.documents.formats.pi.entry_content import (
    ASSISTANT,
    SYSTEM,
    TOOL,
    cost_of,
    is_compaction,
    is_injected,
    is_reset,
    is_sent,
    is_system_prompt,
    message_of,
    role_of,
    usage_of,
)
from storage.documents.formats.record_reader import RecordReader
from storage.documents.formats.record_tree import RecordTree
from storage.documents.formats.transcript_format import TranscriptReader
from storage.records.token_usage import TokenUsage

_WITH_USAGE = ("usage", "model_usage", "compaction", "branch_summary")
"""The types of entries that record tokens which no reply has."""

_BEFORE_ENTRIES = ("title", "session")
"""The types of the lines before all entries: the header, and before it the title, which oh-my-pi writes in place."""


@dataclass(slots=True)
class ScannedEntry:
    """An entry that is a part of a message, whose lines have it at `line`.

    `first_kept` is the entry from which a compaction keeps the history. `edited` is the message that an edit of the
    context changes: this one stands in its place in requests, and none does after an edit that `omits` it.
    """

    message: int
    line: int
    is_compaction: bool
    is_sent: bool
    first_kept: str | None
    edited: int | None = None
    omits: bool = False


@dataclass(slots=True)
class EntryScan:
    """Everything that is needed of all entries."""

    drafts: list[MessageDraft] = field(default_factory=list)
    tree: RecordTree = field(default_factory=RecordTree)
    entries: dict[str, ScannedEntry] = field(default_factory=dict)
    prompts: dict[str, Block] = field(default_factory=dict)
    header: Block = field(default_factory=dict)
    times: list[object] = field(default_factory=list)
    name: str | None = None
    is_subagent: bool = False
    resets: set[str] = field(default_factory=set)
    labels: dict[str, str] = field(default_factory=dict)
    states: Block = field(default_factory=dict)
    other_usage: list[TokenUsage | None] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    has_copies: bool = False
    leaf: str | None = None
    _ended_at: datetime | None = None
    _edits: ContextEdits = field(default_factory=ContextEdits)
    _seen: set[bytes] = field(default_factory=set)
    _previous: str | None = None
    _count: int = 0

    def read(self, transcript: TranscriptReader) -> None:
        """Add the entries of a transcript. Lines that an earlier one has too are left out."""
        reader = RecordReader(transcript)
        last: Block = {}
        for offset, data, entry in reader.records():
            mark = blake2b(data, digest_size=DIGEST_SIZE).digest()
            if mark not in self._seen:
                self._seen.add(mark)
                self._add(reader, offset, data, entry)
            last = entry
        if last and last.get("type") not in _BEFORE_ENTRIES:
            self._note_end(last)

    def _note_end(self, last: Block) -> None:
        """Let the session continue from the last entry of a file, unless that of an earlier one was written later."""
        time = as_time(last.get("timestamp"))
        if self._ended_at is None or (time is not None and time >= self._ended_at):
            self.leaf, self._ended_at = as_text(last.get("id")) or self._previous, time

    def _add(self, reader: RecordReader, offset: int, data: bytes, entry: Block) -> None:
        place, self._count = self._count, self._count + 1
        if entry.get("type") in _BEFORE_ENTRIES:
            self._note_name(entry.get("title"))
            self.header = self.header or (entry if entry.get("type") == "session" else {})
            return
        self.times.append(entry.get("timestamp"))
        entry_id = as_text(entry.get("id"))
        # Entries of version 1 are a line without ids, and compactions name their places in the file.
        if entry_id:
            self.tree.add(entry_id, as_text(entry.get("parentId")) or None)
        else:
            entry_id = f"#{place}"
            self.tree.add(entry_id, self._previous)
        self._previous = entry_id
        self._note(entry)
        if is_system_prompt(entry):
            self.prompts[entry_id] = message_of(entry)
        if is_reset(entry):
            self.resets.add(entry_id)
        role = role_of(entry)
        if role is None or entry_id in self.entries:
            return
        if self._add_edit(reader, offset, data, entry, entry_id):
            return
        index = self._place(role, entry, entry_id)
        draft = self.drafts[index]
        draft.add_line(reader, offset, data)
        self.entries[entry_id] = ScannedEntry(
            index, len(draft.lines) - 1, is_compaction(entry), is_sent(entry), _first_kept(entry)
        )
        if role == ASSISTANT:
            self._note_reply(draft, entry)
        elif role == TOOL and not self._is_copied(entry):
            # A tool may have asked a model.
            self._add_tokens(as_object(message_of(entry).get("usage")))

    def _place(self, role: str, entry: Block, entry_id: str) -> int:
        """The index of the message that an entry belongs to: the results of one reply are one message."""
        spoken = self.tree.nearest(entry_id, self.entries)
        if role == TOOL and spoken is not None:
            before = self.entries[spoken]
            if self.drafts[before.message].role == TOOL and before.edited is None:
                return before.message
        time = as_time(entry.get("timestamp")) or as_time(message_of(entry).get("timestamp"))
        self.drafts.append(MessageDraft(role, time, is_injected=is_injected(entry), is_copied=self._is_copied(entry)))
        return len(self.drafts) - 1

    def _add_edit(self, reader: RecordReader, offset: int, data: bytes, entry: Block, entry_id: str) -> bool:
        """Add the message that stands in the place of an edit's target in requests. False for any other entry.

        Results of one reply share a message: it is repeated with the one that changed. An edit that leaves out a whole
        message is shown as it was written.
        """
        target = self.entries.get(edited_target(entry) or "")
        if target is None or target.edited is not None:
            return False
        spoken = self.drafts[target.message]
        edited = self._edits.add(
            spoken, target.line, entry_id, EditLine(reader, offset, data, is_omission(entry)), self.tree
        )
        draft = MessageDraft(spoken.role, as_time(entry.get("timestamp")), spoken.model)
        draft.is_injected, draft.is_copied = spoken.is_injected, self._is_copied(entry)
        if edited.omits:
            draft.role, draft.model, draft.is_injected = SYSTEM, None, True
            draft.add_line(reader, offset, data)
        else:
            draft.lines, draft.digest = list(edited.lines), edited.digest
        self.drafts.append(draft)
        self.entries[entry_id] = ScannedEntry(
            len(self.drafts) - 1, 0, False, False, None, edited=target.message, omits=edited.omits
        )
        return True

    def _is_copied(self, entry: Block) -> bool:
        """Whether an entry of a fork is older than its file: it was copied from the session that was forked."""
        if not self.header.get("parentSession"):
            return False
        started, written = as_time(self.header.get("timestamp")), as_time(entry.get("timestamp"))
        is_copied = started is not None and written is not None and written < started
        self.has_copies = self.has_copies or is_copied
        return is_copied

    def _note(self, entry: Block) -> None:
        """Take what an entry tells of the session."""
        kind = entry.get("type")
        if kind == "session_info":
            self.name = as_text(entry.get("name")).strip() or None
        elif kind == "title_change":
            self._note_name(entry.get("title"))
        elif kind == "session_init":
            self.is_subagent = True
        elif kind == "label" and (target := as_text(entry.get("targetId"))):
            self.labels.pop(target, None)
            if label := as_text(entry.get("label")):
                self.labels[target] = label
        elif kind == "thinking_level_change":
            self.states["thinking_level"] = as_text(entry.get("thinkingLevel"))
        elif kind == "model_change":
            # oh-my-pi joins the two.
            provider, _, model = as_text(entry.get("model")).partition("/")
            provider, model = as_text(entry.get("provider")) or provider, as_text(entry.get("modelId")) or model
            self.states.update({"provider": provider, "model": model} if model else {})
        elif kind in _WITH_USAGE and not self._is_copied(entry):
            self._add_tokens(as_object(entry.get("usage")))

    def _note_name(self, title: object) -> None:
        self.name = as_text(title).strip() or self.name

    def _note_reply(self, draft: MessageDraft, entry: Block) -> None:
        message = message_of(entry)
        tokens = as_object(message.get("usage"))
        draft.model = as_text(message.get("model")) or None
        draft.usage = usage_of(tokens)
        self.states.update(without({"provider": message.get("provider")}))
        if not draft.is_copied:
            self._add_cost(tokens)

    def _add_tokens(self, tokens: Block) -> None:
        """Add tokens that no reply has."""
        self.other_usage.append(usage_of(tokens))
        self._add_cost(tokens)

    def _add_cost(self, tokens: Block) -> None:
        cost = cost_of(tokens)
        if cost is not None:
            self.costs.append(cost)


def _first_kept(entry: Block) -> str | None:
    if not is_compaction(entry):
        return None
    place = entry.get("firstKeptEntryIndex")
    return as_text(entry.get("firstKeptEntryId")) or (f"#{place}" if isinstance(place, int) else None)
