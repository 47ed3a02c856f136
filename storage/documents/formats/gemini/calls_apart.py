"""Calls that are recorded apart from the replies that made them.

Behind an editor (`gemini --acp`), the program writes each reply without its calls, and the calls of all replies into
one record, which it writes again with each of them. Its own resume sends them as the calls of the first reply.
"""

from collections.abc import Iterable
from typing import Protocol

from storage.documents.formats.gemini.entry_content import MODEL
from storage.documents.formats.json_values import as_list, as_object, as_text

_CALLS = "toolCalls"


class Reply(Protocol):
    """An entry whose record can be given the calls that it made."""

    record: dict[str, object]


class CallsApart:
    """The replies that made the calls of such records, by the ids of the records and of the calls."""

    def __init__(self) -> None:
        self._replies: dict[str, dict[str, Reply]] = {}

    def take(self, record: dict[str, object], spoken: Iterable[Reply]) -> bool:
        """Give the calls of such a record to their replies; the last one that was spoken made those that are new.

        False for any other record. `spoken` are the live entries, the last one first.
        """
        record_id = as_text(record.get("id"))
        known = self._replies.get(record_id)
        last = next((entry for entry in spoken if entry.record.get("type") == MODEL), None)
        if known is None:
            # In a copy that a handoff wrote, no reply has tokens, and each record is one of its own.
            if last is None or not last.record.get("tokens") or not _has_calls_alone(record):
                return False
            known = self._replies[record_id] = {}
        for call in map(as_object, as_list(record.get(_CALLS))):
            call_id = as_text(call.get("id"))
            reply = known.setdefault(call_id, last) if last is not None else known.get(call_id)
            if reply is not None:
                _add(reply, call_id, call)
        return True


def _has_calls_alone(record: dict[str, object]) -> bool:
    """Whether a record of the model's has calls, and neither words nor thoughts nor the tokens that a reply has."""
    others = (record.get(name) for name in ("content", "thoughts", "tokens"))
    return record.get("type") == MODEL and bool(record.get(_CALLS)) and not any(others)


def _add(reply: Reply, call_id: str, call: dict[str, object]) -> None:
    """Add a call to a reply, or its later state."""
    calls = {as_text(before.get("id")): before for before in map(as_object, as_list(reply.record.get(_CALLS)))}
    calls[call_id] = {**calls.get(call_id, {}), **call}
    reply.record = {**reply.record, _CALLS: list(calls.values())}
