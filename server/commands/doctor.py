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
    with_database,
)
from server.observability.terminal import printable
from storage.database.database import Database
from storage.database.engines import driver_url
from storage.database.file_permissions import restrict_database
from storage.database.migrations import refuse_unsupported_file
from storage.doctor.doctor import examine


@click.command("doctor")
@click.option("--repair", is_flag=True, help="Rebuild the search index where it is wrong.")
def doctor_command(repair: bool) -> None:
    """Check the database for errors. The exit status is 1 if any remain."""
    settings = read_settings()
    with plain_failures():
        url = driver_url(settings.database_url)
        require_database(settings)
        refuse_unsupported_file(url)
        if is_sqlite(settings):
            restrict_default_folder(settings)
            restrict_database(Path(str(url.database)))
        is_healthy = asyncio.run(with_database(settings, _examine, repair))
    sys.exit(0 if is_healthy else 1)


async def _examine(database: Database, repair: bool) -> bool:
    is_healthy = True
    async for finding in examine(database, repair=repair):
        click.echo(printable(f"{finding.text} Repaired." if finding.is_repaired else finding.text))
        is_healthy = is_healthy and finding.is_repaired
    return is_healthy
