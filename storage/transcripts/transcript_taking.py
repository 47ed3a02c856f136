"""Takes transcripts that are new or have grown: their bytes, compressed, and the rows of their sessions.

This is the work of the reader processes. Unusual ones are left to `transcript_import.import_one`, which asks the
database.
"""

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
from storage.transcripts.derived_plan import WrittenMessages, drafted_entries, plan_session, without_entries
from storage.transcripts.derived_rows import MessageSummary, RowBatch, StoredSession, build_rows
from storage.transcripts.found_bytes import FoundBytes, ReadCompanion, fingerprint, open_found, read_companions

MOST_TAKEN_BYTES = 16 * 2**20
"""Size of a transcript beyond which it is not taken as a whole."""


class Job(NamedTuple):
    """A transcript to take. `known` and `row` are None for one that was never read.

    `stored` and `summaries` are what is stored of its session, which has no other transcript.
    """

    found: FoundTranscript
    known: FileState | None = None
    row: TranscriptRow | None = None
    stored: StoredSession | None = None
    summaries: Sequence[MessageSummary] = ()


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

    def with_drafts(self) -> "TakenBatch":
        """A copy with the search drafts, without the entries that these were made from."""
        written = [one.written for one in self.results if isinstance(one, Taken) and one.written is not None]
        results = [
            one._replace(written=without_entries(one.written)) if isinstance(one, Taken) and one.written else one
            for one in self.results
        ]
        return TakenBatch(results, draft_encoded(drafted_entries(written)))


class _AsksForAnother(Exception):
    """The transcript continues another one."""


def take_batch(format: TranscriptFormat, jobs: Sequence[Job], *, drafts: bool) -> TakenBatch:
    """Take transcripts, and draft their search segments if `drafts`."""
    batch = TakenBatch([_take(format, job) for job in jobs], [])
    return batch.with_drafts() if drafts else batch


def _take(format: TranscriptFormat, job: Job) -> Taken | Refused | Unusual:
    try:
        with open_found(job.found) as found:
            if found.size > MOST_TAKEN_BYTES or (job.known is not None and not has_grown(job.found, found, job)):
                return Unusual()
            # Read once: its lines are read twice, and each message's lines once more.
            content = found.read(0, found.size)
            return _take_open(format, job, found._replace(read=lambda start, count: content[start : start + count]))
    except OSError as error:
        return Refused.of(error)
    except (_AsksForAnother, Unreadable):
        return Unusual()


def has_grown(found: FoundTranscript, opened: FoundBytes, job: Job) -> bool:
    """Whether a transcript begins with the bytes that were taken of it, as far as samples tell."""
    known, row = job.known, job.row
    if known is None or row is None or found.is_rewritten or found.is_compressed or found.read is not None:
        return False
    if row.size != known.taken or opened.size < known.taken:
        return False
    return sample_hashes(opened.read, known.taken) == (known.head_hash, known.tail_hash)


def _take_open(format: TranscriptFormat, job: Job, opened: FoundBytes) -> Taken | Refused | Unusual:
    found = job.found
    companions = read_companions(found)
    contents = {one.name: one.content for one in companions}
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
    row = TranscriptRow(
        id, format.source, found.name, generation, session_id, found.is_rewritten, True, opened.modified_at, opened.size
    )
    written = None
    if session_id is not None:
        session = format.derive([transcript])
        if session is not None and session.messages:
            plan = plan_session(Derivation(session, []), format.version, job.stored, list(job.summaries))
            if not plan.is_unchanged:
                rows = [
                    one
                    for batch in build_rows(session.messages, plan.digests, plan.places, plan.start, MOST_TAKEN_BYTES)
                    for one in batch.rows
                ]
                written = WrittenMessages(plan, RowBatch(plan.start, rows), plan.indexes_title)
    taken = 0 if job.row is None else job.row.size
    return Taken(
        row,
        job.row,
        list(make_chunks(opened.read, first_changed_chunk(taken), opened.size)) if opened.size > taken else [],
        [NewCompanion.make(id, one.name, one.content) for one in companions],
        [KeyRow(key, format.source, True, id) for key in sorted(set(format.keys(transcript)))],
        file_states(found, opened, id, companions),
        written,
    )


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
