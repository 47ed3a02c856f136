"""A scan of Qwen Code's lines: the messages they make, the tree they form, and what they tell of the session."""

from dataclasses import dataclass, field
from hashlib import blake2b

from storage.documents.derived_session import DIGEST_SIZE
from storage.documents.formats.blocks import Block
from storage.documents.formats.google_content import joined_text
from storage.documents.formats.json_values import as_object, as_text, as_time
from storage.documents.formats.message_draft import MessageDraft
from storage.documents.formats.named_files import FileNames
from storage.documents.formats.qwen.line_content import (
    ROLES,
    command_of_result,
    content_parts,
    goal_of,
    is_command_line,
    is_compression,
    is_injected_line,
    is_sent,
    line_blocks,
    model_of,
    usage_of,
)
from storage.documents.formats.qwen.typed_prompt import typed_prompt
from storage.documents.formats.record_reader import RecordReader
from storage.documents.formats.record_tree import RecordTree
from storage.documents.formats.transcript_format import TranscriptReader
from storage.documents.formats.whole_outputs import LongOutputs, WholeOutputs

LONG_OUTPUTS = LongOutputs(
    "Tool output was too large and has been truncated.",
    # The folders of projects are named by a hash of their paths.
    FileNames.of("tmp", "[0-9a-f]{64}", r"[\w.-]+\.output"),
)
"""The long outputs of tools."""

_COMMAND_MARK = "/"
"""How a command begins that a person types."""

_MARK = LONG_OUTPUTS.mark.encode()
_TITLE = "custom_title"
_LAST_STATES = {"session_model": "modelId", "session_approval_mode": "mode", "parent_session": "parentSessionId"}


@dataclass(slots=True)
class ScannedLine:
    """A line that is a part of a message, or a compression. `message` is the index of its message."""

    message: int
    reader: RecordReader
    offset: int
    is_compression: bool
    is_sent: bool


@dataclass(slots=True)
class ChatScan:
    """Everything that is needed of all lines."""

    outputs: WholeOutputs
    drafts: list[MessageDraft] = field(default_factory=list)
    tree: RecordTree = field(default_factory=RecordTree)
    lines: dict[str, list[ScannedLine]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    first: Block = field(default_factory=dict)
    times: list[object] = field(default_factory=list)
    version: str = ""
    git_branch: str = ""
    forked_from: str = ""
    rewinds: int = 0
    _seen: set[bytes] = field(default_factory=set)
    _previous: str | None = None
    _goal: str = ""
    _command: str = ""
    _commands: dict[str, str] = field(default_factory=dict)
    _typed: dict[str, str] = field(default_factory=dict)
    _answered: set[str] = field(default_factory=set)

    def typed(self, text: str) -> str:
        """What the person typed for a text: the command that stands for it, or the text itself."""
        return self._commands.get(text) or typed_prompt(text)

    def is_command(self, text: str) -> bool:
        """Whether a text is a command to the program. The model answers those that stand for a text."""
        return text.startswith(_COMMAND_MARK) and text not in self._answered

    def name_model(self, model: str) -> None:
        """Name the model of the replies that do not name one."""
        for draft in self.drafts:
            if draft.role == "ASSISTANT":
                draft.model = draft.model or model or None

    def read(self, transcript: TranscriptReader) -> None:
        """Add the lines of a transcript. Lines that an earlier one has too are left out."""
        reader = RecordReader(transcript, recovers_joined=True)
        for offset, data, record in reader.records():
            mark = blake2b(data, digest_size=DIGEST_SIZE).digest()
            if mark not in self._seen:
                self._seen.add(mark)
                self._add(reader, offset, data, record)

    def _add(self, reader: RecordReader, offset: int, data: bytes, record: Block) -> None:
        if not self.first and isinstance(record.get("sessionId"), str):
            self.first = {key: record.get(key) for key in ("sessionId", "cwd", "agentId", "agentName")}
        self._note(record)
        record_id = as_text(record.get("uuid"))
        parent_id = as_text(record.get("parentUuid")) or None
        if record_id:
            if parent_id is not None and parent_id not in self.tree and record.get("subtype") != "rewind":
                # The lines between were lost: the program continues from the line before.
                parent_id = self._previous
            self.tree.add(record_id, parent_id)
            self._previous = record_id
        index = self._place(record, record_id)
        if index is None:
            self._note_local_command(record, record_id)
            return
        draft = self.drafts[index]
        draft.add_line(reader, offset, data)
        if record.get("type") == "tool_result" and _MARK in data:
            draft.digest = self.outputs.digest(draft.digest, line_blocks(record))
        self._note_reply(draft, record)
        line = ScannedLine(index, reader, offset, is_compression(record), is_sent(record))
        self.lines.setdefault(record_id, []).append(line)

    def _note(self, record: Block) -> None:
        """Take what a line tells of the session."""
        self.times.append(record.get("timestamp"))
        self.version = as_text(record.get("version")) or self.version
        self.git_branch = as_text(record.get("gitBranch")) or self.git_branch
        if not self.forked_from:
            self.forked_from = as_text(as_object(record.get("forkedFrom")).get("sessionId"))
        if record.get("type") == "user" and self._command:
            self._commands[joined_text(content_parts(record)).strip()] = self._command
            self._command = ""
        if record.get("type") != "system":
            return
        subtype, payload = as_text(record.get("subtype")), as_object(record.get("systemPayload"))
        if subtype == _TITLE and (title := as_text(payload.get("customTitle")).strip()):
            self.titles["auto" if payload.get("titleSource") == "auto" else "manual"] = title
        elif subtype in _LAST_STATES and (value := as_text(payload.get(_LAST_STATES[subtype]))):
            self.states[subtype] = value
        elif subtype == "rewind":
            self.rewinds += 1
        elif subtype == "slash_command" and payload.get("phase") == "invocation":
            # The person's next line has the text that it stands for.
            self._command = as_text(payload.get("rawCommand")).strip() if payload.get("sentToModel") is True else ""

    def _note_local_command(self, record: Block, record_id: str) -> None:
        """Do not send a command that the program answered itself: the line before the answer has it."""
        command = command_of_result(record)
        above = self.tree.nearest(record_id, self.lines) if command else None
        if above is not None:
            line = self.lines[above][-1]
            line.is_sent = line.is_sent and not is_command_line(line.reader.record(line.offset), command)

    def _place(self, record: Block, record_id: str) -> int | None:
        """The index of the message that a line belongs to, a new one if need be; None when it says nothing."""
        kind = as_text(record.get("type"))
        sets_goal = self._sets_goal(record)
        if kind == "system" and not is_compression(record) and not sets_goal:
            return None
        if kind in ROLES and not content_parts(record) and (kind != "assistant" or usage_of(record) is None):
            return None
        if record_id in self.lines:
            return self.lines[record_id][-1].message
        joined = self._joined(record, record_id)
        if joined is not None:
            return joined
        role = "USER" if sets_goal else ROLES.get(kind, "SYSTEM")
        is_injected = role == "SYSTEM" or (
            role == "USER" and not sets_goal and is_injected_line(record, line_blocks(record))
        )
        self.drafts.append(MessageDraft(role, as_time(record.get("timestamp")), is_injected=is_injected))
        if role == "USER" and (text := joined_text(content_parts(record)).strip()).startswith(_COMMAND_MARK):
            self._typed[record_id] = text
        return len(self.drafts) - 1

    def _sets_goal(self, record: Block) -> bool:
        """Whether a person set or edited a goal in a line: each change of the goal states its objective again."""
        if record.get("subtype") != "goal_state":
            return False
        before, self._goal = self._goal, goal_of(record)
        return bool(self._goal) and self._goal != before

    def _joined(self, record: Block, record_id: str) -> int | None:
        """The message before, when the line continues it: one with the results of the same reply, or that reply.

        A subagent's reply is written as a line for its text and one for each of its calls.
        """
        kind = record.get("type")
        above = self.tree.nearest(record_id, self.lines) if record_id else None
        if above is None:
            return None
        index = self.lines[above][-1].message
        draft = self.drafts[index]
        if kind == "tool_result" and draft.role == "TOOL":
            return index
        is_call_of_reply = kind == "assistant" and record.get("isSidechain") is True and usage_of(record) is None
        return index if is_call_of_reply and draft.role == "ASSISTANT" else None

    def _note_reply(self, draft: MessageDraft, record: Block) -> None:
        if record.get("type") != "assistant":
            return
        if (above := self.tree.nearest(as_text(record.get("uuid")), self.lines)) in self._typed:
            self._answered.add(self._typed[above])
        draft.model = draft.model or model_of(record)
        draft.usage = usage_of(record) or draft.usage
        draft.is_copied = bool(as_object(record.get("forkedFrom")))
