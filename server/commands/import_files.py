"""`reprise import`."""

import asyncio
import contextlib
import os
import re
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import click

from server.commands.environment import plain_failures, prepare_database, read_settings, with_database
from server.commands.import_progress import ImportProgress
from server.observability.terminal import printable
from storage.database.database import Database
from storage.documents.file_imports import import_files
from storage.documents.formats import agent_json
from storage.documents.formats.registry import FORMATS
from storage.documents.imports import CREATED, DELETED, OUTDATED, UNCHANGED, UPDATED
from storage.transcripts.import_search import Search, Wanted, search_homes, search_places
from storage.transcripts.session_derivation import EMPTY
from storage.transcripts.transcript_imports import Found, import_found

_DOCUMENTS = "Documents"
_SPAN = re.compile(r"(\d+)([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class _Since(click.ParamType[float]):
    """A date, or a span of time before now such as 7d."""

    name = "date or span"

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> float:
        """The moment in seconds."""
        text = str(value)
        if found := _SPAN.fullmatch(text):
            return time.time() - int(found[1]) * _SECONDS[found[2]]
        try:
            # A date without an offset is meant in the time zone of the person.
            return datetime.fromisoformat(text).timestamp()
        except ValueError:
            self.fail(
                f"{text!r} is neither a date such as 2026-11-20 nor a span such as 7d or 12h.", parameter, context
            )


@click.command("import")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--all", "is_all", is_flag=True, help="Import from the homes of all agents on this machine.")
@click.option(
    "--source",
    type=click.Choice([*FORMATS, *agent_json.SOURCES]),
    help="Only this agent's sessions; of documents, the agent that wrote them.",
)
@click.option("--since", type=_Since(), help="Only files changed since a date, or in a span such as 7d or 12h.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be read.")
@click.option("--include-deleted", is_flag=True, help="Also import sessions that were deleted here.")
def import_command(
    paths: tuple[Path, ...],
    is_all: bool,
    source: str | None,
    since: float | None,
    dry_run: bool,
    include_deleted: bool,
) -> None:
    """Import the sessions of coding agents: from their homes, from folders of them, or from single files.

    Nothing is written there. The exit status is 1 when any file was refused. Sessions in folders that were deleted here
    are counted and not imported; a file that is named is.
    """
    if is_all == bool(paths):
        raise click.UsageError("Name files and folders to import, or use --all.")
    settings = read_settings()
    wanted = Wanted(None if source is None else frozenset({source}), since, include_deleted)
    with plain_failures():
        prepare_database(settings)
        refused = asyncio.run(with_database(settings, _import, paths, wanted, source, dry_run))
    sys.exit(1 if refused else 0)


class _Tally(NamedTuple):
    """The results of one agent's transcripts, or of documents."""

    counts: Counter[str]
    passed_over: int
    refused: int

    def text(self) -> str:
        """The summary in a line."""
        words = [f"{self.counts[outcome]} {outcome.lower()}" for outcome in (CREATED, UPDATED, UNCHANGED)]
        words.append(f"{self.refused} refused")
        for outcome, word in ((OUTDATED, "outdated"), (DELETED, "deleted before"), (EMPTY, "without messages")):
            words += [f"{self.counts[outcome]} {word}"] if self.counts[outcome] else []
        words += [f"{self.passed_over} passed over"] if self.passed_over else []
        return ", ".join(words)


async def _import(
    database: Database, paths: tuple[Path, ...], wanted: Wanted, source: str | None, dry_run: bool
) -> int:
    if paths:
        search = await search_places(database, FORMATS, wanted, paths)
    else:
        search = await search_homes(database, FORMATS, wanted, os.environ, Path.home())
    if dry_run:
        return _print_plan(search)
    refusals: list[str] = []
    tallies: dict[str, _Tally] = {}
    with ImportProgress(search.size) as progress:
        for found in search.transcripts:
            tallies[found.format.agent] = await _import_transcripts(database, found, wanted, refusals, progress)
        if not search.transcripts or search.documents.paths or search.documents.refused:
            document_source = source if source in agent_json.SOURCES else None
            tallies[_DOCUMENTS] = await _import_documents(database, search, wanted, document_source, refusals, progress)
    for refusal in refusals:
        click.echo(refusal, err=True)
    shown = {agent: tally for agent, tally in tallies.items() if tally.counts or tally.refused or len(tallies) == 1}
    for agent, tally in (shown or {"": _Tally(Counter(), 0, 0)}).items():
        click.echo(tally.text() if agent in ("", _DOCUMENTS) and len(shown) < 2 else f"{agent}: {tally.text()}")
    return len(refusals)


def _print_plan(search: Search) -> int:
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
        click.echo(f"{_DOCUMENTS}: {len(search.documents.paths)} to compare")
    return len(refused)


async def _import_transcripts(
    database: Database, found: Found, wanted: Wanted, refusals: list[str], progress: ImportProgress
) -> _Tally:
    counts: Counter[str] = Counter({UNCHANGED: found.unchanged_count, DELETED: len(found.deleted)})
    refused = [printable(f"{path}: {reason}") for path, reason in found.refused]
    async with contextlib.aclosing(import_found(database, found, include_deleted=wanted.include_deleted)) as batches:
        async for outcomes in batches:
            for outcome in outcomes:
                if outcome.result is None:
                    refused.append(printable(f"{outcome.found.path}: {outcome.reason}"))
                else:
                    counts[outcome.result] += 1
            progress.advance(sum(outcome.size for outcome in outcomes))
    refusals += refused
    return _Tally(+counts, found.passed_over, len(refused))


async def _import_documents(
    database: Database,
    search: Search,
    wanted: Wanted,
    source: str | None,
    refusals: list[str],
    progress: ImportProgress,
) -> _Tally:
    found = search.documents
    counts: Counter[str] = Counter()
    refused = [printable(f"{path}: {reason}") for path, reason in found.refused]
    leave_deleted = frozenset() if wanted.include_deleted else found.walked
    async with contextlib.aclosing(import_files(database, found.paths, source, leave_deleted)) as batches:
        async for outcomes in batches:
            for outcome in outcomes:
                if outcome.result is None:
                    refused.append(printable(f"{outcome.path}: {outcome.reason}"))
                else:
                    counts[outcome.result] += 1
            progress.advance_files([outcome.path for outcome in outcomes])
    refusals += refused
    return _Tally(counts, found.passed_over, len(refused))
