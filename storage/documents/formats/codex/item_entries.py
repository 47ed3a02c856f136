"""Entries of response items: what the model gets, and what it said."""

from collections.abc import Iterable

from storage.documents.formats.codex.commands import asked_command
from storage.documents.formats.codex.entries import (
    CompactionAnswer,
    Entry,
    ItemKind,
    LinePlace,
    Marking,
    Replacement,
    ResponseItem,
    WorktreeSnapshot,
)
from storage.documents.formats.codex.injected_text import SUMMARY_PREFACE, is_injected, is_media_mark
from storage.documents.formats.codex.rollout_line import (
    ContentPart,
    LinePayload,
    RolloutLine,
    read_metadata,
    read_parts,
    value_of,
)
from storage.documents.formats.json_values import as_list, as_object, as_text

_CALLS = {
    "function_call",
    "custom_tool_call",
    "local_shell_call",
    "web_search_call",
    "tool_search_call",
    "image_generation_call",
}
_OUTPUTS = {"function_call_output", "custom_tool_call_output", "tool_search_output", "local_shell_call_output"}
_OF_PERSON = {"goal_objective", "proposed_plan"}
"""Outputs without a call are what a client adds to a prompt, such as an open file; under these names, the goal that a
person set by `/goal`, and the plan that a person approved for a new thread."""
_TOOLS = "additional_tools"
"""An item with the tools of a turn, where the newest models get them: it is the same in each session."""
_AGENT_MESSAGE = "agent_message"
"""What agents of one thread tell each other: tasks, messages and reports."""
_SEALED_SUMMARIES = {"compaction", "compaction_summary", "context_compaction"}
"""Items of a history that stand for the summary of a compaction by the provider, which only the provider can read."""
_REPLACED_KINDS = {"user": ItemKind.USER, "assistant": ItemKind.TEXT}


def is_item(payload: LinePayload) -> bool:
    """Whether a line without an envelope is an item."""
    kind = as_text(payload.type)
    return kind in ("message", "reasoning") or kind in _CALLS or kind in _OUTPUTS


def item_entry(payload: LinePayload, line: RolloutLine, place: LinePlace) -> Entry | None:
    """The entry of a response item; None for a list of tools, which stays in the archive."""
    kind, item_id = payload.type, payload.id if isinstance(payload.id, str) else ""
    if not isinstance(kind, str):
        return ResponseItem(place, ItemKind.OTHER, item_id)
    if kind == "message":
        return CompactionAnswer(place) if _is_compaction_answer(line, payload) else _message(payload, place, item_id)
    if kind == "reasoning":
        texts = [part.text for raw in (payload.summary, payload.content) for part in read_parts(raw)]
        return ResponseItem(place, ItemKind.REASONING, item_id, hashes(texts))
    if kind == _TOOLS:
        return None
    if kind == _AGENT_MESSAGE:
        content = _content_hash("user", read_parts(payload.content))
        return ResponseItem(place, ItemKind.USER, item_id, content=content, marking=Marking.PROGRAM)
    if kind in _CALLS:
        command = asked_command(payload.name, payload.arguments) if kind == "function_call" else ""
        return ResponseItem(place, ItemKind.CALL, as_text(payload.call_id) or item_id, command=command)
    if kind == "function_call_output" and not payload.call_id:
        marking = Marking.PERSON if as_text(payload.name) in _OF_PERSON else Marking.PROGRAM
        return ResponseItem(place, ItemKind.USER, item_id, marking=marking)
    if kind in _OUTPUTS:
        return ResponseItem(place, ItemKind.OUTPUT, as_text(payload.call_id))
    if kind == "ghost_snapshot":
        return WorktreeSnapshot(place, value_of(payload.ghost_commit))
    return ResponseItem(place, ItemKind.OTHER, item_id)


def _is_compaction_answer(line: RolloutLine, payload: LinePayload) -> bool:
    """Whether a message is the summary that the model wrote for a compaction, and no answer."""
    for raw in (line.metadata, payload.metadata):
        if b"compaction_output" in bytes(raw) and as_object(value_of(raw)).get("compaction_output") is True:
            return True
    return False


def _message(payload: LinePayload, place: LinePlace, item_id: str) -> ResponseItem:
    parts = read_parts(payload.content)
    texts = [part.text for part in parts if isinstance(part.text, str)]
    content = _content_hash(payload.role, parts)
    if payload.role == "assistant":
        return ResponseItem(place, ItemKind.TEXT, item_id, hashes(("\n".join(texts),)), content)
    if payload.role != "user":
        return ResponseItem(place, ItemKind.SYSTEM, item_id, (), content)
    own = [text for text in texts if not is_media_mark(text)]
    kinds = read_metadata(payload.internal_chat_message_metadata_passthrough).content_item_kinds
    return ResponseItem(place, ItemKind.USER, item_id, hashes(("\n".join(own),)), content, _marking(kinds, own))


def _marking(kinds: object, texts: list[str]) -> Marking:
    known = [kind for kind in as_list(kinds) if isinstance(kind, str) and kind != "unknown"]
    if known:
        return Marking.PERSON if any(kind.startswith("user.") for kind in known) else Marking.PROGRAM
    is_program = bool(texts) and all(is_injected(text) for text in texts)
    return Marking.PROGRAM if is_program else Marking.UNKNOWN


def is_sealed_summary(kind: object) -> bool:
    """Whether an item of a history, by its type, is a summary that only the provider can read."""
    return isinstance(kind, str) and kind in _SEALED_SUMMARIES


def replacement(item: LinePayload, summary: object) -> Replacement | None:
    """An item of the history that a compaction leaves, which continues from its summary; None for a list of tools."""
    kind = as_text(item.type)
    if kind == _TOOLS:
        return None
    if kind == _AGENT_MESSAGE:
        return Replacement(ItemKind.USER, _content_hash("user", read_parts(item.content)), is_summary=False)
    if kind != "message":
        return Replacement(ItemKind.OTHER, 0, is_summary=is_sealed_summary(kind))
    parts = read_parts(item.content)
    role = _REPLACED_KINDS.get(as_text(item.role), ItemKind.SYSTEM)
    texts = [part.text for part in parts if isinstance(part.text, str)]
    is_summary = role is ItemKind.USER and any(
        text.startswith(SUMMARY_PREFACE) or (bool(text) and text == summary) for text in texts
    )
    return Replacement(role, _content_hash(item.role, parts), is_summary)


def _content_hash(role: object, parts: list[ContentPart]) -> int:
    return hash((as_text(role), *(_part_key(part) for part in parts)))


def _part_key(part: ContentPart) -> object:
    return part.text if isinstance(part.text, str) else ("part", as_text(part.type))


def hashes(texts: Iterable[object]) -> tuple[int, ...]:
    """Hashes of texts without surrounding white space, which items and events differ in."""
    return tuple([hash(text.strip()) for text in texts if isinstance(text, str)])
