"""Watches the homes of agents, and imports what changes there as it happens."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

from watchfiles import awatch

from storage.archive.file_state import FileStat
from storage.database.database import Database
from storage.documents.document_files import FoundFiles
from storage.documents.file_imports import import_files
from storage.documents.formats.transcript_format import FoundTranscript, TranscriptFormat
from storage.errors import ReaderEnded, Unavailable
from storage.transcripts.given_places import recognized_source
from storage.transcripts.import_recorder import ImportRecorder, recording
from storage.transcripts.import_search import ImportSearch, Wanted, existing_homes, search_homes, search_places
from storage.transcripts.progress_log import ProgressLog
from storage.transcripts.rederivation import keep_derived
from storage.transcripts.transcript_batches import transcript_readers
from storage.transcripts.transcript_imports import Batches, find_transcripts, import_found

log = logging.getLogger("reprise.import")

DEBOUNCE_MILLISECONDS, STEP_MILLISECONDS = 100, 20
"""How long a burst of changes is gathered, and how long it must be quiet to end sooner."""

_TICK_MILLISECONDS = 500
_DIRTY_SECONDS = 1.0
_RESCAN_SECONDS = 30.0
# Where the file system tells of no change.
_UNWATCHED_RESCAN_SECONDS = 5.0
_RETRY_SECONDS = 5.0


class Watch:
    """Imports the files in the homes of all agents, or in `places`, and then what changes there. Nothing is written.

    A change of a transcript's own file, or of the database that holds it, is imported at once. Others are found by
    looking through the home within a second, and what the file system did not report within half a minute. Files that
    are named themselves are checked twice a second, so that the folders around them need not be watched.
    """

    def __init__(
        self,
        database: Database,
        formats: Mapping[str, TranscriptFormat],
        places: Sequence[Path],
        environment: Mapping[str, str],
        user_home: Path,
    ) -> None:
        self._database = database
        self._formats = formats
        self._places = places
        self._environment = environment
        self._user_home = user_home
        self._refused: set[str] = set()
        self._rescan_seconds = _RESCAN_SECONDS

    async def run(self) -> None:
        """Import and watch until the task is cancelled."""
        while True:
            try:
                await self._watch()
            except (Unavailable, ReaderEnded, OSError) as error:
                log.warning("Watching the agents' homes was interrupted: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)
                # What had been archived and not derived by then is derived here: its file may be gone.
                await keep_derived(self._database, self._formats)

    async def _watch(self) -> None:
        """Watch the folders that exist by now; returns when there are others."""
        roots, files = await asyncio.to_thread(self._roots)
        states = await asyncio.to_thread(_states, files)
        self._rescan_seconds = _RESCAN_SECONDS
        changes = self._changes(roots)
        async with contextlib.aclosing(changes):
            # The watcher is at work before the first look, so that nothing is missed between them.
            following = asyncio.ensure_future(anext(changes))
            await asyncio.sleep(0)
            try:
                await self._import_all()
                log.info("Watching %d %s for changes", len(roots), "folder" if len(roots) == 1 else "folders")
                is_dirty = False
                looked = time.monotonic()
                while True:
                    changed = await following
                    following = asyncio.ensure_future(anext(changes))
                    is_dirty |= not await self._import_changed(changed)
                    before, states = states, await asyncio.to_thread(_states, files)
                    age = time.monotonic() - looked
                    if age > self._rescan_seconds or (is_dirty and age > _DIRTY_SECONDS) or states != before:
                        await self._import_all()
                        is_dirty, looked = False, time.monotonic()
                        if await asyncio.to_thread(self._roots) != (roots, files):
                            return
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    async def _changes(self, roots: Sequence[Path]) -> AsyncGenerator[set[Path], None]:
        # With ignore_permission_denied, watchfiles 1.3 leaves out all folders it comes to after one that cannot be
        # watched, for whatever reason, and says nothing.
        for is_partial in (False, True) if roots else ():
            try:
                async for changes in awatch(
                    *roots,
                    watch_filter=None,
                    debounce=DEBOUNCE_MILLISECONDS,
                    step=STEP_MILLISECONDS,
                    rust_timeout=_TICK_MILLISECONDS,
                    yield_on_timeout=True,
                    ignore_permission_denied=is_partial,
                ):
                    yield {Path(path) for _, path in changes}
            except FileNotFoundError:
                # It is gone by now, and need not be watched.
                raise
            except (OSError, UnicodeEncodeError) as error:
                self._look_often(error)
            except ExceptionGroup as errors:
                # watchfiles ends at the first path that is not UTF-8, also at one that somebody only looks at.
                self._look_often(errors.exceptions[0])
        while True:
            await asyncio.sleep(_TICK_MILLISECONDS / 1_000)
            yield set()

    def _look_often(self, error: Exception) -> None:
        """Look through the homes in place of what the file system does not tell; `error` is why."""
        self._rescan_seconds = _UNWATCHED_RESCAN_SECONDS
        if (reason := str(error)) not in self._refused:
            self._refused.add(reason)
            text = "Not all folders can be watched, so that they are looked through every %g seconds: %s"
            log.warning(text, self._rescan_seconds, reason)

    def _roots(self) -> tuple[list[Path], list[Path]]:
        """The folders to watch that exist by now, and the files to look at."""
        places = set(self._places or existing_homes(self._formats, self._environment, self._user_home))
        folders = {place for place in places if os.path.isdir(place)}  # noqa: PTH112 # Path.is_dir raises PermissionError.
        return sorted(folders), sorted(places - folders)

    async def _import_all(self) -> None:
        if self._places:
            places = await asyncio.to_thread(_existing, self._places)
            search = await search_places(self._database, self._formats, Wanted(), places)
        else:
            search = await search_homes(self._database, self._formats, Wanted(), self._environment, self._user_home)
        await self._import(search)

    async def _import(self, search: ImportSearch) -> None:
        async with recording(self._database, search.file_count, search.size) as recorder:
            await self._import_transcripts(search, recorder)
            await self._import_documents(search.documents, recorder)

    async def _import_transcripts(self, search: ImportSearch, recorder: ImportRecorder) -> None:
        progress = ProgressLog(sum(found.size for found in search.transcripts))
        with transcript_readers(sum(found.size for found in search.transcripts)) as readers:
            for found in search.transcripts:
                recorder.begin(found.format.source)
                await self._finish(import_found(self._database, found, readers=readers), recorder, progress)
                for path, reason in found.refused:
                    self._warn(path, reason)

    async def _import_documents(self, documents: FoundFiles, recorder: ImportRecorder) -> None:
        for path, reason in documents.refused:
            self._warn(path, reason)
        if not documents.paths:
            return
        recorder.begin(None)
        await self._finish(import_files(self._database, documents.paths, None, documents.walked), recorder)

    async def _finish(
        self, batches: Batches, recorder: ImportRecorder | None = None, progress: ProgressLog | None = None
    ) -> None:
        """Import all files, and log those that are refused."""
        async with contextlib.aclosing(batches):
            async for outcomes in batches:
                for outcome in outcomes:
                    if outcome.result is None:
                        self._warn(outcome.path, outcome.reason)
                size = sum(outcome.size for outcome in outcomes)
                if progress is not None:
                    progress.advance(size)
                if recorder is not None:
                    recorder.advance(len(outcomes), size)

    def _warn(self, path: Path, reason: str) -> None:
        """Log a refusal, once while it stays the same."""
        if (text := f"{path}: {reason}") not in self._refused:
            self._refused.add(text)
            log.warning("Not imported: %s", text)

    async def _import_changed(self, changed: set[Path]) -> bool:
        """Import transcripts whose own files have changed. Returns whether there were no other changes."""
        if not changed:
            return True
        found, others = await asyncio.to_thread(self._transcripts, changed)
        for source, transcripts in found.items():
            what = await find_transcripts(self._database, self._formats[source], (), walked=transcripts)
            await self._finish(import_found(self._database, what))
        return not others

    def _transcripts(self, changed: set[Path]) -> tuple[dict[str, list[FoundTranscript]], set[Path]]:
        """The transcripts with changed files, by source, and the changed paths that are none of theirs."""
        others = set(changed)
        result: dict[str, list[FoundTranscript]] = {}
        for source, format in self._formats.items():
            homes = self._places or format.homes(self._environment, self._user_home)
            for folder in {path.parent for path in changed if any(path.is_relative_to(home) for home in homes)}:
                for one in format.find(folder).transcripts:
                    if not self._places and not _is_in_layout(one, homes):
                        continue
                    files = {one.path, *one.companions.values()} & others
                    if one.read is not None:
                        # A database holds many transcripts.
                        files = {one.path, _log_of(one.path)} & changed
                    if not files:
                        continue
                    # A home has no files of other agents.
                    if not self._places or recognized_source(one.path) in (None, source):
                        result.setdefault(source, []).append(one)
                        others -= files
        return result, others


def _existing(places: Sequence[Path]) -> list[Path]:
    return [place for place in places if os.path.exists(place)]  # noqa: PTH110 # Path.exists raises PermissionError.


def _is_in_layout(found: FoundTranscript, homes: Sequence[Path]) -> bool:
    """Whether a transcript has its name from its place in a home.

    A walk through a home enters only the folders of the agent's layout. One that begins in another folder takes that
    for a folder of loose files, such as copies that a person keeps there.
    """
    folder = found.path if found.read is not None else found.path.parent
    # pi's home may be the folder of its sessions, which is a part of their names.
    tops = [top for home in homes for top in (home, home.parent)]
    return folder in [(top / found.name).parent for top in tops]


def _log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def _states(files: Sequence[Path]) -> list[FileStat | None]:
    """The states of files, and of the write-ahead logs of those that are databases."""
    return [_state(path) for file in files for path in (file, _log_of(file))]


def _state(path: Path) -> FileStat | None:
    try:
        return FileStat.of(path.stat())
    except OSError:
        return None
