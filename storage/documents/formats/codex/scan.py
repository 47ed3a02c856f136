"""One pass over a rollout's lines, which keeps a small entry of each line that matters."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from storage.documents.derived_session import DIGEST_SIZE
from storage.documents.formats.codex.entries import (
    Compaction,
    CompactionAnswer,
    CopiedHeader,
    Entry,
    Item,
    ItemKind,
    Marking,
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
from storage.documents.formats.codex.header import Header, read_header
from storage.documents.formats.codex.injected_text import SUMMARY_PREFACE, is_image_mark, is_injected
from storage.documents.formats.codex.rollout_line import (
    ContentPart,
    Payload,
    RolloutLine,
    read_bare_payload,
    read_item,
    read_line,
    read_metadata,
    read_parts,
    read_payloads,
    value_of,
)
from storage.documents.formats.codex.rollout_name import parse_rollout_name
from storage.documents.formats.codex.token_usage import read_usage
from storage.documents.formats.codex.turn_mode import turn_mode
from storage.documents.formats.json_values import as_count, as_list, as_object, as_text
from storage.documents.formats.transcript_format import Transcript

_HEADER_LINES = 20
"""Lines in which the header stands; Codex itself reads no rollout that does not begin with it."""

_CALLS = {
    "function_call",
    "custom_tool_call",
    "local_shell_call",
    "web_search_call",
    "tool_search_call",
    "image_generation_call",
}
_OUTPUTS = {"function_call_output", "custom_tool_call_output", "tool_search_output", "local_shell_call_output"}
_FAILURES = {"failed", "declined"}
_FINISHED_CALLS = {"patch_apply_end", "mcp_tool_call_end", "exec_command_end"}
_CALL_ITEMS = {"CommandExecution", "FileChange", "McpToolCall", "CollabAgentToolCall", "DynamicToolCall"}
# They tell again what items say, or only how far the program was.
_HIDDEN_ITEMS = {
    "ContextCompaction",
    "EnteredReviewMode",
    "ExitedReviewMode",
    "HookPrompt",
    "ImageGeneration",
    "ImageView",
    "Plan",
    "SubAgentActivity",
    "WebSearch",
}
_HIDDEN_EVENTS = {
    "background_event",
    "context_compacted",
    "entered_review_mode",
    "exec_command_begin",
    "exec_command_output_delta",
    "exited_review_mode",
    "item_started",
    "mcp_tool_call_begin",
    "patch_apply_begin",
    "plan_update",
    "session_configured",
    "sub_agent_activity",
    "thread_goal_updated",
    "thread_name_updated",
    "thread_settings_applied",
    "turn_diff",
    "view_image_tool_call",
    "web_search_begin",
    "web_search_end",
}
_HIDDEN_EVENT_PREFIXES = ("collab_", "hook_", "image_generation_")
_HIDDEN_LINES = {"world_state"}


@dataclass(slots=True)
class Rollout:
    """A rollout that was scanned. `header` is None when it has none, as after a broken first line."""

    transcript: Transcript
    header: Header | None = None
    entries: list[Entry] = field(default_factory=list)
    first: Place | None = None
    last: Place | None = None
    line_count: int = 0

    @property
    def thread_id(self) -> str:
        """The id of the thread by the header, else by the file's name; empty when neither has one."""
        return thread_id_of(self.transcript, self.header)


def thread_id_of(transcript: Transcript, header: Header | None) -> str:
    """The id of a rollout's thread by its header, else by its name; empty when neither has one."""
    if header is not None and header.thread_id:
        return header.thread_id
    name = parse_rollout_name(transcript.name)
    return "" if name is None else name.thread_id


def first_header(transcript: Transcript) -> tuple[Header | None, int]:
    """The header of a rollout, without reading all of it, and how many JSON lines were read for that."""
    count = 0
    for _, data in itertools.islice(transcript.lines(), _HEADER_LINES):
        line = read_line(data)
        if line is not None:
            count += 1
            if _is_header(line, data, is_first=count == 1):
                return read_header(data), count
    return None, count


def scan(transcript: Transcript) -> Rollout:
    """Scan a rollout. Lines that are no JSON objects are passed over."""
    rollout = Rollout(transcript)
    repeats: set[bytes] = set()
    for number, (offset, data) in enumerate(transcript.lines()):
        line = read_line(data)
        if line is None:
            continue
        ordinal = line.ordinal if type(line.ordinal) is int else None
        place = Place(offset, blake2b(data, digest_size=DIGEST_SIZE).digest(), line.timestamp, ordinal)
        rollout.line_count += 1
        rollout.first = rollout.first or place
        rollout.last = place if place.timestamp is not None or rollout.last is None else rollout.last
        if _is_header(line, data, is_first=rollout.line_count == 1):
            _add_header(rollout, place, data, is_near_start=number < _HEADER_LINES)
            continue
        for entry in _entries_of(line, data, place):
            if _can_repeat(entry, ordinal):
                if place.digest in repeats:
                    continue
                repeats.add(place.digest)
            rollout.entries.append(entry)
    return rollout


def _can_repeat(entry: Entry, ordinal: int | None) -> bool:
    """Whether equal bytes make a line the same one: an item that has an id or an ordinal is never said twice."""
    return isinstance(entry, Item) and (ordinal is not None or entry.id != "")


def _is_header(line: RolloutLine, data: bytes, *, is_first: bool) -> bool:
    if line.payload is not None:
        return bool(line.type == "session_meta")
    return is_first and line.type is None and b'"id"' in data


def _add_header(rollout: Rollout, place: Place, data: bytes, *, is_near_start: bool) -> None:
    header = read_header(data)
    if rollout.header is None and is_near_start:
        rollout.header = header
    elif rollout.header is not None and header.thread_id == rollout.header.thread_id:
        rollout.header = rollout.header.updated_by(header)
    else:
        rollout.entries.append(CopiedHeader(place, header.thread_id))


def _entries_of(line: RolloutLine, data: bytes, place: Place) -> Iterator[Entry]:
    payload = line.payload
    if payload is None:
        payload = read_bare_payload(data) if line.type != "response_item" else None
        if payload is not None and _is_bare_item(payload):
            yield from _item_entries(payload, line, place)
        elif line.type is not None:
            yield Unknown(place)
        return
    read = _READERS.get(line.type) if isinstance(line.type, str) else None
    if read is not None:
        yield from read(payload, line, place)
    elif line.type not in _HIDDEN_LINES:
        yield Unknown(place)


def _is_bare_item(payload: Payload) -> bool:
    kind = payload.type
    return kind in ("message", "reasoning") or (isinstance(kind, str) and (kind in _CALLS or kind in _OUTPUTS))


def _item_entries(payload: Payload, line: RolloutLine, place: Place) -> Iterator[Entry]:
    kind = payload.type if isinstance(payload.type, str) else ""
    item_id = as_text(payload.id)
    if kind == "message":
        if not _is_compaction_output(line, payload):
            yield _message(payload, place, item_id)
        else:
            yield CompactionAnswer(place)
    elif kind == "reasoning":
        texts = [part.text for raw in (payload.summary, payload.content) for part in read_parts(raw)]
        yield Item(place, ItemKind.REASONING, item_id, _hashes(texts))
    elif kind in _CALLS:
        yield Item(place, ItemKind.CALL, as_text(payload.call_id) or item_id)
    elif kind in _OUTPUTS:
        yield Item(place, ItemKind.OUTPUT, as_text(payload.call_id))
    elif kind == "ghost_snapshot":
        yield Snapshot(place, value_of(payload.ghost_commit))
    else:
        yield Item(place, ItemKind.OTHER, item_id)


def _is_compaction_output(line: RolloutLine, payload: Payload) -> bool:
    """Whether a message is the summary that the model wrote for a compaction, and no answer."""
    for raw in (line.metadata, payload.metadata):
        if b"compaction_output" in bytes(raw) and as_object(value_of(raw)).get("compaction_output") is True:
            return True
    return False


def _message(payload: Payload, place: Place, item_id: str) -> Item:
    parts = read_parts(payload.content)
    texts = [part.text for part in parts if isinstance(part.text, str)]
    content = _content_hash(payload.role, parts)
    if payload.role == "assistant":
        return Item(place, ItemKind.TEXT, item_id, _hashes(["\n".join(texts)]), content)
    if payload.role != "user":
        return Item(place, ItemKind.SYSTEM, item_id, (), content)
    own = [text for text in texts if not is_image_mark(text)]
    kinds = read_metadata(payload.internal_chat_message_metadata_passthrough).content_item_kinds
    return Item(place, ItemKind.USER, item_id, _hashes(["\n".join(own)]), content, _marking(kinds, own))


def _marking(kinds: object, texts: list[str]) -> Marking:
    known = [kind for kind in as_list(kinds) if isinstance(kind, str) and kind != "unknown"]
    if known:
        return Marking.PERSON if any(kind.startswith("user.") for kind in known) else Marking.PROGRAM
    is_program = bool(texts) and all(is_injected(text) for text in texts)
    return Marking.PROGRAM if is_program else Marking.UNKNOWN


def _content_hash(role: object, parts: list[ContentPart]) -> int:
    return hash((role if isinstance(role, str) else None, *(_part_key(part) for part in parts)))


def _part_key(part: ContentPart) -> tuple[object, ...]:
    if isinstance(part.text, str):
        return (part.text,)
    return ("part", part.type if isinstance(part.type, str) else None)


def _hashes(texts: Iterable[object]) -> tuple[int, ...]:
    """Hashes of texts without surrounding white space, which items and events differ in."""
    return tuple(hash(text.strip()) for text in texts if isinstance(text, str))


def _event_entries(payload: Payload, line: RolloutLine, place: Place) -> Iterator[Entry]:
    kind = payload.type if isinstance(payload.type, str) else ""
    if kind == "item_completed":
        yield from _completed_item(payload, place)
    elif kind == "token_count":
        info = as_object(value_of(payload.info))
        usage = read_usage(info.get("last_token_usage"))
        yield TokenCount(place, usage, read_usage(info.get("total_token_usage")))
    elif kind == "user_message":
        yield Shown(place, ItemKind.USER, "", _hashes([value_of(payload.message)]))
    elif kind == "agent_message":
        yield Shown(place, ItemKind.TEXT, "", _hashes([value_of(payload.message)]))
    elif kind in ("agent_reasoning", "agent_reasoning_raw_content"):
        yield Shown(place, ItemKind.REASONING, "", _hashes([value_of(payload.text)]))
    elif kind in ("task_started", "turn_started"):
        yield TurnStart(place, as_text(payload.turn_id))
    elif kind in ("task_complete", "turn_complete", "turn_aborted"):
        yield TurnEnd(place)
    elif kind == "thread_rolled_back":
        yield Rollback(place, as_count(payload.num_turns))
    elif kind in _FINISHED_CALLS:
        yield ToolEvent(place, as_text(payload.call_id), payload.success is False)
    elif kind not in _HIDDEN_EVENTS and not kind.startswith(_HIDDEN_EVENT_PREFIXES):
        yield Unknown(place)


def _completed_item(payload: Payload, place: Place) -> Iterator[Entry]:
    item = read_item(payload.item)
    item_id = as_text(item.id)
    if item.type == "UserMessage":
        texts = [part.text for part in read_parts(item.content) if isinstance(part.text, str)]
        yield Shown(place, ItemKind.USER, "", _hashes(["\n".join(texts)]))
    elif item.type == "AgentMessage":
        texts = [part.text for part in read_parts(item.content) if isinstance(part.text, str)]
        yield Shown(place, ItemKind.TEXT, item_id, _hashes(["\n".join(texts)]))
    elif item.type == "Reasoning":
        parts = (part for raw in (item.summary_text, item.raw_content) for part in as_list(value_of(raw)))
        yield Shown(place, ItemKind.REASONING, item_id, _hashes(parts))
    elif item.type in _CALL_ITEMS:
        is_command = item.type == "CommandExecution"
        yield ToolEvent(place, item_id, item.status in _FAILURES, is_command, True)
    elif item.type not in _HIDDEN_ITEMS:
        yield Unknown(place)


def _settings_entries(payload: Payload, line: RolloutLine, place: Place) -> Iterator[Entry]:
    mode = turn_mode(payload.approval_policy, payload.sandbox_policy)
    yield TurnSettings(place, as_text(payload.turn_id), as_text(payload.model), mode)


def _record_entries(payload: Payload, line: RolloutLine, place: Place) -> Iterator[Entry]:
    usage, total = (read_usage(value_of(raw)) for raw in (payload.usage, payload.thread_token_usage))
    yield TokenCount(place, usage, total, as_text(payload.response_id), as_text(payload.thread_id), is_record=True)


def _compaction_entries(payload: Payload, line: RolloutLine, place: Place) -> Iterator[Entry]:
    summary, items = value_of(payload.message), read_payloads(payload.replacement_history)
    yield Compaction(place, None if items is None else [_replacement(item, summary) for item in items])


def _replacement(item: Payload, summary: object) -> Replacement:
    if item.type == "message":
        parts = read_parts(item.content)
        texts = [part.text for part in parts if isinstance(part.text, str)]
        kinds = {"user": ItemKind.USER, "assistant": ItemKind.TEXT}
        kind = kinds.get(item.role, ItemKind.SYSTEM) if isinstance(item.role, str) else ItemKind.SYSTEM
        is_summary = kind is ItemKind.USER and any(
            text.startswith(SUMMARY_PREFACE) or (bool(text) and text == summary) for text in texts
        )
        return Replacement(kind, _content_hash(item.role, parts), is_summary)
    is_summary = item.type in ("compaction", "compaction_summary", "context_compaction")
    return Replacement(ItemKind.OTHER, 0, is_summary)


_READERS: dict[str, Callable[[Payload, RolloutLine, Place], Iterator[Entry]]] = {
    "response_item": _item_entries,
    "event_msg": _event_entries,
    "turn_context": _settings_entries,
    "token_usage_record": _record_entries,
    "compacted": _compaction_entries,
}
