"""A message while its lines are being found."""

from typing import NamedTuple

from storage.documents.formats.claude_code.usage import ReplyUsage

PROMPT = 0
"""Text under the user's role, the person's or the program's."""
REPLY = 1
RESULTS = 2
QUEUED_PROMPT = 3
SUMMARY = 4
"""What a compaction leaves to the model."""
LOCAL_COMMAND = 5
NOTE = 6
"""Text that is shown to the person, and that the model does not see."""
RAW = 7
"""A line that is kept as it is: an error of the API, or a line of an unknown type."""


class Part(NamedTuple):
    """A line of a message: where it stands, and the digest of all that its content is made of."""

    transcript: int
    offset: int
    digest: bytes
    block_index: int | None = None


class MessageDraft:
    """A message, by the lines that it is made of."""

    __slots__ = (
        "created_at",
        "has_only_thinking",
        "is_copied",
        "is_injected",
        "is_sent",
        "kind",
        "model",
        "parts",
        "results",
        "usage",
    )

    def __init__(self, kind: int, created_at: str | int | float | None, is_injected: bool, is_sent: bool) -> None:
        self.kind = kind
        self.created_at = created_at
        self.is_injected = is_injected
        self.is_sent = is_sent
        self.is_copied = False
        self.has_only_thinking = False
        self.model: str | None = None
        self.usage: ReplyUsage | None = None
        self.results: int | None = None
        self.parts: list[Part] = []

    def ordered_parts(self) -> list[Part]:
        """The lines in the order of their blocks, where each tells its place, else in that of the file."""
        if self.kind != REPLY or any(part.block_index is None for part in self.parts):
            return self.parts
        return sorted(self.parts, key=lambda part: part.block_index or 0)
