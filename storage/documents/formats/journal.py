"""CodeWhale's journal: every entry that a session ever had, of which `messages` shows the path to the newest leaf.

What a compaction or a change of branch removed from `messages` is still in the journal.
"""

import itertools
from collections import Counter
from collections.abc import Sequence

from storage.documents.document import TranscriptBuilder
from storage.documents.overlap import overlap_length
from storage.records.content_block import COMPACTION_MARK, CompactionBlock, message_blocks


def earlier_messages(
    journal: object, messages: Sequence[object], transcript: TranscriptBuilder
) -> tuple[TranscriptBuilder, list[int]]:
    """The messages that only the journal has, and how many of the document's `messages` precede each of them.

    `transcript` holds `messages`. Entries that cannot be read as messages are left out; the stored header keeps them.
    """
    earlier, places = TranscriptBuilder(), []
    place = 0
    for message in _without_kept(_journal_messages(journal)):
        if place < len(messages) and message == messages[place]:
            place += 1
        else:
            earlier.add(message)
            places.append(place)
    if place == len(messages):
        return earlier, places
    return _without_copies(earlier, places, transcript, place)


def _without_kept(messages: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Drop what a compaction kept from before its summary, since the journal repeats it behind the summary."""
    starts = [index for index, message in enumerate(messages) if _is_compaction(message)]
    ends = [*starts, len(messages)]
    left = list(messages[: ends[0]])
    for start, end in itertools.pairwise(ends):
        kept = overlap_length(left, messages[start + 1 : end])
        left[len(left) - kept :] = messages[start:end]
    return left


def _is_compaction(message: dict[str, object]) -> bool:
    return message["role"] == "system" and any(
        isinstance(block, CompactionBlock) for block in message_blocks("SYSTEM", message["content"])
    )


def _without_copies(
    earlier: TranscriptBuilder, places: list[int], transcript: TranscriptBuilder, start: int
) -> tuple[TranscriptBuilder, list[int]]:
    """Drop the messages that stand in another order in the document, whose order counts."""
    copies = Counter(message.digest for message in transcript.messages[start:])
    left, left_places = TranscriptBuilder(), []
    for message, entry, place in zip(earlier.messages, earlier.entries, places, strict=True):
        if copies[message.digest] > 0:
            copies[message.digest] -= 1
        else:
            left.messages.append(message)
            left.entries.append(entry)
            left_places.append(place)
    return left, left_places


def _journal_messages(journal: object) -> list[dict[str, object]]:
    entries = journal.get("entries") if isinstance(journal, dict) else None
    found = map(_message, entries) if isinstance(entries, list) else ()
    return [message for message in found if message is not None]


def _message(entry: object) -> dict[str, object] | None:
    match entry:
        case {"kind": "message", "message": dict(message)} if _is_message(message):
            return message
        case {"kind": "user" | "assistant" as role, "text": str(text)}:
            return _text_message(role, text)
        case {"kind": "compaction", "summary": str(summary)}:
            return _text_message("system", f"{COMPACTION_MARK} {summary}")
        case {"kind": "branch_summary", "summary": str(text)} | {"kind": "system", "content": str(text)}:
            return _text_message("system", text)
        case {"kind": "system", "content": list(blocks)}:
            return {"role": "system", "content": blocks}
    return None


def _is_message(message: dict[str, object]) -> bool:
    return isinstance(message.get("role"), str) and isinstance(message.get("content"), list | str)


def _text_message(role: str, text: str) -> dict[str, object]:
    return {"role": role, "content": [{"type": "text", "text": text}]}
