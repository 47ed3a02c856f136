"""`reprise import`."""

import os
import re
import sys
import time
from datetime import datetime
from pathlib import Path

import click

from server.commands.agent_choice import AgentChoice
from server.commands.import_progress import ImportProgress
from server.commands.import_summary import print_summary, unchanged_tally
from server.default_database import default_database_url
from storage.documents.formats.registry import FORMATS
from storage.documents.sources import SOURCES
from storage.numpy_threads import without_numpy_threads
from storage.transcripts.finding import ChangedTranscripts
from storage.transcripts.unchanged import find_unchanged

_DATABASE_URL = "REPRISE_DATABASE_URL"
_SQLITE = "sqlite:///"
_OTHERS = 0o077
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
    type=AgentChoice([*FORMATS, *SOURCES]),
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
    is_plain = is_all and source is None and since is None and not dry_run and not include_deleted
    if is_plain and (found := _unchanged()) is not None:
        with ImportProgress(0):
            pass
        print_summary({one.format.agent: unchanged_tally(one) for one in found})
        return
    # Imported here, since it takes longer than finding out that there is nothing to import.
    with without_numpy_threads():
        from server.commands.import_run import run_import

    refused = run_import(paths, source=source, since=since, dry_run=dry_run, include_deleted=include_deleted)
    sys.exit(1 if refused else 0)


def _unchanged() -> list[ChangedTranscripts] | None:
    """The files in all homes; None if any is not as a SQLite database has it, or an import would report more."""
    if any(name.upper().startswith("REPRISE_") and name != _DATABASE_URL for name in os.environ):
        return None
    url = os.environ.get(_DATABASE_URL, default_database_url())
    if not url.startswith(_SQLITE) or "?" in url:
        return None
    database = Path(url.removeprefix(_SQLITE))
    private = [database, database.parent] if url == default_database_url() else [database]
    if not all(map(_is_private, private)):
        return None
    return find_unchanged(database, FORMATS, os.environ, Path.home())


def _is_private(place: Path) -> bool:
    """Whether a file or folder is there with permissions that an import leaves as they are."""
    try:
        return os.name == "nt" or not place.stat().st_mode & _OTHERS
    except OSError:
        return False
