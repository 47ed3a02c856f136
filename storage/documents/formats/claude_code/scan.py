"""The pass over all lines of a session: which messages there are, and how the lines follow each other."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from storage.documents.derived_session import DIGEST_SIZE, MAX_FIRST_PROMPT_LENGTH
from storage.documents.formats.claude_code.attachments import shown_kind
from storage.documents.formats.claude_code.copies import Copies
from storage.documents.formats.claude_code.draft import (
    ATTACHED,
    LOCAL_COMMAND,
    NOTE,
    PROMPT,
    QUEUED_PROMPT,
    RAW,
    REPLY,
    RESULTS,
    SUMMARY,
    LineDraft,
    MessageLine,
)
from storage.documents.formats.claude_code.graph import NO_NODE, ConversationGraph
from storage.documents.formats.claude_code.injected import has_task, without_folder
from storage.documents.formats.claude_code.line import CompactMetadata, TranscriptLine, read_line
from storage.documents.formats.claude_code.outputs import PersistedOutputs
from storage.documents.formats.claude_code.prompt_text import own_text, typed_command
from storage.documents.formats.claude_code.replies import Replies
from storage.documents.formats.claude_code.session_facts import SessionFacts
from storage.documents.formats.claude_code.typed_commands import TypedCommands
from storage.documents.formats.claude_code.usage import SYNTHETIC
from storage.documents.formats.transcript_format import Line
from storage.records.stored_blocks import is_tool_result

NO_DRAFT = -1

# Long lines that are only archived: requests as they were sent, with all texts again, and copies of files.
_UNREAD = (b'{"type":"api-request', b'{"type":"file-history-')
_HIDDEN_TYPES = {"progress", "queue-operation", "file-history-snapshot", "content-replacement", "attachment"}
_HIDDEN_SUBTYPES = {"turn_duration", "bridge_status", "stop_hook_summary"}
_FORK_CONTEXT = "fork-context-ref"
"""The type of the first line of a subagent that continues its parent's conversation. The parent's call is copied."""
# Control sequences are taken out of a prompt later.
_KEPT_PROMPT_LENGTH = 4 * MAX_FIRST_PROMPT_LENGTH


class Scan:
    """The result of scanning a session's lines: its messages as drafts, the graph of its lines, and its facts.

    `session` is the session's id as its lines have it: for a subagent that of its parent.
    """

    def __init__(self, session: str | None, is_subagent: bool) -> None:
        self.session = session
        self.graph = ConversationGraph()
        self.drafts: list[LineDraft] = []
        self.draft_of: list[int] = []
        """The draft that a node belongs to."""
        self.facts = SessionFacts()
        self.copies = Copies()
        self.own_cost: float | None = None
        """The cost of the session, without the cost of its source before the fork."""
        self.replies = Replies()
        self.preserved: dict[int, CompactMetadata] = {}
        self.prompts: list[tuple[int, str]] = []
        """The drafts of the person's prompts, with the beginnings of their texts."""
        self.has_message = False
        """Whether something was said that the program did not put in."""
        self.leaf: str | None = None
        """The line from which the program last meant to continue."""
        self.line_counts: Counter[str] = Counter()
        """Lines that are no part of a message, by type."""
        self._is_subagent = is_subagent
        self._commands = TypedCommands(self.graph)
        self._is_copying = False
        self._transcript = 0
        self._line = Line(0, b"")
        self._outputs: PersistedOutputs | None = None

    def begin(self, transcript: int, outputs: PersistedOutputs | None) -> None:
        """Begin with the lines of a transcript. Without `outputs` the digests leave out long outputs."""
        self._transcript = transcript
        self._outputs = outputs

    def add(self, line: Line) -> None:
        """Take in a line."""
        data = line.data
        if data.startswith(_UNREAD):
            self.line_counts[data[9 : data.find(b'"', 9)].decode(errors="replace")] += 1
            return
        record = read_line(data)
        if record is None:
            self.line_counts["(not JSON)"] += 1
            return
        self._line = line
        kind = record.type
        self.facts.take_in(record)
        if self.session is None:
            self.session = record.session_id
        if record.uuid is None and kind != "user" and kind != "assistant":
            self._add_metadata(record, line)
            return
        if record.uuid is not None and (known := self.graph.node(record.uuid)) != NO_NODE:
            self.graph.repeat(known, record.parent_uuid)
            return
        node = self.graph.add(record.uuid, record.parent_uuid)
        self.draft_of.append(NO_DRAFT)
        if record.is_sidechain and not self._is_subagent:
            self.graph.add_sidechain(node)
        if kind == "user":
            self._add_user(record, node)
        elif kind == "assistant":
            self._add_assistant(record, node)
        elif kind == "system":
            self._commands.pass_over(node)
            self._add_system(record, node)
        elif kind == "attachment":
            self._commands.pass_over(node)
            self._add_attachment(record, node)
        elif self.facts.is_known(kind):
            self._add_metadata(record, line)
        elif kind in _HIDDEN_TYPES:
            self.line_counts[kind] += 1
        else:
            self._add_draft(LineDraft(RAW, record.timestamp, True, False), record, node)

    def _add_metadata(self, record: TranscriptLine, line: Line) -> None:
        self.line_counts[record.type] += 1
        if record.type == "last-prompt" and record.leaf_uuid is not None:
            self.leaf = record.leaf_uuid
        self._is_copying = self._is_copying or record.type == _FORK_CONTEXT
        # The requests to the model have its whole system prompt, and all texts again.
        if record.type not in _HIDDEN_TYPES and not record.type.startswith("api-"):
            self.facts.keep(record, self._transcript, line.offset)

    def _add_user(self, record: TranscriptLine, node: int) -> None:
        message = record.message
        content = message.content if message is not None else None
        if message is None or content == "" or content == []:
            self.line_counts["user (empty)"] += 1
            return
        self._is_copying = False
        if isinstance(content, list):
            for block in content:
                if is_tool_result(block.type):
                    index = self._add_results(record, node, block.tool_use_id)
                    if len(content) > 1:
                        self._note_prompt(index, node, own_text(content)[0])
                    return
        if record.is_compact_summary:
            self._add_draft(LineDraft(SUMMARY, record.timestamp, True, True), record, node)
            return
        own, is_injected = own_text(content)
        is_injected = is_injected or record.prompt_source == "system"
        # What a command stands for is marked like a reminder, and so is the task of a skill that runs as a subagent.
        if record.is_meta and self._is_subagent and record.parent_uuid is None:
            own = without_folder(own)
        elif record.is_meta and not (isinstance(content, str) and has_task(content)):
            command = self._commands.before(node)
            is_injected = is_injected or command is None
            own = command or own
        if (command := typed_command(content)) is not None:
            self._commands.take_in(node, command)
            own = command if own and command.endswith(own) else own
        draft = LineDraft(PROMPT, record.timestamp, is_injected, not record.is_visible_in_transcript_only)
        self._add_prompt(draft, record, node, own)

    def _add_prompt(self, draft: LineDraft, record: TranscriptLine, node: int, own: str) -> None:
        index = self._add_draft(draft, record, node)
        if not draft.is_injected:
            self.has_message = True
            self._note_prompt(index, node, own)

    def _note_prompt(self, index: int, node: int, own: str) -> None:
        if own and not self.graph.is_sidechain(node):
            self.prompts.append((index, own[:_KEPT_PROMPT_LENGTH]))

    def _add_results(self, record: TranscriptLine, node: int, call: str) -> int:
        self.has_message = True
        reply = self.replies.by_call(call)
        results = None if reply is None else self.drafts[reply].results
        if results is not None:
            self._add_part(results, record, node)
            return results
        index = self._add_draft(LineDraft(RESULTS, record.timestamp, False, True), record, node)
        if reply is not None:
            self.drafts[reply].results = index
        return index

    def _add_assistant(self, record: TranscriptLine, node: int) -> None:
        message = record.message
        if message is None:
            self.line_counts["assistant (empty)"] += 1
            return
        index = self.replies.by_id(message.id)
        if index is None:
            is_error = record.is_api_error_message
            is_injected = message.model == SYNTHETIC and not is_error
            draft = LineDraft(REPLY, record.timestamp, is_injected, not is_error, has_only_thinking=True)
            index = self._add_draft(draft, record, node)
            self.has_message = self.has_message or not is_injected
        else:
            draft = self.drafts[index]
            self._add_part(index, record, node)
        self.replies.take_in(message, record.request_id, index, draft, self.graph.is_sidechain(node))

    def _add_system(self, record: TranscriptLine, node: int) -> None:
        subtype = record.subtype
        content = record.content
        if subtype == "compact_boundary":
            self.line_counts["system:compact_boundary"] += 1
            self.graph.add_boundary(node, record.logical_parent_uuid)
            self.facts.add_compaction(record)
            if record.compact_metadata is not None:
                self.preserved[node] = record.compact_metadata
        elif subtype == "api_error":
            self._add_draft(LineDraft(RAW, record.timestamp, True, False), record, node)
        elif subtype in _HIDDEN_SUBTYPES or not isinstance(content, str) or not content:
            self.line_counts[f"system:{subtype}"] += 1
        elif subtype == "local_command":
            self._commands.take_in(node, typed_command(content))
            self._add_draft(LineDraft(LOCAL_COMMAND, record.timestamp, True, True), record, node)
        else:
            self._add_draft(LineDraft(NOTE, record.timestamp, True, False), record, node)

    def _add_attachment(self, record: TranscriptLine, node: int) -> None:
        attachment = record.attachment
        kind = None if attachment is None else shown_kind(attachment.type, self._line.data)
        if attachment is not None and kind is not None:
            index = self._add_draft(LineDraft(kind, record.timestamp, True, kind == ATTACHED), record, node)
            reply = self.replies.by_call(attachment.toolUseID or "")
            if reply is not None:
                self.drafts[reply].attached.append(index)
            return
        if attachment is None or attachment.type != "queued_command" or not attachment.prompt:
            self.line_counts[f"attachment:{attachment.type if attachment else ''}"] += 1
            return
        own, is_injected = own_text(attachment.prompt)
        is_injected = is_injected or attachment.isMeta or attachment.commandMode == "task-notification"
        self._add_prompt(LineDraft(QUEUED_PROMPT, record.timestamp, is_injected, True), record, node, own)

    def _add_draft(self, draft: LineDraft, record: TranscriptLine, node: int) -> int:
        self.drafts.append(draft)
        index = len(self.drafts) - 1
        self._add_part(index, record, node)
        return index

    def _add_part(self, index: int, record: TranscriptLine, node: int) -> None:
        offset, data = self._line
        digest = hashlib.blake2b(data, digest_size=DIGEST_SIZE).digest()
        draft = self.drafts[index]
        if draft.kind == RESULTS and self._outputs is not None:
            outputs = b"".join(
                hashlib.blake2b(output, digest_size=DIGEST_SIZE).digest() for output in self._outputs.named_in(data)
            )
            digest = hashlib.blake2b(digest + outputs, digest_size=DIGEST_SIZE).digest() if outputs else digest
        draft.parts.append(MessageLine(self._transcript, offset, digest, record.api_block_index))
        self.draft_of[node] = index
        self.copies.take_in(record, self.session, index)
        if self._is_copying:
            self.copies.add(index)

    def drafts_of(self, uuids: Iterable[str]) -> Iterator[int]:
        """The messages that have a line with one of the uuids."""
        for uuid in uuids:
            node = self.graph.node(uuid)
            if node != NO_NODE and self.draft_of[node] != NO_DRAFT:
                yield self.draft_of[node]
