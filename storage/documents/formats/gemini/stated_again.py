"""Conversations that are stated once more under new ids, when a checkpoint is resumed or a history is compressed."""

from collections.abc import Sequence

from storage.documents.formats.gemini.entry_content import MODEL, is_result_record, results_of, speech_of
from storage.documents.formats.google_content import joined_text, parts_of

_THANKS = "Got it. Thanks for the additional context!"
"""The answer that the program makes up for the model after a summary."""
_UNSTATED = ("thinking", "redacted_thinking")


def is_thanks(record: dict[str, object]) -> bool:
    """Whether a record is the made-up answer to the summary that a compression leaves."""
    return are_restated([record]) and joined_text(parts_of(record.get("content"))) == _THANKS


def are_restated(records: Sequence[dict[str, object]]) -> bool:
    """Whether there are replies among records, and none of them is new: new ones have their model and tokens."""
    replies = [record for record in records if record.get("type") == MODEL]
    return bool(replies) and not any(record.get("model") or record.get("tokens") for record in replies)


def copies(
    stated: Sequence[dict[str, object]], earlier: Sequence[dict[str, object]], *, from_end: bool = False
) -> dict[int, int]:
    """The places of records that state an earlier one once more, with its place; in the order of both.

    Of several equal ones the first is taken, or the last if `from_end`. In the first case, a reply whose calls were
    answered is a copy only if the answers follow it: else the model has made the calls again.
    """
    found: dict[int, int] = {}
    start, end = 0, len(earlier)
    for place in reversed(range(len(stated))) if from_end else range(len(stated)):
        has_answers = from_end or (place + 1 < len(stated) and is_result_record(stated[place + 1]))
        places = reversed(range(end)) if from_end else range(start, end)
        index = next((index for index in places if _is_copy(earlier[index], stated[place], has_answers)), None)
        if index is not None:
            found[place] = index
            start, end = (start, index) if from_end else (index + 1, end)
    return found


def _is_copy(before: dict[str, object], now: dict[str, object], has_answers: bool) -> bool:
    """Whether a record says what an earlier one did, thoughts and texts of the program apart."""
    said = _said(now)
    return (
        bool(said)
        and before.get("type") == now.get("type")
        and _said(before) == said
        and (has_answers or not results_of(before))
    )


def _said(record: dict[str, object]) -> list[dict[str, object]]:
    return [block for block in speech_of(record) if not block.get("is_injected") and block["type"] not in _UNSTATED]
