"""A message while its lines are being found.

A long session has many of these. They are structs that the garbage collector passes over, because looking through all
of them again and again would slow down the scan.
"""

import msgspec

from storage.documents.formats.claude_code.usage import ReplyUsage

PROMPT = 0
"""Text under the user's role, the person's or the program's."""
REPLY = 1
RESULTS = 2
QUEUED_PROMPT = 3
SUMMARY = 4
"""The summary that a compaction leaves to the model."""
LOCAL_COMMAND = 5
NOTE = 6
"""Text that is shown to the person, and that the model does not see."""
RAW = 7
"""A line that is kept as it is: an error of the API, or a line of an unknown type."""
ATTACHED = 8
"""Text that the model got besides the conversation: a file that a prompt mentions, instructions, the output of a hook.
"""

CHANGED_INPUT = 9
"""What a hook put in place of the input of a call: the tool ran with it, and the model does not know of it."""


class MessageLine(msgspec.Struct, gc=False):
    """A line of a message: where it stands, and the digest of all that its content is made of."""

    transcript: int
    offset: int
    digest: bytes
    block_index: int | None


class LineDraft(msgspec.Struct, gc=False):
    """A message, by the lines that it is made of.

    `results` is the draft of the results of a reply's calls, `attached` are those of what hooks said about the calls.
    """

    kind: int
    created_at: str | int | float | None
    is_injected: bool
    is_sent: bool
    """Whether the program sends it to the model."""
    is_copied: bool = False
    """Whether it is another session's, from which this one was forked."""
    has_only_thinking: bool = False
    model: str | None = None
    usage: ReplyUsage | None = None
    results: int | None = None
    attached: list[int] = []
    parts: list[MessageLine] = []

    def followers(self) -> list[int]:
        """The drafts that go with a reply wherever their lines stand, in the order of the file."""
        return self.attached if self.results is None else sorted([*self.attached, self.results])

    def ordered_parts(self) -> list[MessageLine]:
        """The lines in the order of their blocks, where each tells its place, else in that of the file."""
        if self.kind != REPLY or len(self.parts) == 1 or any(part.block_index is None for part in self.parts):
            return self.parts
        return sorted(self.parts, key=lambda part: part.block_index or 0)
