"""What is stored of a session, as far as an import compares a document with it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from storage.database.tables.message import message
from storage.database.tables.session import session
from storage.database.transaction import DatabaseConnection
from storage.documents.document import Document
from storage.documents.windows import StoredMessage

_HASH_SIZE = 32


class StoredVersion(NamedTuple):
    """The stored session, and the newest document that was imported of it.

    `newest_count` counts the messages of that document, `message_count` those of all windows. `replaced` has the
    hashes of other documents with the same clock that it replaced: that of the transcript where it differed, else that
    of the header.
    """

    id: str
    source: str
    is_source_certain: bool
    updated_at: datetime
    header_hash: bytes
    transcript_hash: bytes
    newest_count: int
    message_count: int
    replaced: bytes
    title: str
    is_renamed: bool
    number: int
    transcript_version: int
    transcript_rewrites: int

    def conflicts_with(self, document: Document) -> bool:
        """Whether another agent wrote the document than the stored session."""
        return self.source != document.source and (self.is_source_certain or document.is_source_certain)

    def equals(self, document: Document) -> bool:
        """Whether the document is the one imported last."""
        return self.header_hash == document.header_digest and (
            self.newest_count == len(document.transcript.messages) and self.is_prefix_of(document)
        )

    def is_prefix_of(self, document: Document) -> bool:
        """Whether the document's messages begin with those of the newest document."""
        count = self.newest_count
        return len(document.transcript.messages) >= count and self.transcript_hash == document.transcript.digest(count)

    def has_replaced_header(self, document: Document) -> bool:
        """Whether the document is a copy with the same clock and messages that was replaced before."""
        is_copy = document.updated_at == self.updated_at and len(document.transcript.messages) == self.newest_count
        return is_copy and document.header_digest in self._replaced_hashes() and self.is_prefix_of(document)

    def is_newer_than(self, document: Document, messages: Sequence[StoredMessage]) -> bool:
        """Whether the document is an older copy, given the stored messages.

        That is a document whose clock is behind. With an equal clock it is one that only lacks messages, or one that
        was replaced before: importing two copies again and again must not exchange them for ever.
        """
        if document.updated_at != self.updated_at:
            return document.updated_at < self.updated_at
        digests = [message.digest for message in document.transcript.messages]
        if len(digests) < self.newest_count:
            newest = Counter(one.digest for one in messages if one.place is not None)
            if Counter(digests) <= newest:
                return True
        return document.transcript.digest(len(digests)) in self._replaced_hashes()

    def replaced_by(self, document: Document) -> bytes:
        """The value of `replaced` once the document is the newest one."""
        if document.updated_at != self.updated_at:
            return b""
        if not self.is_prefix_of(document):
            return self.replaced + self.transcript_hash
        is_longer = len(document.transcript.messages) > self.newest_count
        return self.replaced if is_longer else self.replaced + self.header_hash

    def _replaced_hashes(self) -> set[bytes]:
        starts = range(0, len(self.replaced), _HASH_SIZE)
        return {self.replaced[start : start + _HASH_SIZE] for start in starts}


VERSION_COLUMNS = [session.c[name] for name in StoredVersion._fields]
_messages = (
    sa.select(message.c.digest, message.c.place)
    .where(message.c.session_id == sa.bindparam("session_id"))
    .order_by(message.c.position)
)


async def stored_messages(connection: DatabaseConnection, session_id: str) -> list[StoredMessage]:
    """Digest and place of all messages of a session, in order of their positions."""
    rows = await connection.execute(_messages, {"session_id": session_id})
    return [StoredMessage(row.digest, row.place) for row in rows]
