"""Runs what `reprise import` finds to do."""

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from server.commands.environment import plain_failures, prepare_database, read_settings, with_database
from server.commands.import_progress import ImportProgress
from server.commands.import_summary import DOCUMENTS, Tally, print_summary, unchanged_tally
from server.observability.terminal import printable
from server.process.memory import share_arena
from storage.database.database import Database
from storage.documents.file_imports import import_files
from storage.documents.formats.registry import FORMATS
from storage.documents.sources import SOURCES
from storage.garbage_collection import collect_rarely
from storage.transcripts.import_recorder import recording
from storage.transcripts.import_search import ImportSearch, Wanted, search_homes, search_places
from storage.transcripts.transcript_batches import transcript_readers
from storage.transcripts.transcript_imports import Batches, import_found


def run_import(
    paths: tuple[Path, ...], *, source: str | None, since: float | None, dry_run: bool, include_deleted: bool
) -> int:
    """Import from these places, or from all homes if there are none; the number of files that were refused."""
    share_arena()
    collect_rarely()
    settings = read_settings()
    wanted = Wanted(None if source is None else frozenset({source}), since, include_deleted)
    with plain_failures():
        prepare_database(settings)
        refused: int = asyncio.run(with_database(settings, _run, paths, wanted, source, dry_run))
    return refused


async def _run(database: Database, paths: tuple[Path, ...], wanted: Wanted, source: str | None, dry_run: bool) -> int:
    if paths:
        search = await search_places(database, FORMATS, wanted, paths)
    else:
        search = await search_homes(database, FORMATS, wanted, os.environ, Path.home())
    if dry_run:
        return _print_plan(search)
    refusals: list[str] = []
    tallies: dict[str, Tally] = {}
    async with recording(database, search.file_count, search.size) as recorder:
        with ImportProgress(search.size, recorder) as progress:
            with transcript_readers(sum(found.size for found in search.transcripts)) as readers:
                for found in search.transcripts:
                    progress.begin(found.format.source)
                    outcomes = import_found(database, found, include_deleted=wanted.include_deleted, readers=readers)
                    tally = unchanged_tally(found)
                    tallies[found.format.agent] = await _finish(outcomes, tally, found.refused, refusals, progress)
            if not search.transcripts or search.documents.paths or search.documents.refused:
                progress.begin(None)
                documents = search.documents
                document_source = source if source in SOURCES else None
                files = import_files(
                    database,
                    documents.paths,
                    document_source,
                    documents.walked,
                    include_deleted=wanted.include_deleted,
                )
                tally = Tally(Counter(), documents.passed_over, 0)
                tallies[DOCUMENTS] = await _finish(files, tally, documents.refused, refusals, progress)
    for refusal in refusals:
        click.echo(refusal, err=True)
    print_summary(tallies)
    return len(refusals)


def _print_plan(search: ImportSearch) -> int:
    refused = [*search.documents.refused, *(one for found in search.transcripts for one in found.refused)]
    for path, reason in refused:
        click.echo(printable(f"{path}: {reason}"), err=True)
    if not search.transcripts and not search.documents.paths:
        click.echo("Nothing to read.")
    for found in search.transcripts:
        new = sum(one.known is None for one in found.changed)
        counts = [f"{new} new", f"{len(found.changed) - new} changed", f"{found.unchanged_count} unchanged"]
        counts += [f"{len(found.deleted)} deleted before"] if found.deleted else []
        counts += [f"{found.passed_over} passed over"] if found.passed_over else []
        click.echo(f"{found.format.agent}: {', '.join(counts)}, {found.size / 1e6:.1f} MB to read")
    if search.documents.paths:
        click.echo(f"{DOCUMENTS}: {len(search.documents.paths)} to compare")
    return len(refused)


async def _finish(
    batches: Batches,
    tally: Tally,
    refused: Sequence[tuple[Path, str]],
    refusals: list[str],
    progress: ImportProgress,
) -> Tally:
    """Import all files. Returns `tally` with their outcomes, and adds to `refusals` a line for each refused file."""
    lines = [printable(f"{path}: {reason}") for path, reason in refused]
    async with contextlib.aclosing(batches):
        async for outcomes in batches:
            for outcome in outcomes:
                if outcome.result is None:
                    lines.append(printable(f"{outcome.path}: {outcome.reason}"))
                else:
                    tally.counts[outcome.result] += 1
            progress.advance(len(outcomes), sum(outcome.size for outcome in outcomes))
    refusals += lines
    return tally._replace(refused=len(lines))
