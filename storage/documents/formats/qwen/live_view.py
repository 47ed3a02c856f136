"""Which messages of a Qwen Code session its next request holds."""

from collections.abc import Sequence

from storage.documents.formats.json_values import as_object, digest_of
from storage.documents.formats.qwen.line_content import compressed_history, content_parts
from storage.documents.formats.qwen.transcript_scan import ChatScan, ScannedLine


def live_messages(scan: ChatScan, path: Sequence[str]) -> list[int]:
    """The indexes of the live messages: those of the path to the last line, from its last compression on."""
    lines = [line for record_id in path for line in scan.lines.get(record_id, ())]
    compressions = [place for place, line in enumerate(lines) if line.is_compression]
    kept: list[int] = []
    if compressions:
        place = compressions[-1]
        kept = [lines[place].message, *_kept_messages(lines[place], lines[:place])]
        lines = lines[place + 1 :]
    return list(dict.fromkeys([*kept, *(line.message for line in lines if line.is_sent)]))


def _kept_messages(compression: ScannedLine, before: Sequence[ScannedLine]) -> list[int]:
    """The messages before a compression that the history which it leaves repeats, in the order of that history."""
    by_content: dict[bytes, int] = {}
    for line in before:
        if line.is_sent:
            by_content[digest_of(content_parts(line.reader.record(line.offset)))] = line.message
    history = compressed_history(compression.reader.record(compression.offset))
    contents = (digest_of(content.get("parts")) for content in map(as_object, history[1:]))
    return [by_content[content] for content in contents if content in by_content]
