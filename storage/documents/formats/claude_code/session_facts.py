"""What the lines of a session tell besides its messages; of most kinds only the last line counts."""

from typing import NamedTuple

from storage.documents.formats.claude_code.costs import Spending, spending
from storage.documents.formats.claude_code.line import TranscriptLine
from storage.documents.formats.json_values import as_time

_TITLES = {"custom-title", "ai-title", "summary"}
_KNOWN_TYPES = _TITLES | {
    "agent-name",
    "agent-setting",
    "atis-latch",
    "bridge-session",
    "cost-state",
    "last-prompt",
    "mode",
    "permission-mode",
    "pr-link",
    "tag",
    "tools-used",
    "worktree-state",
}
# The program called with -p, by its SDK for Python, and in a workflow of GitHub. People use editors that run it by its
# SDK for TypeScript.
_AUTOMATED = {"sdk-cli", "sdk-py", "claude-code-github-action"}


class KeptLine(NamedTuple):
    """Where the last line of a type stands."""

    transcript: int
    offset: int


class SessionFacts:
    """The facts of the session in the lines that were read so far."""

    def __init__(self) -> None:
        self._first_directory = ""
        self._moved_to: str | None = None
        self.version: str | None = None
        self.git_branch: str | None = None
        self.permission_mode: str | None = None
        self.custom_title: str | None = None
        self.ai_title: str | None = None
        self.summaries: list[tuple[str | None, str]] = []
        """Titles of older versions with the lines that they stand for, which may be in other files."""
        self.spending: Spending | None = None
        self.first_timestamp: str | int | float | None = None
        self.last_timestamp: str | int | float | None = None
        self.last_lines: dict[str, KeptLine] = {}
        self.compactions: list[dict[str, object]] = []
        self.team: str | None = None
        """The team of an agent that another session began in a terminal of its own."""
        self.run: dict[str, str] = {}
        """How the program was run."""
        self._has_begun = False
        self._entrypoints: set[str] = set()

    @property
    def workspace(self) -> str:
        """The directory that the person moved the session to (`/cd`), else the first, since commands change it."""
        return self._moved_to or self._first_directory

    @property
    def is_automated(self) -> bool:
        """Whether no person was at the program at any time."""
        return bool(self._entrypoints) and self._entrypoints <= _AUTOMATED

    def is_known(self, kind: str) -> bool:
        """Whether lines of this type are no part of the conversation, even if they have a uuid."""
        return kind in _KNOWN_TYPES

    def take_in(self, record: TranscriptLine) -> None:
        """Take in the fields that lines of any type may have."""
        if record.timestamp is not None:
            if self.first_timestamp is None and as_time(record.timestamp) is not None:
                self.first_timestamp = record.timestamp
            self.last_timestamp = record.timestamp
        if record.uuid is not None and not self._has_begun:
            self._has_begun = True
            self.team = record.team_name
        if record.cwd:
            self._first_directory = self._first_directory or record.cwd
            self.git_branch = record.git_branch
            self.version = record.version or self.version
        if record.permission_mode is not None:
            self.permission_mode = record.permission_mode
        if record.entrypoint is not None:
            self.run["entrypoint"] = record.entrypoint
            self._entrypoints.add(record.entrypoint)
        if record.session_kind is not None:
            self.run["sessionKind"] = record.session_kind
        if record.team_name is not None:
            self.run["teamName"] = record.team_name

    def keep(self, record: TranscriptLine, transcript: int, offset: int) -> None:
        """Take in a line that is no part of the conversation."""
        kind = record.type
        if kind == "custom-title":
            self.custom_title = record.custom_title or self.custom_title
        elif kind == "ai-title":
            self.ai_title = record.ai_title or self.ai_title
        elif kind == "summary":
            if record.summary:
                self.summaries.append((record.leaf_uuid, record.summary))
        else:
            self.last_lines[kind] = KeptLine(transcript, offset)
            self._moved_to = record.relocated_cwd or self._moved_to
            self.spending = spending(record) or self.spending

    def add_compaction(self, record: TranscriptLine) -> None:
        """Take in the line of a compaction."""
        metadata = record.compact_metadata
        compaction: dict[str, object] = {"uuid": record.uuid, "timestamp": record.timestamp}
        if metadata is not None:
            compaction |= {
                "trigger": metadata.trigger,
                "preTokens": metadata.preTokens,
                "postTokens": metadata.postTokens,
            }
        self.compactions.append({key: value for key, value in compaction.items() if value is not None})
