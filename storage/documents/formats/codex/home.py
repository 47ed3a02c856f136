"""Finds the rollouts below a home of Codex.

Credentials, settings, logs and databases are never opened. The databases are left out also as a source of titles:
every title that a person gives is in the index of names as well, and to open a database beside its writer makes files.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from storage.documents.formats.codex.rollout_name import COMPRESSED, parse_rollout_name
from storage.documents.formats.codex.thread_names import INDEX, index_lines
from storage.documents.formats.file_walk import FileWalk, expanded, is_regular_file, linked_folders
from storage.documents.formats.transcript_format import FoundTranscript, FoundTranscripts

ARCHIVED = "archived_sessions"
FOLDERS = ("sessions", ARCHIVED)
_MAX_DEPTH = 8
"""Levels of folders below a folder of rollouts; Codex makes three, for year, month and day."""


def homes(environment: Mapping[str, str], user_home: Path) -> list[Path]:
    """The home that the environment names, else the one in the user's home folder."""
    chosen = environment.get("CODEX_HOME")
    return [expanded(chosen, user_home) if chosen else user_home / ".codex"]


def find(place: Path) -> FoundTranscripts:
    """Find the rollouts below a home, below a part of it, or in a folder of loose rollouts; `place` may be a file."""
    home, folders = _home_of(place)
    walk = FileWalk()
    names = _names(home / INDEX, walk)
    has_names = names is not None
    found: dict[str, FoundTranscript] = {}
    passed_over = 0 if place != home or folders == [home] else sum(1 for _ in walk.files(home, 0))
    for folder in folders:
        files = [folder] if is_regular_file(folder) else walk.files(folder, _MAX_DEPTH)
        for path in files:
            rollout = parse_rollout_name(path.name)
            if rollout is None:
                passed_over += 1
                continue
            is_compressed = path.name.endswith(COMPRESSED)
            name = path.relative_to(home).as_posix().removesuffix(COMPRESSED)
            if is_compressed and name in found:
                # Codex removes the plain file last: it is the same transcript.
                continue
            line = (names or {}).get(rollout.thread_id)
            excerpts = {} if line is None else {INDEX: line}
            found[name] = FoundTranscript(
                path, name, is_compressed=is_compressed, excerpts=excerpts, has_excerpts_at_hand=has_names
            )
    return FoundTranscripts([found[name] for name in sorted(found)], passed_over, walk.refused)


def _names(index: Path, walk: FileWalk) -> dict[str, bytes] | None:
    """The lines of the index; None where it cannot be read."""
    try:
        return index_lines(index) if is_regular_file(index) else {}
    except FileNotFoundError:
        # It is being replaced.
        return None
    except OSError as error:
        walk.refuse(index, error)
        return None


def _home_of(place: Path) -> tuple[Path, list[Path]]:
    """The home that a place belongs to, and the folders or the file to look at."""
    if any(os.path.isdir(place / folder) for folder in FOLDERS):  # noqa: PTH112 # Path.is_dir raises PermissionError.
        links = [path for path, _ in linked_folders(place, FOLDERS)]
        return place, [place / folder for folder in FOLDERS if place / folder not in links]
    for parent in (place, *place.parents):
        if parent.name in FOLDERS:
            return parent.parent, [place]
    return (place.parent if is_regular_file(place) else place), [place]
