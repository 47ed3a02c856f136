"""Which messages of a session were copied from another, with the lines that a fork begins with."""

from collections.abc import Iterable, Sequence

from storage.documents.formats.claude_code.draft import LineDraft
from storage.documents.formats.claude_code.line import TranscriptLine


class Copies:
    """The copied messages, by what their lines tell.

    `origin` is the session that the last copied line came from; None for a session without copies.
    """

    def __init__(self) -> None:
        self.origin: str | None = None
        self._drafts: set[int] = set()
        self._foreign: dict[int, str] = {}
        self._has_own_lines = False

    def take_in(self, record: TranscriptLine, session: str | None, draft: int) -> None:
        """Take in a line of a message. Newer versions mark copies, older ones may leave the id of their session."""
        origin = record.request_session_id
        if origin is None and record.forked_from is not None:
            origin = record.forked_from.sessionId
        if origin is not None and origin != session:
            self.origin = origin
            self._drafts.add(draft)
        elif record.session_id is not None and record.session_id != session:
            self._foreign[draft] = record.session_id
        else:
            self._has_own_lines = True

    def add(self, draft: int) -> None:
        """Count a message as copied."""
        self._drafts.add(draft)

    def settle(self) -> None:
        """Count lines with another session's id as copies, unless all are such: then the file has another name."""
        if self._has_own_lines and self._foreign:
            self._drafts |= self._foreign.keys()
            self.origin = self.origin or list(self._foreign.values())[-1]

    def mark(self, drafts: Sequence[LineDraft], more: Iterable[int]) -> None:
        """Mark the copied messages, and `more` that the session has in common with its origin."""
        for index in self._drafts.union(more):
            drafts[index].is_copied = True
