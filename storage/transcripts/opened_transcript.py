"""A found transcript while its file is open, and the rows that the archive stores of it."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from storage.archive.archived_transcript import ArchivedTranscript
from storage.archive.byte_sources import end_of_lines
from storage.archive.chunk import Chunk, chunk_digest, first_changed_chunk, make_chunks
from storage.archive.file_state import FileKey, FileState
from storage.archive.transcript_rows import NewCompanion, TranscriptRow, new_transcript_id
from storage.documents.formats.transcript_format import FoundTranscript, TranscriptFormat
from storage.transcripts.archive_reader import ArchiveReader
from storage.transcripts.found_bytes import FoundBytes, ReadCompanion, open_found, read_companions
from storage.transcripts.transcript_taking import file_states

PIECE_BYTES = 8 * 2**20
"""Bytes of a transcript that are stored in one transaction."""


class OpenedTranscript(NamedTuple):
    """A transcript that a format found, its bytes and its companions.

    `is_registered` is false for a transcript without files that can be read again.
    """

    format: TranscriptFormat
    found: FoundTranscript
    content: FoundBytes
    companions: list[ReadCompanion]
    is_registered: bool

    @property
    def is_rewritten(self) -> bool:
        """Whether a change replaces all of it, as in the exported rows of a database."""
        return self.found.is_rewritten or self.found.fingerprint != ""

    def archived(self, reader: ArchiveReader) -> ArchivedTranscript:
        """The transcript as formats read it; `reader` opens those that it continues."""
        contents = {one.name: one.content for one in self.companions}
        return ArchivedTranscript(
            self.found.name,
            self.content.modified_at,
            self.content.size,
            self.content.read,
            contents.get,
            lambda key: reader.base(self.format.source, key),
        )

    def new_row(self, generation: int, session_id: str | None) -> TranscriptRow:
        """The row of a new generation of the transcript, of which nothing is stored yet."""
        return TranscriptRow(
            new_transcript_id(),
            self.format.source,
            self.found.name,
            generation,
            session_id,
            self.is_rewritten,
            False,
            self.content.modified_at,
            0,
        )

    def states(self, transcript_id: int) -> list[tuple[FileKey, FileState]]:
        """The states of its files for the registry."""
        return file_states(self.found, self.content, transcript_id, self.companions) if self.is_registered else []

    def new_companions(self, transcript_id: int, stored: Mapping[str, bytes]) -> list[NewCompanion]:
        """The rows of its companions, without those that are `stored` with the same digest."""
        changed = (one for one in self.companions if stored.get(one.name) != chunk_digest(one.content))
        return [NewCompanion.make(transcript_id, one.name, one.content) for one in changed]

    def end_of_piece(self, start: int) -> int:
        """The end of the lines that are stored in one transaction: about PIECE_BYTES behind `start`."""
        end = self.content.size
        if self.is_rewritten:
            return end
        stop = start + PIECE_BYTES
        while stop < end:
            if (found := end_of_lines(lambda first, count: self.content.read(start + first, count), stop - start)) > 0:
                return start + found
            stop += PIECE_BYTES
        return end

    def chunks(self, start: int, end: int) -> list[Chunk]:
        """The chunks that change when the archive takes the bytes from `start` to `end`."""
        return list(make_chunks(self.content.read, first_changed_chunk(start), end)) if end > start else []


@contextlib.contextmanager
def open_transcript(
    format: TranscriptFormat, found: FoundTranscript, *, is_registered: bool
) -> Iterator[OpenedTranscript]:
    """Open a transcript. Raises OSError."""
    with open_found(found) as content:
        yield OpenedTranscript(format, found, content, read_companions(found, content), is_registered)
