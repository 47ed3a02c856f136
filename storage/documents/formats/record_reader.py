"""Reading of a transcript's lines as JSON records, in order and again by their offsets."""

import json
import re
from collections.abc import Iterator

from storage.documents.formats.json_values import parse_json
from storage.documents.formats.transcript_format import TranscriptReader

_DECODER = json.JSONDecoder()
_OPENING = re.compile(r'\{"\w+":')


class RecordReader:
    """The records of a transcript. Lines that are not JSON objects are passed over.

    The last record that was read by its offset is remembered, because messages are mostly built in order and one line
    may hold several. With `recovers_joined`, a line that is not JSON is searched for records: an agent that was stopped
    within a line continues after it.
    """

    def __init__(self, transcript: TranscriptReader, recovers_joined: bool = False) -> None:
        self._transcript = transcript
        self._recovers_joined = recovers_joined
        self._joined: dict[int, tuple[int, slice]] = {}
        self._offset = -1
        self._record: dict[str, object] = {}

    def records(self) -> Iterator[tuple[int, bytes, dict[str, object]]]:
        """Each record with its offset and its bytes."""
        for offset, data in self._transcript.lines():
            record = parse_json(data)
            if isinstance(record, dict):
                yield offset, data, record
            elif record is None and self._recovers_joined:
                yield from self._recovered(offset, data)

    def _recovered(self, offset: int, data: bytes) -> Iterator[tuple[int, bytes, dict[str, object]]]:
        for span in _joined_objects(data):
            record = parse_json(data[span])
            if isinstance(record, dict):
                self._joined[offset + span.start] = (offset, span)
                yield offset + span.start, data[span], record

    def record(self, offset: int) -> dict[str, object]:
        """The record at an offset. It must not be changed."""
        if offset != self._offset:
            line, span = self._joined.get(offset, (offset, slice(None)))
            record = parse_json(self._transcript.line(line)[span])
            self._record, self._offset = (record if isinstance(record, dict) else {}), offset
        return self._record


def _joined_objects(data: bytes) -> Iterator[slice]:
    """The objects of a line that begin as the line does: those inside of them begin with other keys."""
    # In Latin-1, characters have the places of bytes. What is not ASCII stands in strings only.
    text = data.decode("latin-1")
    opening = _OPENING.match(text)
    start = 0 if opening else -1
    while opening and start >= 0:
        try:
            _, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            yield slice(start, end)
        start = text.find(opening[0], end)


def whole_document(transcript: TranscriptReader) -> object:
    """The value of a transcript that is one JSON document of any number of lines; None when it is not JSON."""
    return parse_json(b"\n".join(line.data for line in transcript.lines()))
