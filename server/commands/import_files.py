"""`reprise import`."""

import asyncio
import contextlib
import sys
from pathlib import Path

import click

from server.commands.environment import plain_failures, prepare_database, read_settings, with_database
from server.observability.terminal import printable
from storage.database.database import Database
from storage.documents.document_files import FoundFiles, find_files
from storage.documents.file_imports import import_files
from storage.documents.imports import CREATED, DELETED, OUTDATED, UNCHANGED, UPDATED


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, readable=False, path_type=Path))
@click.option("--source", type=click.Choice(["ZAGENS", "CODEWHALE"]), help="The agent that wrote the files.")
@click.option("--include-deleted", is_flag=True, help="Also import sessions that were deleted here.")
def import_command(paths: tuple[Path, ...], source: str | None, include_deleted: bool) -> None:
    """Import session documents from files and folders. The exit status is 1 if any file was refused.

    Sessions that were deleted here are counted and not imported when they are found in folders.
    """
    settings = read_settings()
    with plain_failures():
        prepare_database(settings)
        found = find_files(paths)
        leave_deleted = frozenset() if include_deleted else found.walked
        refused = asyncio.run(with_database(settings, _import_files, found, source, leave_deleted))
    sys.exit(1 if refused else 0)


async def _import_files(
    database: Database, found: FoundFiles, source: str | None, leave_deleted: frozenset[Path]
) -> int:
    counts = {CREATED: 0, UPDATED: 0, UNCHANGED: 0, OUTDATED: 0, DELETED: 0}
    refusals = [printable(f"{path}: {reason}") for path, reason in found.refused]
    with click.progressbar(length=len(found.paths), label="Importing", file=sys.stderr) as progress:
        async with contextlib.aclosing(import_files(database, found.paths, source, leave_deleted)) as batches:
            async for outcomes in batches:
                for outcome in outcomes:
                    if outcome.result is None:
                        refusals.append(printable(f"{outcome.path}: {outcome.reason}"))
                    else:
                        counts[outcome.result] += 1
                progress.update(len(outcomes))
    for refusal in refusals:
        click.echo(refusal, err=True)
    outdated, deleted = counts.pop(OUTDATED), counts.pop(DELETED)
    summary = [f"{count} {outcome.lower()}" for outcome, count in counts.items()]
    summary.append(f"{len(refusals)} refused")
    summary += [f"{outdated} outdated"] if outdated else []
    summary += [f"{deleted} deleted before"] if deleted else []
    summary += [f"{found.passed_over} passed over"] if found.passed_over else []
    click.echo(", ".join(summary))
    return len(refusals)
