"""`reprise doctor`."""

import asyncio
import sys
from pathlib import Path

import click

from server.commands.environment import (
    is_sqlite,
    plain_failures,
    read_settings,
    require_database,
    restrict_default_folder,
    say,
    with_database,
)
from server.settings import Settings
from storage.database.database import Database
from storage.database.engines import driver_url
from storage.database.file_permissions import refuse_inaccessible_file, restrict_database
from storage.database.migrations import refuse_unsupported_file
from storage.database.server_lock import hold_server_lock
from storage.doctor.damaged_file import find_damage, rebuild
from storage.doctor.doctor import examine


@click.command("doctor")
@click.option(
    "--repair",
    is_flag=True,
    help="Correct the search index, unlink threads that differ from their sessions, and rebuild a damaged SQLite file "
    "from its readable rows.",
)
def doctor_command(repair: bool) -> None:
    """Check the database for inconsistencies. The exit status is 1 if any remain."""
    settings = read_settings()
    with plain_failures():
        require_database(settings)
        url = driver_url(settings.database_url)
        path = Path(str(url.database))
        if is_sqlite(settings):
            refuse_inaccessible_file(path)
            damage = find_damage(path)
            if damage is None:
                # Before the permissions change: the file may belong to another program.
                refuse_unsupported_file(url)
            restrict_default_folder(settings)
            restrict_database(path)
            if damage is not None:
                sys.exit(0 if _handle_damage(settings, path, damage, repair) else 1)
        is_healthy = asyncio.run(with_database(settings, _examine, repair))
    sys.exit(0 if is_healthy else 1)


def _handle_damage(settings: Settings, path: Path, damage: str, repair: bool) -> bool:
    """Report a damaged file and rebuild it on request. Returns whether nothing was lost."""
    say(f"The database file is damaged: {damage}.")
    if not repair:
        click.echo("Stop the server and run `reprise doctor --repair`: it saves what can be read.")
        return False
    with hold_server_lock(settings.database_url):
        rebuilt = rebuild(path)
    restrict_database(rebuilt.damaged_file)
    say(f"Saved {rebuilt.session_count} sessions in a new file. The damaged one is {rebuilt.damaged_file}.")
    for session_id in rebuilt.lost_sessions:
        say(f"Session {session_id}: it could not be read completely. Import it again.")
    for finding in rebuilt.findings:
        say(finding.text)
    click.echo("Import the documents of your agents again: that adds the sessions that are missing.")
    return not rebuilt.lost_sessions and not rebuilt.findings


async def _examine(database: Database, repair: bool) -> bool:
    is_healthy, has_findings = True, False
    async for finding in examine(database, repair=repair):
        say(f"{finding.text} Repaired." if finding.is_repaired else finding.text)
        is_healthy = is_healthy and finding.is_repaired
        has_findings = True
    if not has_findings:
        click.echo("No errors found.")
    return is_healthy
