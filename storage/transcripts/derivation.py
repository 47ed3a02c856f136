"""Derives a session from all its transcripts, the earlier generations of each included."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from storage.archive.archived_transcript import ArchivedTranscript
from storage.archive.transcript_rows import TranscriptRow
from storage.documents.derived_session import DerivedSession
from storage.documents.formats.transcript_format import TranscriptFormat
from storage.transcripts.earlier_messages import with_earlier


class Derivation(NamedTuple):
    """A session, and the ids of the earlier generations of its transcripts that it has no message of."""

    session: DerivedSession
    unused: list[int]


def derive(
    format: TranscriptFormat,
    rows: Sequence[TranscriptRow],
    open_transcript: Callable[[TranscriptRow], ArchivedTranscript],
) -> Derivation | None:
    """Derive a session from its transcripts, which are in order; None when they hold no message.

    The newest generations make the session. What they lack of an earlier one is added where it stood, as messages of an
    earlier window.
    """
    newest = {row.name: row for row in rows}
    current = [row for row in rows if newest[row.name] is row]
    earlier = [row for row in reversed(rows) if newest[row.name] is not row]
    session = format.derive([open_transcript(row) for row in current])
    unused = []
    for row in earlier:
        before = format.derive([open_transcript(row)])
        if before is None:
            unused.append(row.id)
        elif session is None:
            session = before
        else:
            merged = with_earlier(session, before, may_change=row.is_rewritten)
            if merged is session:
                unused.append(row.id)
            session = merged
    return None if session is None else Derivation(session, unused)
