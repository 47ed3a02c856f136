"""CodeWhale's journal: every entry that a session ever had, of which `messages` shows the path to the newest leaf.

What a compaction or a change of branch removed from `messages` is still in the journal.
"""

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from storage.documents.document import TranscriptBuilder
from storage.documents.formats.json_values import as_list, as_object, as_time
from storage.documents.overlap import overlap_length
from storage.records.content_block import CompactionBlock
from storage.records.stored_blocks import COMPACTION_MARK, message_blocks


def earlier_messages(
    journal: object, messages: Sequence[object], transcript: TranscriptBuilder
) -> tuple[TranscriptBuilder, list[int]]:
    """The messages that only the journal has, and how many of the document's `messages` precede each of them.

    `transcript` holds `messages`, and is given the times of those that are in the journal. Entries that cannot be read
    as messages are left out; the stored header keeps them.
    """
    earlier, places = TranscriptBuilder(), []
    place = 0
    for message, created_at in _without_kept(_journal_messages(journal)):
        if place < len(messages) and message == messages[place]:
            transcript.set_time(place, created_at)
            place += 1
        else:
            earlier.add(message)
            earlier.set_time(-1, created_at)
            places.append(place)
    if place == len(messages):
        return earlier, places
    return _without_copies(earlier, places, transcript, place)


class _Entry(NamedTuple):
    """A message of the journal, and when it was written."""

    message: dict[str, object]
    created_at: datetime | None


def _without_kept(entries: Sequence[_Entry]) -> list[_Entry]:
    """Drop what a compaction kept from before its summary, since the journal repeats it after the summary."""
    messages = [entry.message for entry in entries]
    starts = [index for index, message in enumerate(messages) if _is_compaction(message)]
    ends = [*starts, len(messages)]
    left = list(entries[: ends[0]])
    for start, end in itertools.pairwise(ends):
        kept = overlap_length([entry.message for entry in left], messages[start + 1 : end])
        # They were written before the compaction.
        originals = left[len(left) - kept :]
        left[len(left) - kept :] = [entries[start], *originals, *entries[start + 1 + kept : end]]
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


def _journal_messages(journal: object) -> list[_Entry]:
    entries = as_list(as_object(journal).get("entries"))
    found = ((_message(entry), as_time(as_object(entry).get("created_at"))) for entry in entries)
    return [_Entry(message, created_at) for message, created_at in found if message is not None]


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
