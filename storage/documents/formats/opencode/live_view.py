"""Which messages of an OpenCode session its next request holds, and in which order."""

from collections.abc import Sequence

from storage.documents.formats.blocks import Block
from storage.documents.formats.json_values import as_list, as_object, as_text, without
from storage.documents.formats.opencode.part_blocks import is_ignored

_UNSENT = ("step-start", "reasoning")
_OF_WHOLE = ("tokens", "cost", "error")
"""What the info of a reply tells of all its parts."""


def kept_and_undone(message: Block, revert: Block) -> list[Block]:
    """The message, and after it a second one with its parts from that on which a person undid, if it is in this one."""
    parts, info = _parts(message), as_object(message.get("info"))
    first = revert.get("partID")
    ids = [part.get("id") for part in parts]
    if info.get("id") != revert.get("messageID") or not isinstance(first, str) or first not in ids:
        return [message]
    start = ids.index(first)
    if start == 0:
        return [message]
    # The tokens of the whole reply are those of its first part.
    ends = [part for part in parts[start:] if part.get("type") == "step-finish"]
    undone = [part for part in parts[start:] if part.get("type") != "step-finish"]
    rest = {**message, "info": without(info, *_OF_WHOLE), "parts": undone}
    return [{**message, "parts": [*parts[:start], *ends]}, rest]


def _parts(message: Block) -> list[Block]:
    return [as_object(part) for part in as_list(message.get("parts"))]


def sent_and_shown(message: Block) -> list[Block]:
    """The message, and after it a second one with what a plugin showed and did not send to the model, if it did."""
    parts = _parts(message)
    shown = [part for part in parts if is_ignored(part)]
    if not shown or as_object(message.get("info")).get("role") != "user":
        return [message]
    sent = [part for part in parts if not is_ignored(part)]
    pieces = (sent, shown) if sent else (shown,)
    return [{**message, "parts": piece} for piece in pieces]


def live_messages(messages: Sequence[Block], revert: Block) -> list[int]:
    """The indexes of the live messages: without those taken back, before a compaction, or failed.

    An undo by the newer API, whose messages have a `seq`, takes nothing back until it is committed, when the program
    deletes the messages: it sends them with each prompt before that.
    """
    infos = [as_object(message.get("info")) for message in messages]
    ids = [info.get("id") for info in infos]
    end = len(messages)
    first = as_text(revert.get("messageID"))
    undone = ids.index(first) if first and first in ids else None
    if undone is not None and "seq" not in infos[undone]:
        end = undone
        # With a part, what stands before it stays.
        begins_there = any(part.get("id") == revert.get("partID") for part in _parts(messages[end])[:1])
        end += revert.get("partID") is not None and not begins_there
    order = _after_compaction(infos[:end], messages, ids)
    return [index for index in order if _is_sent(infos[index], messages[index])]


def _after_compaction(infos: Sequence[Block], messages: Sequence[Block], ids: Sequence[object]) -> list[int]:
    """After a compaction the request begins with its message and its summary, before the messages that it kept."""
    for summary in range(len(infos) - 1, -1, -1):
        info = infos[summary]
        if info.get("role") != "assistant" or info.get("summary") is not True or not info.get("finish"):
            continue
        if info.get("error") or info.get("parentID") not in ids[:summary]:
            continue
        start = ids.index(info["parentID"])
        part = _compaction_part(messages[start])
        if part is None:
            continue
        tail = part.get("tail_start_id")
        kept = range(ids.index(tail), start) if tail is not None and tail in ids[:start] else range(0)
        return [*range(start, summary + 1), *kept, *range(summary + 1, len(infos))]
    return list(range(len(infos)))


def _compaction_part(message: Block) -> Block | None:
    return next((part for part in _parts(message) if part.get("type") == "compaction"), None)


def _is_sent(info: Block, message: Block) -> bool:
    parts = _parts(message)
    error = as_object(info.get("error"))
    is_interrupted = error.get("name") == "MessageAbortedError" and any(
        part.get("type") not in _UNSENT for part in parts
    )
    is_shown_only = info.get("role") == "user" and all(map(is_ignored, parts))
    return bool(parts) and not is_shown_only and (not error or is_interrupted)
