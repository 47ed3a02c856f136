"""What lies in places that a person named: transcripts by their formats, and places that may hold documents."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from storage.archive.byte_sources import FileBytes
from storage.archive.file_state import FileKey
from storage.documents.formats.file_walk import linked_folders
from storage.documents.formats.recognition import HEAD_BYTES, TAIL_BYTES, is_document, name_of, source_of
from storage.documents.formats.transcript_format import FoundTranscript, TranscriptFormat

# In the homes of the other agents, JSON files are no session documents, and some hold credentials.
_TRANSCRIPT_HOMES = {".claude", ".codex", ".gemini", ".qwen", ".pi", "opencode"}


_ByFormat = dict[str, list[FoundTranscript]]


class GivenPlaces(NamedTuple):
    """The content of places: the transcripts in folders, and those that were named as files, by their sources.

    `others` have no transcripts and may hold documents. `mixed` are folders outside of any home that hold transcripts;
    documents may lie beside these.
    """

    walked: _ByFormat
    named: _ByFormat
    others: list[Path]
    mixed: list[Path]
    refused: dict[Path, str]


def sort_places(formats: Sequence[TranscriptFormat], places: Sequence[Path]) -> GivenPlaces:
    """Look into places. Those that do not exist are refused, whatever the formats are."""
    layouts = tuple(f"{name}/" for format in formats for name in format.folders)
    given = GivenPlaces({}, {}, [], [], {})
    for place in places:
        try:
            is_folder = stat.S_ISDIR(place.stat().st_mode)
        except OSError as error:
            given.refused[place] = error.strerror or str(error)
            continue
        if is_folder:
            found = _in_folder(formats, place, given.refused)
            for source, some in found.items():
                given.walked.setdefault(source, []).extend(some)
            if _TRANSCRIPT_HOMES.intersection(place.absolute().parts):
                continue
            if not found:
                given.others.append(place)
            elif not any(one.name.startswith(layouts) for some in found.values() for one in some):
                given.mixed.append(place)
        elif (one := _named(formats, place, given.refused)) is not None:
            source, transcripts = one
            given.named.setdefault(source, []).extend(transcripts)
        elif place not in given.refused:
            given.others.append(place)
    return given


def _in_folder(formats: Sequence[TranscriptFormat], folder: Path, refused: dict[Path, str]) -> _ByFormat:
    """The transcripts of each format in a folder.

    One that several formats find belongs to the one that wrote it, and so does one outside the layout of a home: any
    file of lines may be a transcript of Claude Code there.
    """
    found: dict[str, Sequence[FoundTranscript]] = {}
    layouts = {format.source: tuple(f"{name}/" for name in format.folders) for format in formats}
    for format in formats:
        try:
            walked = format.find(folder)
        except OSError as error:
            refused[folder] = error.strerror or str(error)
        else:
            refused.update(walked.refused)
            if _TRANSCRIPT_HOMES.intersection(folder.absolute().parts[-2:]):
                # A home is known by its name, or as pi's is, by that of the folder around it.
                refused.update(linked_folders(folder, format.folders))
            found[format.source] = walked.transcripts
    owners: dict[FileKey, set[str]] = {}
    for source, some in found.items():
        for one in some:
            owners.setdefault(FileKey.of(one.path, ""), set()).add(source)
    result: _ByFormat = {}
    for source, some in found.items():
        for one in some:
            is_shared = len(owners[FileKey.of(one.path, "")]) > 1
            if not is_shared and (one.read is not None or one.name.startswith(layouts[source])):
                result.setdefault(source, []).append(one)
                continue
            writer = recognized_source(one.path)
            if writer == source or (writer is None and not is_shared):
                result.setdefault(source, []).append(one)
            elif writer in found and not is_shared:
                result.setdefault(writer, []).append(_loose(one.path))
    return result


def _named(
    formats: Sequence[TranscriptFormat], path: Path, refused: dict[Path, str]
) -> tuple[str, list[FoundTranscript]] | None:
    """The content of a file that is named itself: by its place in its agent's layout, else by its first lines."""
    source = recognized_source(path)
    by_source = {format.source: format for format in formats}
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 # Path.resolve would follow links.
    for format in formats if source not in by_source else [by_source[source]]:
        for place in (absolute, absolute.parent):
            walked = format.find(place)
            if found := [one for one in walked.transcripts if os.path.abspath(one.path) == str(absolute)]:  # noqa: PTH100
                return format.source, found
            refused.update((path, reason) for one, reason in walked.refused if one == absolute)
    if source in by_source:
        return source, [_loose(path)]
    return None


def _loose(path: Path) -> FoundTranscript:
    """A transcript that was recognized by its first lines."""
    return FoundTranscript(path, _name(path), is_rewritten=path.suffix == ".json")


def _name(path: Path) -> str:
    """The name that a transcript would have in its agent's home, by which some formats tell sessions apart."""
    try:
        with FileBytes(path) as file:
            count = min(TAIL_BYTES, file.stat.st_size)
            tail = file.read(file.stat.st_size - count, count)
    except OSError:
        # Reading the transcript fails, too, and reports the reason.
        return path.name
    return name_of(tail) or path.name


def has_document(path: Path) -> bool:
    """Whether a file holds a session document, by its first bytes."""
    return is_document(_head(path))


def recognized_source(path: Path) -> str | None:
    """The agent that wrote a file, by its first lines; None if they do not tell."""
    return source_of(_head(path))


def _head(path: Path) -> bytes:
    """The beginning of a file; empty if it cannot be read."""
    try:
        with FileBytes(path) as file:
            return file.read(0, min(HEAD_BYTES, file.stat.st_size))
    except OSError:
        return b""
