"""Reads a rollout line by line, and makes a small entry of each line that matters."""

import itertools
from collections.abc import Callable, Iterator
from hashlib import blake2b

from storage.documents.derived_session import DIGEST_SIZE
from storage.documents.formats.codex.entries import (
    Compaction,
    CopiedHeader,
    Entry,
    ItemKind,
    LinePlace,
    ResponseItem,
    TokenCount,
    TurnEnd,
    TurnSettings,
    TurnStart,
    Unknown,
)
from storage.documents.formats.codex.event_entries import event_entry
from storage.documents.formats.codex.header import Header, read_header
from storage.documents.formats.codex.item_entries import is_item, is_sealed_summary, item_entry, replacement
from storage.documents.formats.codex.rollout_line import (
    LinePayload,
    RolloutLine,
    read_bare_payload,
    read_line,
    read_payloads,
    read_text,
)
from storage.documents.formats.codex.rollout_name import parse_rollout_name
from storage.documents.formats.codex.token_usage import read_usage
from storage.documents.formats.codex.turn_mode import turn_mode
from storage.documents.formats.json_values import as_text
from storage.documents.formats.transcript_format import TranscriptReader

_HEADER_LINES = 20
"""Lines in which the header stands; Codex itself reads no rollout that does not begin with it."""

_HIDDEN_LINES = {"world_state", "inter_agent_communication_metadata", "retained_context"}
# No message is made of them.
_WITHOUT_DIGEST = (TokenCount, TurnStart, TurnSettings, TurnEnd)


class Rollout:
    """A rollout, whose entries are read one by one. `header`, `first` and `last` are updated while they are read.

    `header` is None when it has none, as after a broken first line. `first` and `last` are the lines with the times
    between which it was written.
    """

    def __init__(self, transcript: TranscriptReader) -> None:
        self.transcript = transcript
        self.header, line_count = first_header(transcript)
        self.has_lines = line_count > 0
        self.first: LinePlace | None = None
        self.last: LinePlace | None = None

    @property
    def thread_id(self) -> str:
        """The id of the thread by the header, else by the file's name; empty when neither has one."""
        return thread_id_of(self.transcript, self.header)

    def entries(self) -> Iterator[Entry]:
        """The entries in order. Lines that are not JSON objects are passed over."""
        seen: set[bytes] = set()
        is_first, is_headed = True, False
        for number, (offset, data) in enumerate(self.transcript.lines()):
            line = read_line(data)
            if line is None:
                continue
            place = LinePlace(offset, line.timestamp, line.ordinal if type(line.ordinal) is int else None)
            if self.first is None:
                self.first = place
            if place.timestamp is not None:
                self.last = place
            is_header, is_first = _is_header(line, data, is_first=is_first), False
            if is_header:
                if not is_headed and number < _HEADER_LINES:
                    is_headed = True
                elif (copied := self._add_header(place, data)) is not None:
                    yield copied
                continue
            entry = _entry_of(line, data, place)
            if entry is None:
                continue
            if not isinstance(entry, _WITHOUT_DIGEST):
                digest = place.digest = blake2b(data, digest_size=DIGEST_SIZE).digest()
                # Equal bytes are the same item.
                if isinstance(entry, ResponseItem) and _is_unique(entry):
                    if digest in seen:
                        continue
                    seen.add(digest)
            yield entry

    def _add_header(self, place: LinePlace, data: bytes) -> CopiedHeader | None:
        """Take what a later header tells; one of another thread is where copied lines begin."""
        header = read_header(data)
        if self.header is None or header.thread_id != self.header.thread_id:
            return CopiedHeader(place, header.thread_id)
        self.header = self.header.updated_by(header)
        return None


def thread_id_of(transcript: TranscriptReader, header: Header | None) -> str:
    """The id of a rollout's thread by its header, else by its name; empty when neither has one."""
    if header is not None and header.thread_id:
        return header.thread_id
    name = parse_rollout_name(transcript.name)
    return "" if name is None else name.thread_id


def first_header(transcript: TranscriptReader) -> tuple[Header | None, int]:
    """The header of a rollout, without reading all of it, and how many JSON lines were read for that."""
    count = 0
    for _, data in itertools.islice(transcript.lines(), _HEADER_LINES):
        line = read_line(data)
        if line is not None:
            count += 1
            if _is_header(line, data, is_first=count == 1):
                return read_header(data), count
    return None, count


def _is_unique(item: ResponseItem) -> bool:
    """Whether an item that is written twice was said once: it has an ordinal, or an id that no model can repeat."""
    return item.place.ordinal is not None or (item.id != "" and item.kind not in (ItemKind.CALL, ItemKind.OUTPUT))


def _is_header(line: RolloutLine, data: bytes, *, is_first: bool) -> bool:
    if line.payload is not None:
        return bool(line.type == "session_meta")
    return is_first and line.type is None and b'"id"' in data


def _entry_of(line: RolloutLine, data: bytes, place: LinePlace) -> Entry | None:
    payload, kind = line.payload, line.type
    if not isinstance(kind, str):
        return None
    if payload is None:
        bare = read_bare_payload(data)
        return item_entry(bare, line, place) if bare is not None and is_item(bare) else Unknown(place)
    read = _READERS.get(kind)
    if read is not None:
        return read(payload, line, place)
    return None if kind in _HIDDEN_LINES else Unknown(place)


def _settings_entry(payload: LinePayload, line: RolloutLine, place: LinePlace) -> Entry:
    mode = turn_mode(payload.approval_policy, payload.sandbox_policy)
    return TurnSettings(place, as_text(payload.turn_id), as_text(payload.model), mode, as_text(payload.cwd))


def _record_entry(payload: LinePayload, line: RolloutLine, place: LinePlace) -> Entry:
    usage, total = (read_usage(raw) for raw in (payload.usage, payload.thread_token_usage))
    return TokenCount(place, usage, total, as_text(payload.response_id), as_text(payload.thread_id), is_record=True)


def _compaction_entry(payload: LinePayload, line: RolloutLine, place: LinePlace) -> Entry:
    summary, items = read_text(payload.message), read_payloads(payload.replacement_history)
    if items is None:
        return Compaction(place, None)
    is_sealed = not summary and any(is_sealed_summary(item.type) for item in items)
    return Compaction(place, [replacement(item, summary) for item in items], is_sealed)


_READERS: dict[str, Callable[[LinePayload, RolloutLine, LinePlace], Entry | None]] = {
    "response_item": item_entry,
    "event_msg": event_entry,
    "turn_context": _settings_entry,
    "token_usage_record": _record_entry,
    "compacted": _compaction_entry,
}
