"""Compares the files in agents' homes with the registry of files.

This needs no database and little else, so that a command which finds nothing to import starts quickly.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from storage.archive.file_state import NO_TRANSCRIPT, FileKey, FileState
from storage.documents.formats.file_walk import linked_folders
from storage.documents.formats.transcript_format import FoundTranscript, TranscriptFormat
from storage.json_codec import storable_text
from storage.transcripts.found_bytes import is_unchanged

_DOCUMENT_HOMES = (".zagens", ".codewhale", ".deepseek")
_NO_TEXT = "Its name or that of its folder is not valid UTF-8. Rename it."


class Changed(NamedTuple):
    """A transcript that is not as it was read last, with its size in bytes; `known` is None if it was never read."""

    found: FoundTranscript
    size: int
    known: FileState | None


class ChangedTranscripts(NamedTuple):
    """The transcripts below some homes of one agent, compared with the registry of files.

    `deleted` are unchanged files of sessions that were deleted here, `named` those that a caller named itself.
    """

    format: TranscriptFormat
    changed: list[Changed]
    unchanged_count: int
    deleted: list[FoundTranscript]
    passed_over: int
    refused: list[tuple[Path, str]]
    named: frozenset[FileKey]

    @property
    def size(self) -> int:
        """The bytes that are to be read."""
        return sum(one.size for one in self.changed)


def find_changed(
    format: TranscriptFormat,
    homes: Sequence[Path],
    walked: Sequence[FoundTranscript],
    named: Sequence[FoundTranscript],
    since: float | None,
    include_deleted: bool,
    registry: dict[FileKey, FileState],
) -> ChangedTranscripts:
    """Find the transcripts that differ from the registry of files; see `transcript_imports.find_transcripts`."""
    transcripts = [*named, *walked]
    passed_over = 0
    refused: list[tuple[Path, str]] = []
    for home in homes:
        try:
            found = format.find(home)
        except OSError as error:
            refused.append((home, error.strerror or str(error)))
        else:
            transcripts += found.transcripts
            passed_over += found.passed_over
            refused += [*linked_folders(home, format.folders), *found.refused]
    named_keys = frozenset(FileKey.of(one.path, one.name) for one in named)
    result = ChangedTranscripts(format, [], 0, [], passed_over, refused, named_keys)
    unchanged = 0
    seen: set[FileKey] = set()
    for one in transcripts:
        key = FileKey.of(one.path, one.name)
        if key in seen:
            continue
        seen.add(key)
        if storable_text(one.name) != one.name:
            refused.append((one.path, _NO_TEXT))
            continue
        try:
            stat = os.lstat(one.path)
            is_same = is_unchanged(one, registry)
        except OSError as error:
            # An agent may have moved or deleted it since it was found.
            if key in named_keys or not isinstance(error, FileNotFoundError):
                refused.append((one.path, error.strerror or str(error)))
            continue
        known = registry.get(key)
        is_deleted = known is not None and known.transcript_id == NO_TRANSCRIPT
        if since is not None and key not in named_keys and _changed_at(one, stat) < since:
            continue
        if is_same and is_deleted and not include_deleted and key not in named_keys:
            result.deleted.append(one)
        elif is_same and not is_deleted:
            unchanged += 1
        else:
            result.changed.append(Changed(one, 0 if one.read else stat.st_size, known))
    return result._replace(unchanged_count=unchanged)


def _changed_at(found: FoundTranscript, stat: os.stat_result) -> float:
    return stat.st_mtime if found.changed_at is None else found.changed_at


def document_homes(environment: Mapping[str, str], user_home: Path) -> list[Path]:
    """The homes of the agents whose sessions are documents, as far as they exist."""
    named = environment.get("CODEWHALE_HOME")
    homes = [*([Path(named)] if named else []), *(user_home / name for name in _DOCUMENT_HOMES)]
    return [home for home in homes if not is_missing(home)]


def is_missing(place: Path) -> bool:
    """Whether there is nothing at a place. What cannot be looked at is refused by the walk."""
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
