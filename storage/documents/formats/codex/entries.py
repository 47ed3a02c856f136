"""What is read of each line of a rollout at first: small values, and where the line is to be read again."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, auto

from storage.documents.formats.json_values import as_time
from storage.records.token_usage import TokenUsage


@dataclass(slots=True)
class LinePlace:
    """A line: its offset, its time as written, its ordinal where it has one, and the digest of its bytes.

    Lines of which no message is made have no digest.
    """

    offset: int
    timestamp: object
    ordinal: int | None = None
    digest: bytes = b""

    @property
    def time(self) -> datetime | None:
        """The line's time; None when it has none that can be read."""
        return as_time(self.timestamp)


class ItemKind(IntEnum):
    """The kind of a response item in the conversation."""

    USER = auto()
    SYSTEM = auto()
    TEXT = auto()
    REASONING = auto()
    CALL = auto()
    OUTPUT = auto()
    OTHER = auto()


class Marking(IntEnum):
    """Who wrote a user's item, by the item alone."""

    PERSON = auto()
    PROGRAM = auto()
    UNKNOWN = auto()


@dataclass(slots=True)
class ResponseItem:
    """A response item: a part of what is sent to the model.

    `texts` are hashes of the texts that events repeat, `content` is a hash of the whole content of a message. `command`
    is what a call asks to run.
    """

    place: LinePlace
    kind: ItemKind
    id: str = ""
    texts: tuple[int, ...] = ()
    content: int = 0
    marking: Marking = Marking.UNKNOWN
    command: str = ""


@dataclass(slots=True)
class Shown:
    """An event that repeats what an item says, for display. `kind` is that of the item."""

    place: LinePlace
    kind: ItemKind
    id: str = ""
    texts: tuple[int, ...] = ()


@dataclass(slots=True)
class ToolEvent:
    """An event about a finished tool call.

    `is_fuller`: it may have more of what was printed than the call's output. `is_shown`: it is a message of its own
    when the call has no item. `command` is what ran, as it is recorded.
    """

    place: LinePlace
    call_id: str
    is_failure: bool
    is_fuller: bool = False
    is_shown: bool = False
    command: object = None


@dataclass(slots=True)
class TokenCount:
    """Tokens of one reply, and of the thread up to then. Only the records of newer versions have the reply's id."""

    place: LinePlace
    usage: TokenUsage | None
    total: TokenUsage | None
    response_id: str = ""
    thread_id: str = ""
    is_record: bool = False


@dataclass(slots=True)
class TurnStart:
    """The start of a turn."""

    place: LinePlace
    turn_id: str


@dataclass(slots=True)
class TurnSettings:
    """The settings with which a turn continues."""

    place: LinePlace
    turn_id: str
    model: str
    mode: str
    workspace: str


@dataclass(slots=True)
class TurnEnd:
    """The end of a turn, whether it was completed or not."""

    place: LinePlace


@dataclass(slots=True)
class Replacement:
    """An item of the history that a compaction leaves."""

    kind: ItemKind
    content: int
    is_summary: bool


@dataclass(slots=True)
class Compaction:
    """A compaction. `history` is what the model continues from; None when the line does not have it.

    In it, None stands for an item that is not shown. `is_sealed`: only the provider can read the summary.
    """

    place: LinePlace
    history: list[Replacement | None] | None
    is_sealed: bool = False


@dataclass(slots=True)
class CompactionAnswer:
    """The reply in which the model wrote the summary of a compaction, which repeats it."""

    place: LinePlace


@dataclass(slots=True)
class Rollback:
    """The last turns were taken back."""

    place: LinePlace
    turn_count: int


@dataclass(slots=True)
class CopiedHeader:
    """The header of another thread: lines of that thread follow, copied."""

    place: LinePlace
    thread_id: str


@dataclass(slots=True)
class WorktreeSnapshot:
    """A commit that the program made of the working tree, beside the conversation."""

    place: LinePlace
    commit: object


@dataclass(slots=True)
class Unknown:
    """A line or an event of an unknown type."""

    place: LinePlace


Entry = (
    ResponseItem
    | Shown
    | ToolEvent
    | TokenCount
    | TurnStart
    | TurnSettings
    | TurnEnd
    | Compaction
    | CompactionAnswer
    | Rollback
    | CopiedHeader
    | WorktreeSnapshot
    | Unknown
)
