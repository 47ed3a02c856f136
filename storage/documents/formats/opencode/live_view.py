"""Which messages of an OpenCode session its next request holds, and in which order."""

from collections.abc import Sequence

from storage.documents.formats.blocks import Block
from storage.documents.formats.json_values import as_list, as_object
from storage.documents.formats.opencode.part_blocks import is_ignored

_UNSENT = ("step-start", "reasoning")


def sent_and_shown(message: Block) -> list[Block]:
    """The message, and after it a second one with what a plugin showed and did not send to the model, if it did."""
    parts = [as_object(part) for part in as_list(message.get("parts"))]
    shown = [part for part in parts if is_ignored(part)]
    if not shown or as_object(message.get("info")).get("role") != "user":
        return [message]
    sent = [part for part in parts if not is_ignored(part)]
    pieces = (sent, shown) if sent else (shown,)
    return [{**message, "parts": piece} for piece in pieces]


def live_messages(messages: Sequence[Block], revert: Block) -> list[int]:
    """The indexes of the live messages: without those taken back, before a compaction, or failed."""
    infos = [as_object(message.get("info")) for message in messages]
    ids = [info.get("id") for info in infos]
    end = len(messages)
    if isinstance(revert.get("messageID"), str) and revert["messageID"] in ids:
        # With a part, the message stays up to that part.
        end = ids.index(revert["messageID"]) + (revert.get("partID") is not None)
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
    parts = map(as_object, as_list(message.get("parts")))
    return next((part for part in parts if part.get("type") == "compaction"), None)


def _is_sent(info: Block, message: Block) -> bool:
    parts = [as_object(part) for part in as_list(message.get("parts"))]
    error = as_object(info.get("error"))
    is_interrupted = error.get("name") == "MessageAbortedError" and any(
        part.get("type") not in _UNSENT for part in parts
    )
    is_shown_only = info.get("role") == "user" and all(map(is_ignored, parts))
    return bool(parts) and not is_shown_only and (not error or is_interrupted)
