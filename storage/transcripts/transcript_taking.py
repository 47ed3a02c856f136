"""Takes transcripts that are new or have grown: their bytes, compressed, and the rows of their sessions.

This is the work of the reader processes. Unusual ones are left to `transcript_import.import_one`, which asks the
database.
"""

import pickle
from collections.abc import Sequence
from typing import NamedTuple

from storage.archive.archived_transcript import ArchivedTranscript
from storage.archive.chunk import Chunk, first_changed_chunk, make_chunks
from storage.archive.file_state import FileKey, FileState, sample_hashes
from storage.archive.transcript_rows import KeyRow, NewCompanion, TranscriptRow, new_transcript_id
from storage.documents.formats.transcript_format import FoundTranscript, TranscriptFormat
from storage.errors import Unreadable
from storage.records.identifier import is_session_id
from storage.search.index.drafts import SegmentDraft, draft_encoded
from storage.transcripts.derivation import Derivation
from storage.transcripts.derived_plan import WrittenMessages, batch_entries, placed, plan_session
from storage.transcripts.derived_rows import RowBatch, StoredSession, build_rows
from storage.transcripts.found_bytes import FoundBytes, ReadCompanion, fingerprint, open_found, read_companions
from storage.transcripts.summaries import MessageSummary, count

MOST_TAKEN_BYTES = 16 * 2**20
"""Size of a transcript beyond which it is not taken as a whole."""


class Job(NamedTuple):
    """A transcript to take. `known` and `row` are None for one that was never read.

    `stored` and `summaries` are what is stored of its session, which has no other transcript. `companions` names
    those that the archive has.
    """

    found: FoundTranscript
    known: FileState | None = None
    row: TranscriptRow | None = None
    stored: StoredSession | None = None
    summaries: Sequence[MessageSummary] = ()
    companions: frozenset[str] = frozenset()


class Taken(NamedTuple):
    """A transcript that was taken: what to store of it. `written` is None when its session does not change."""

    row: TranscriptRow
    before: TranscriptRow | None
    chunks: list[Chunk]
    companions: list[NewCompanion]
    keys: list[KeyRow]
    files: list[tuple[FileKey, FileState]]
    written: WrittenMessages | None


class Refused(NamedTuple):
    """A transcript that cannot be imported, and why. `is_gone`: nothing is in its place any more."""

    reason: str
    is_gone: bool = False

    @classmethod
    def of(cls, error: OSError) -> "Refused":
        """A transcript that could not be read."""
        return cls(error.strerror or str(error), isinstance(error, FileNotFoundError))


class Unusual(NamedTuple):
    """A transcript that must be compared with the archive, or is too large to be taken as a whole."""


class TakenBatch(NamedTuple):
    """The results for a batch of jobs, in order, and the search drafts of all that is written."""

    results: list[Taken | Refused | Unusual]
    drafts: list[SegmentDraft]


class PackedBatch(NamedTuple):
    """As `TakenBatch`, with each result pickled: a result takes several times as much memory as its bytes.

    A reader process packs each one before it makes the next, and the parent unpacks them when it saves the batch.
    """

    results: list[bytes]
    drafts: list[SegmentDraft]

    def unpacked(self) -> TakenBatch:
        """The batch with its results."""
        return TakenBatch(list(map(pickle.loads, self.results)), self.drafts)


class _AsksForAnother(Exception):
    """The transcript continues another one."""


def take_batch(format: TranscriptFormat, jobs: Sequence[Job], *, is_sqlite: bool) -> TakenBatch:
    """Take transcripts, and draft their search segments. The rows of messages are those for SQLite or PostgreSQL."""
    taking = _Taking(format, is_sqlite=is_sqlite)
    results = [taking.take(job) for job in jobs]
    return TakenBatch(results, draft_encoded(taking.entries))


def take_packed(format: TranscriptFormat, jobs: Sequence[Job], *, is_sqlite: bool) -> PackedBatch:
    """As `take_batch`, for another process."""
    taking = _Taking(format, is_sqlite=is_sqlite)
    results = [pickle.dumps(taking.take(job), pickle.HIGHEST_PROTOCOL) for job in jobs]
    return PackedBatch(results, draft_encoded(taking.entries))


def has_grown(found: FoundTranscript, opened: FoundBytes, job: Job) -> bool:
    """Whether a transcript begins with the bytes that were taken of it, as far as samples tell."""
    known, row = job.known, job.row
    if known is None or row is None or found.is_rewritten or found.is_compressed or found.read is not None:
        return False
    if row.size != known.taken or opened.size < known.taken:
        return False
    return sample_hashes(opened.read, known.taken) == (known.head_hash, known.tail_hash)


class _Taking:
    """Takes transcripts one by one; `entries` are those of the search index that they add."""

    def __init__(self, format: TranscriptFormat, *, is_sqlite: bool) -> None:
        self.entries: list[str] = []
        self._format = format
        self._is_sqlite = is_sqlite

    def take(self, job: Job) -> Taken | Refused | Unusual:
        """The result of a job."""
        try:
            with open_found(job.found) as found:
                if found.size > MOST_TAKEN_BYTES or (job.known is not None and not has_grown(job.found, found, job)):
                    return Unusual()
                # Read once: its lines are read twice, and each message's lines once more.
                content = found.read(0, found.size)
                return self._take(job, found._replace(read=lambda start, count: content[start : start + count]))
        except OSError as error:
            return Refused.of(error)
        except (_AsksForAnother, Unreadable):
            return Unusual()

    def _take(self, job: Job, opened: FoundBytes) -> Taken | Refused | Unusual:
        format, found = self._format, job.found
        companions = read_companions(found, opened)
        contents = {one.name: one.content for one in companions}
        if job.companions - contents.keys():
            # What is gone from the agent's home is read in the archive.
            return Unusual()
        transcript = ArchivedTranscript(
            found.name, opened.modified_at, opened.size, opened.read, contents.get, _ask_for_another
        )
        session_id = format.session_id(transcript)
        if session_id is not None and not is_session_id(session_id):
            return Refused(f"The id of its session is invalid: {session_id[:200]!r}.")
        if job.row is not None and job.row.session_id != session_id:
            return Unusual()
        id = new_transcript_id() if job.row is None else job.row.id
        generation = 0 if job.row is None else job.row.generation
        is_rewritten, modified_at = found.is_rewritten, opened.modified_at
        taken = 0 if job.row is None else job.row.size
        return Taken(
            TranscriptRow(
                id, format.source, found.name, generation, session_id, is_rewritten, True, modified_at, opened.size
            ),
            job.row,
            list(make_chunks(opened.read, first_changed_chunk(taken), opened.size)) if opened.size > taken else [],
            [NewCompanion.make(id, one.name, one.content) for one in companions],
            [KeyRow(key, format.source, True, id) for key in sorted(set(format.keys(transcript)))],
            file_states(found, opened, id, companions),
            None if session_id is None else self._written(job, transcript),
        )

    def _written(self, job: Job, transcript: ArchivedTranscript) -> WrittenMessages | None:
        session = self._format.derive([transcript])
        if session is None or not session.messages:
            return None
        plan = plan_session(Derivation(session, []), self._format.version, job.stored, list(job.summaries))
        if plan.is_unchanged:
            return None
        batches = build_rows(session.messages, plan.digests, plan.places, plan.start, MOST_TAKEN_BYTES)
        batch = RowBatch(plan.start, [row for some in batches for row in some.rows])
        self.entries += batch_entries(plan, batch, with_title=plan.indexes_title)
        counts = count([*placed(plan), *batch.summaries()])
        return WrittenMessages.of(plan, batch, counts, with_title=plan.indexes_title, is_sqlite=self._is_sqlite)


def _ask_for_another(key: str) -> None:
    raise _AsksForAnother


def file_states(
    found: FoundTranscript, opened: FoundBytes, transcript_id: int, companions: Sequence[ReadCompanion]
) -> list[tuple[FileKey, FileState]]:
    """The states of a transcript's files for the registry."""
    hashes = sample_hashes(opened.read, opened.size)
    state = FileState(transcript_id, False, opened.stat, opened.size, *hashes, fingerprint(found))
    return [
        (FileKey.of(found.path, found.name), state),
        *((one.key, FileState(transcript_id, True, one.stat)) for one in companions if one.key is not None),
    ]
