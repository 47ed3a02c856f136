"""Reading of a transcript's lines as JSON records, in order and again by their offsets."""

from collections.abc import Iterator

from storage.documents.formats.json_values import parse_json
from storage.documents.formats.transcript_format import Transcript


class RecordReader:
    """The records of a transcript. Lines that are not JSON objects are passed over.

    The last record that was read by its offset is remembered, because messages are mostly built in order and one line
    may hold several.
    """

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._offset = -1
        self._record: dict[str, object] = {}

    def records(self) -> Iterator[tuple[int, bytes, dict[str, object]]]:
        """Each record with its offset and its line."""
        for offset, data in self._transcript.lines():
            record = parse_json(data)
            if isinstance(record, dict):
                yield offset, data, record

    def record(self, offset: int) -> dict[str, object]:
        """The record at an offset. It must not be changed."""
        if offset != self._offset:
            record = parse_json(self._transcript.line(offset))
            self._record, self._offset = (record if isinstance(record, dict) else {}), offset
        return self._record


def whole_document(transcript: Transcript) -> object:
    """The value of a transcript that is one JSON document of any number of lines; None when it is not JSON."""
    return parse_json(b"\n".join(line.data for line in transcript.lines()))
