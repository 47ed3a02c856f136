"""What a format of an agent's transcripts is: how they are found below a home, and what sessions they hold."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from storage.archive.line import Line as Line
from storage.documents.derived_session import DerivedSession
from storage.documents.formats.named_files import NamedFiles


class TranscriptReader(Protocol):
    """A transcript as it was read: the bytes of one file up to its last whole line, and the files beside it.

    `name` is the path below the agent's home, with forward slashes; it tells nothing about where the bytes come from,
    which may be the file or the archive.
    """

    @property
    def name(self) -> str:
        """The path below the agent's home."""
        ...

    @property
    def modified_at(self) -> datetime:
        """When the file was last changed, in UTC: the time of a session whose lines have none."""
        ...

    def lines(self) -> Iterator[Line]:
        """All lines in order, one at a time; empty lines are left out."""
        ...

    def line(self, offset: int) -> bytes:
        """The line that begins at an offset, without the line end."""
        ...

    def companion(self, name: str) -> bytes | None:
        """The content of a file that belongs to the transcript, by its path below the home; None if there is none."""
        ...

    def base(self, key: str) -> "TranscriptReader | None":
        """Another transcript of the same agent by its key, which this one continues; None if it was never read."""
        ...


_NONE: dict[str, Any] = {}
"""The default of mappings. A read-only view could not be sent to reader processes."""


class FoundTranscript(NamedTuple):
    """A transcript that lies below a home.

    `name` is the path below the home, with forward slashes. `companions` are the paths of the files that belong to it,
    by their names, such as a tool's long output or the description of a subagent. `excerpts` are its parts of files
    that many transcripts share, such as its line of an index of titles; `TranscriptReader.companion` returns them too,
    by the name of the file. With `has_excerpts_at_hand` false such a file could not be read, and what is stored stays.
    Files that it names in its lines are companions too: they are found when it is read.

    Most transcripts are files that only grow, line by line. One that `is_rewritten` is rewritten as a whole: all of its
    bytes are taken, whether they end with a line or not. `read` returns the bytes of a transcript that is a part of a
    database at `path`, as one line; `fingerprint` differs when these bytes do, and is cheaper to get.

    A file that `is_compressed` holds the transcript in zstd frames: the plain bytes are the transcript's, and `name` is
    that of the plain file, so that a transcript stays the same one when its agent compresses it.

    `changed_at` is when a transcript was last changed that is a part of a database or lies in several files.
    """

    path: Path
    name: str
    companions: Mapping[str, Path] = _NONE
    is_rewritten: bool = False
    read: Callable[[], bytes] | None = None
    fingerprint: str = ""
    is_compressed: bool = False
    excerpts: Mapping[str, bytes] = _NONE
    changed_at: float | None = None
    has_excerpts_at_hand: bool = True
    named_files: NamedFiles | None = None


class FoundTranscripts(NamedTuple):
    """The result of a walk below a home: transcripts sorted by name, and how many files were passed over.

    `refused` has the folders and files that could not be read, with the reason. What lies in them is not found.
    """

    transcripts: Sequence[FoundTranscript]
    passed_over: int
    refused: Sequence[tuple[Path, str]] = ()


class Continued(NamedTuple):
    """A transcript that another one continues: the key by which it asks for it, and how many of its bytes it has."""

    key: str
    transcript: TranscriptReader
    size: int


class TranscriptFormat(Protocol):
    """The format of one agent. `version` rises whenever `derive` gives another result for the same transcripts."""

    source: str
    agent: str
    version: int
    tried_version: str

    @property
    def folders(self) -> tuple[str, ...]:
        """The paths below a home of the folders that hold the transcripts."""
        ...

    def homes(self, environment: Mapping[str, str], user_home: Path) -> list[Path]:
        """The agent's homes by its environment variables and the user's home folder, whether they exist or not."""
        ...

    def find(self, home: Path) -> FoundTranscripts:
        """Find the transcripts below a home, or below a part of it such as one project's folder. Follows no links."""
        ...

    def session_id(self, transcript: TranscriptReader) -> str | None:
        """The id of the session that a transcript belongs to; None when it holds none, or not yet."""
        ...

    def keys(self, transcript: TranscriptReader) -> list[str]:
        """The keys by which other transcripts name this one in `TranscriptReader.base`."""
        ...

    def continued(self, transcript: TranscriptReader) -> Sequence[Continued]:
        """The transcripts with whose messages the session of this one begins, which has no copy of them."""
        ...

    def derive(self, transcripts: Sequence[TranscriptReader]) -> DerivedSession | None:
        """Derive the session of all its transcripts, oldest first; None when they hold no message.

        Lines, blocks and fields that are not known are kept and never an error.
        """
        ...
