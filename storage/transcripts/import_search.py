"""Finds the files to import: transcripts of all formats and session documents, in homes or in given places."""

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from storage.archive.byte_sources import FileBytes
from storage.archive.file_state import FileKey
from storage.database.database import Database
from storage.documents.document_files import FoundFiles, file_size, find_files
from storage.documents.formats import agent_json
from storage.documents.formats.file_walk import linked_folders
from storage.documents.formats.recognition import HEAD_BYTES, TAIL_BYTES, is_document, name_of, source_of
from storage.documents.formats.transcript_format import FoundTranscript, TranscriptFormat
from storage.transcripts.finding import ChangedTranscripts, document_homes, is_missing
from storage.transcripts.transcript_imports import find_transcripts

# In the homes of the other agents, JSON files are no session documents, and some hold credentials.
_TRANSCRIPT_HOMES = {".claude", ".codex", ".gemini", ".qwen", ".pi", "opencode"}


class Wanted(NamedTuple):
    """The files to look for: of sources (None for all), last changed since a time, of deleted sessions too."""

    sources: frozenset[str] | None = None
    since: float | None = None
    include_deleted: bool = False


class ImportSearch(NamedTuple):
    """The files that were found: transcripts by format, and session documents."""

    transcripts: list[ChangedTranscripts]
    documents: FoundFiles

    @property
    def file_count(self) -> int:
        """The files and sessions in databases that are to be read."""
        return sum(len(found.changed) for found in self.transcripts) + len(self.documents.paths)

    @property
    def size(self) -> int:
        """The bytes that are to be read."""
        return sum(found.size for found in self.transcripts) + sum(map(file_size, self.documents.paths))


async def search_homes(
    database: Database,
    formats: Mapping[str, TranscriptFormat],
    wanted: Wanted,
    environment: Mapping[str, str],
    user_home: Path,
) -> ImportSearch:
    """Find the files in the known homes of all agents. Raises Unavailable."""
    transcripts = []
    for format in _formats(formats, wanted):
        homes = [home for home in format.homes(environment, user_home) if not is_missing(home)]
        transcripts.append(
            await find_transcripts(database, format, homes, since=wanted.since, include_deleted=wanted.include_deleted)
        )
    documents = await asyncio.to_thread(_documents, document_homes(environment, user_home), wanted)
    return ImportSearch(transcripts, documents)


def existing_homes(
    formats: Mapping[str, TranscriptFormat], environment: Mapping[str, str], user_home: Path
) -> list[Path]:
    """The homes of all agents that exist."""
    homes = [home for format in formats.values() for home in format.homes(environment, user_home)]
    return [*(home for home in homes if not is_missing(home)), *document_homes(environment, user_home)]


async def search_places(
    database: Database, formats: Mapping[str, TranscriptFormat], wanted: Wanted, places: Sequence[Path]
) -> ImportSearch:
    """Find the given files, and those in the given folders. Raises Unavailable."""
    walked, named, others, mixed, refused = await asyncio.to_thread(_sort, list(_formats(formats, wanted)), places)
    transcripts = [
        await find_transcripts(
            database,
            format,
            (),
            named=named.get(format.source, ()),
            walked=walked.get(format.source, ()),
            since=wanted.since,
            include_deleted=wanted.include_deleted,
        )
        for format in _formats(formats, wanted)
        if format.source in walked or format.source in named
    ]
    documents = await asyncio.to_thread(_documents, others, wanted, mixed)
    # Both walks may have come upon the same folder.
    refused += [one for one in documents.refused if one not in refused]
    return ImportSearch(transcripts, documents._replace(refused=refused))


def _formats(formats: Mapping[str, TranscriptFormat], wanted: Wanted) -> Iterable[TranscriptFormat]:
    return [format for format in formats.values() if wanted.sources is None or format.source in wanted.sources]


def _documents(places: Sequence[Path], wanted: Wanted, mixed: Sequence[Path] = ()) -> FoundFiles:
    """The documents in places, and those beside transcripts in folders that have both."""
    if wanted.sources is not None and not wanted.sources.intersection(agent_json.SOURCES):
        places, mixed = [], []
    found = find_files(places)
    # Other JSON files there belong to transcripts, such as descriptions of subagents.
    beside = [path for path in find_files(mixed).paths if is_document(_head(path))]
    found = found._replace(paths=[*found.paths, *beside], walked=found.walked.union(beside))
    if wanted.since is None:
        return found
    recent = [path for path in found.paths if path not in found.walked or _modified(path) >= wanted.since]
    return found._replace(paths=recent)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        # Reading it fails, too, and reports the reason.
        return float("inf")


_ByFormat = dict[str, list[FoundTranscript]]
_Refusals = list[tuple[Path, str]]


def _sort(
    formats: Sequence[TranscriptFormat], places: Sequence[Path]
) -> tuple[_ByFormat, _ByFormat, list[Path], list[Path], _Refusals]:
    """The transcripts in folders, those that were named, the places that may hold documents, and what was refused.

    Before what was refused come the folders of transcripts that are no homes: there may be documents beside these.
    """
    layouts = tuple(f"{name}/" for format in formats for name in format.folders)
    walked: _ByFormat = {}
    named: _ByFormat = {}
    others: list[Path] = []
    mixed: list[Path] = []
    refused: dict[Path, str] = {}
    for place in places:
        if place.is_dir():
            found = _in_folder(formats, place, refused)
            for source, some in found.items():
                walked.setdefault(source, []).extend(some)
            if _TRANSCRIPT_HOMES.intersection(place.absolute().parts):
                continue
            if not found:
                others.append(place)
            elif not any(one.name.startswith(layouts) for some in found.values() for one in some):
                mixed.append(place)
        elif (one := _named(formats, place, refused)) is not None:
            source, transcripts = one
            named.setdefault(source, []).extend(transcripts)
        elif place not in refused:
            others.append(place)
    return walked, named, others, mixed, list(refused.items())


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
