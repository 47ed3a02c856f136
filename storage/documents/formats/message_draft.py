"""A message that is put together from lines of transcripts while they are scanned."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import blake2b
from typing import Protocol

from storage.documents.derived_session import DIGEST_SIZE, DerivedMessage
from storage.documents.formats.blocks import Block
from storage.records.token_usage import TokenUsage

Content = Callable[[Block], list[Block]]
"""The blocks of one line."""


class Records(Protocol):
    """The records of a transcript by their offsets, as they were written or with changes."""

    def record(self, offset: int) -> Block:
        """The record at an offset. It must not be changed."""
        ...


@dataclass(slots=True, eq=False)
class MessageDraft:
    """The lines of a message by their readers and offsets. They are read again when its content is needed.

    One that `is_copied` comes from another session, which has its tokens.
    """

    role: str
    created_at: datetime | None = None
    model: str | None = None
    usage: TokenUsage | None = None
    is_injected: bool = False
    is_copied: bool = False
    lines: list[tuple[Records, int]] = field(default_factory=list)
    digest: bytes = b""

    def add_line(self, reader: Records, offset: int, data: bytes) -> None:
        """Add a line with its bytes."""
        self.lines.append((reader, offset))
        self.digest = blake2b(self.digest + data, digest_size=DIGEST_SIZE).digest()

    def message(self, content: Content) -> DerivedMessage:
        """The message, whose blocks `content` makes from its lines."""
        return DerivedMessage(
            role=self.role,
            digest=self.digest,
            build=partial(_build, self.lines, content),
            created_at=self.created_at,
            model=self.model,
            usage=None if self.is_copied else self.usage,
            is_injected=self.is_injected,
        )


def _build(lines: list[tuple[Records, int]], content: Content) -> list[Block]:
    return [block for reader, offset in lines for block in content(reader.record(offset))]
