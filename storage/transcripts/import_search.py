"""Finds the files to import: transcripts of all formats and session documents, in homes or in given places."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from storage.database.database import Database
from storage.documents.document_files import FoundFiles, file_size, find_files
from storage.documents.formats import agent_json
from storage.documents.formats.transcript_format import TranscriptFormat
from storage.transcripts.finding import ChangedTranscripts, document_homes, is_missing
from storage.transcripts.given_places import has_document, sort_places
from storage.transcripts.transcript_imports import find_transcripts


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
    given = await asyncio.to_thread(sort_places, list(_formats(formats, wanted)), places)
    transcripts = [
        await find_transcripts(
            database,
            format,
            (),
            named=given.named.get(format.source, ()),
            walked=given.walked.get(format.source, ()),
            since=wanted.since,
            include_deleted=wanted.include_deleted,
        )
        for format in _formats(formats, wanted)
        if format.source in given.walked or format.source in given.named
    ]
    documents = await asyncio.to_thread(_documents, given.others, wanted, given.mixed)
    # Both walks may have come upon the same folder.
    refused = [*given.refused.items(), *(one for one in documents.refused if one not in given.refused.items())]
    return ImportSearch(transcripts, documents._replace(refused=refused))


def _formats(formats: Mapping[str, TranscriptFormat], wanted: Wanted) -> Iterable[TranscriptFormat]:
    return [format for format in formats.values() if wanted.sources is None or format.source in wanted.sources]


def _documents(places: Sequence[Path], wanted: Wanted, mixed: Sequence[Path] = ()) -> FoundFiles:
    """The documents in places, and those beside transcripts in folders that have both."""
    if wanted.sources is not None and not wanted.sources.intersection(agent_json.SOURCES):
        places, mixed = [], []
    found = find_files(places)
    # Other JSON files there belong to transcripts, such as descriptions of subagents.
    beside = [path for path in find_files(mixed).paths if has_document(path)]
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
