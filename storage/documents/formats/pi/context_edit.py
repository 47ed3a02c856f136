"""Edits of the context: entries that replace the content of an earlier one in requests, or leave that one out."""

from hashlib import blake2b
from typing import NamedTuple

from storage.documents.derived_session import DIGEST_SIZE
from storage.documents.formats.blocks import Block
from storage.documents.formats.json_values import as_object, as_text, without
from storage.documents.formats.message_draft import MessageDraft, Records
from storage.documents.formats.record_tree import RecordTree

_EDITABLE = ("user", "assistant", "toolResult")


def edited_target(entry: Block) -> str | None:
    """The id of the entry that an edit changes; None for any other entry, and for an edit without a replacement."""
    if entry.get("type") != "context_edit" or "replacement" not in entry:
        return None
    return as_text(entry.get("targetId")) or None


def is_omission(entry: Block) -> bool:
    """Whether an edit leaves its target out of requests."""
    return entry.get("replacement") is None


class EditLine(NamedTuple):
    """The line of an edit."""

    records: Records
    offset: int
    data: bytes
    is_omission: bool


class EditedMessage(NamedTuple):
    """The lines of a message after an edit of one of them. `omits`: all of them are left out."""

    edit_id: str
    lines: tuple[tuple[Records, int], ...]
    digest: bytes
    omits: bool


class ContextEdits:
    """The edits of each message."""

    def __init__(self) -> None:
        self._edited: dict[MessageDraft, list[EditedMessage]] = {}

    def add(self, spoken: MessageDraft, line: int, edit_id: str, edit: EditLine, tree: RecordTree) -> EditedMessage:
        """Edit a line of a message, whose other lines stay as the edits above this one in the tree left them."""
        edits = self._edited.setdefault(spoken, [])
        before = EditedMessage("", tuple(spoken.lines), spoken.digest, False)
        if edits and len(spoken.lines) > 1:
            above = set(tree.path(edit_id))
            before = next((one for one in reversed(edits) if one.edit_id in above), before)
        lines = list(before.lines)
        records, offset = spoken.lines[line]
        lines[line] = (_Omitted() if edit.is_omission else _Replaced(records, edit)), offset
        omits = all(isinstance(records, _Omitted) for records, _ in lines)
        digest = blake2b(before.digest + edit.data, digest_size=DIGEST_SIZE).digest()
        edits.append(EditedMessage(edit_id, tuple(lines), digest, omits))
        return edits[-1]


class _Omitted:
    """The record of a target that is left out: it says nothing."""

    def record(self, offset: int) -> Block:
        """A record without content."""
        return {"type": "message", "message": {"role": "user", "content": ""}}


class _Replaced:
    """The record of a target with the content that replaces its own."""

    def __init__(self, target: Records, edit: EditLine) -> None:
        self._target = target
        self._edit = edit

    def record(self, offset: int) -> Block:
        """The target's record, whose content is that of the edit."""
        edit = self._edit.records.record(self._edit.offset)
        content = as_object(edit.get("replacement")).get("content")
        entry = self._target.record(offset)
        if entry.get("type") == "custom_message":
            return {**entry, "content": content}
        message = as_object(entry.get("message"))
        if message.get("role") not in _EDITABLE:
            # The program edits nothing else.
            return entry
        # The calls that a tool made itself are shown with the original.
        return {**entry, "message": {**without(message, "nestedCalls"), "content": content}}
