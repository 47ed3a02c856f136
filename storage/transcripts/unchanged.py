"""Tells whether the homes of agents hold anything new, by SQLite's own module alone.

Most imports of all homes find nothing, and loading what an import needs takes longer than looking at thousands of
files.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from storage.archive.file_state import NO_TRANSCRIPT, FileKey, FileStat, FileState
from storage.database.revisions import newest_revision
from storage.documents.formats.transcript_format import TranscriptFormat
from storage.transcripts.finding import ChangedTranscripts, document_homes, find_changed, is_missing

# As `file_registry.read_registry` reads it, for all agents and without what only an import compares.
_REGISTRY = f"""
SELECT f.source, f.path, f.name, coalesce(t.id, {NO_TRANSCRIPT}), f.is_companion,
  f.device, f.inode, f.size, f.mtime_ns, f.fingerprint
FROM transcript_file f LEFT JOIN transcript t ON t.id = f.transcript_id
"""

Registries = Mapping[str, dict[FileKey, FileState]]


def find_unchanged(
    database: Path, formats: Mapping[str, TranscriptFormat], environment: Mapping[str, str], user_home: Path
) -> list[ChangedTranscripts] | None:
    """The files in the known homes of all agents, if a SQLite database has all of them unchanged; else None.

    None also stands for anything that an import would report or do first, such as a migration.
    """
    if document_homes(environment, user_home) or (registries := _registries(database)) is None:
        return None
    result = []
    for format in formats.values():
        homes = [home for home in format.homes(environment, user_home) if not is_missing(home)]
        found = find_changed(format, homes, (), (), None, False, registries[format.source])
        if found.changed or found.refused:
            return None
        result.append(found)
    return result


def _registries(database: Path) -> Registries | None:
    """The registry of files of each agent; None if the database is of another revision or cannot be read."""
    registries: defaultdict[str, dict[FileKey, FileState]] = defaultdict(dict)
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            connection.execute("PRAGMA query_only = ON")
            if connection.execute("SELECT version_num FROM alembic_version").fetchall() != [(newest_revision(),)]:
                return None
            for source, path, name, id, is_companion, *stat, fingerprint in connection.execute(_REGISTRY):
                state = FileState(id, bool(is_companion), FileStat(*stat), fingerprint=fingerprint)
                registries[source][FileKey(path, name)] = state
    except sqlite3.Error:
        # Whatever it is, the import that follows reports it.
        return None
    return registries
