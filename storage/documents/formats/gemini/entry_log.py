"""The records of a Gemini CLI session in the order of the file, and which of them its next request would hold.

A record with an id replaces the earlier one with that id. `{"$set": {"messages": [...]}}` replaces the whole
conversation, `{"$rewindTo": id}` removes a record and all after it. What was removed stays in `entries`.

A compression, and a checkpoint that is resumed or restored, state what was said once more, under new ids. The earlier
entries are live then.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from storage.documents.formats.gemini.calls_apart import CallsApart
from storage.documents.formats.gemini.entry_content import USER, is_talk, results_of, speech_of
from storage.documents.formats.gemini.imported_file import ImportedFile, imported_file
from storage.documents.formats.gemini.stated_again import are_restated, copies, is_thanks
from storage.documents.formats.json_values import as_list, as_object, as_text, without

_HEADER_KEYS = ("messages", "id")


@dataclass(slots=True, eq=False)
class Entry:
    """A record with an id, in its last state. `replaced` is an earlier entry with the same id and other content.

    One that `is_summary` stands for what a compression left out; one that `is_injected` is the program's.
    """

    record: dict[str, object]
    replaced: "Entry | None" = None
    is_summary: bool = False
    is_injected: bool = False


class EntryLog:
    """All entries in the order in which they first stood in the file, and the live ones by their ids."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.live: dict[str, Entry] = {}
        self.header: dict[str, object] = {}
        self.started_at: object = None
        self.rewinds: list[dict[str, object]] = []
        self.imported: ImportedFile | None = None
        self._known: dict[str, Entry] = {}
        self._calls = CallsApart()

    def begin_transcript(self) -> None:
        """Begin the next file of the session, whose conversation replaces that of the file before."""
        self.live = {}

    def add(self, record: dict[str, object]) -> None:
        """Apply a record of the file."""
        update = record.get("$set")
        if isinstance(record.get("$rewindTo"), str):
            self._rewind(as_text(record["$rewindTo"]))
        elif isinstance(record.get("id"), str):
            self._add_message(record)
        elif isinstance(update, dict):
            if isinstance(update.get("messages"), list):
                self._replace(update["messages"])
            self._update_header(update)
        elif isinstance(record.get("sessionId"), str):
            # A header, or a whole session of an older version.
            self._update_header(record)
            self._restate(as_list(record.get("messages")))
        else:
            self.entries.append(Entry(record))

    def add_silent(self, records: Iterable[dict[str, object]]) -> None:
        """Take in the records of a file in which nothing was said: what is live, and the header, stay as they are."""
        live, header = self.live, dict(self.header)
        self.live = {}
        for record in records:
            self.add(record)
        self.live, self.header = live, header

    def _update_header(self, values: dict[str, object]) -> None:
        self.started_at = self.started_at or values.get("startTime")
        self.header.update(without(values, *_HEADER_KEYS))

    def _rewind(self, record_id: str) -> None:
        ids = list(self.live)
        place = ids.index(record_id) if record_id in self.live else 0
        self.rewinds.append({"to": record_id, "removed": ids[place:]})
        self.live = {key: self.live[key] for key in ids[:place]}

    def _add_message(self, record: dict[str, object]) -> None:
        record_id = as_text(record["id"])
        self.imported = self.imported or imported_file(record)
        if self._takes_calls(record):
            return
        entry = self.live.get(record_id)
        if entry is None:
            self._restate([record])
        else:
            entry.record = _merged(entry.record, record)

    def _takes_calls(self, record: dict[str, object]) -> bool:
        return self._calls.take(record, reversed(self.live.values()))

    def _replace(self, records: list[object]) -> None:
        """Make a conversation live that is stated as a whole.

        The context alone, with which a run begins, replaces nothing. An editor that loads a session in the minute in
        which it began makes the program write one behind the conversation, which the program then does not find.
        """
        stated = [record for record in map(as_object, records) if as_text(record.get("id"))]
        before = list(self.live.values())
        if any(map(is_talk, stated)):
            self.live = {}
        copies = self._copies(stated, before)
        for place, record in enumerate(stated):
            record_id = as_text(record["id"])
            entry = copies.get(place)
            if entry is not None:
                self._known[record_id] = self.live[record_id] = entry
                continue
            self._restate([record])
            stated_now = self.live.get(record_id)
            if stated_now is None:
                continue
            if place + 1 < len(stated) and is_thanks(stated[place + 1]):
                stated_now.is_summary = True
            elif is_thanks(record):
                stated_now.is_injected = True

    def _copies(self, stated: list[dict[str, object]], before: list[Entry]) -> dict[int, Entry]:
        """The entries that records with new ids state once more, by the places of the records."""
        ids = [as_text(record["id"]) for record in stated]
        appended = self.entries[-len(ids) :] if 0 < len(ids) < len(self.entries) else []
        new = [entry.record for entry in appended]
        if [as_text(record.get("id")) for record in new] == ids and are_restated(new):
            # A checkpoint: the beginning of what was said.
            del self.entries[-len(ids) :]
            for record_id in ids:
                del self._known[record_id]
            earlier = self.entries
            found = copies(stated, [entry.record for entry in earlier])
        elif are_restated([record for record in stated if record["id"] not in self._known]):
            # A compression: the end of what was live.
            earlier = before
            found = copies(stated, [entry.record for entry in earlier], from_end=True)
        else:
            return {}
        return {place: earlier[index] for place, index in found.items() if ids[place] not in self._known}

    def _restate(self, records: Iterable[object]) -> None:
        """Put records into the live conversation, taking up the entries that they state once more."""
        for value in records:
            record = as_object(value)
            record_id = as_text(record.get("id"))
            if not record_id or self._takes_calls(record):
                continue
            known = self._known.get(record_id)
            merged = record if known is None else _merged(known.record, record)
            if known is not None and _says_the_same(known.record, merged):
                known.record = merged
                entry = known
            else:
                if record.get("type") == USER and record.get("timestamp") is not None:
                    # The context of another day, under the id that all contexts have.
                    merged["timestamp"] = record["timestamp"]
                entry = Entry(merged, replaced=known)
                self.entries.append(entry)
            self._known[record_id] = entry
            self.live[record_id] = entry


def _merged(before: dict[str, object], now: dict[str, object]) -> dict[str, object]:
    """The later state, with what only the earlier one has: a history written again has no tokens and other times."""
    merged = {**before, **without(now)}
    if before.get("timestamp") is not None:
        merged["timestamp"] = before["timestamp"]
    return merged


def _says_the_same(before: dict[str, object], now: dict[str, object]) -> bool:
    """Whether the later state of a record shows all that the earlier one did. Outputs of tools may be masked later."""
    results = results_of(before)
    return speech_of(before) == speech_of(now) and (not results or results == results_of(now))
