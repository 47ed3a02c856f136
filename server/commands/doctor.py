"""`reprise doctor`."""

import asyncio
import sys

import click

from server.commands.environment import plain_failures, read_settings, with_database
from storage.database.database import Database
from storage.database.engines import driver_url
from storage.database.migrations import refuse_unsupported_file
from storage.doctor.doctor import examine


@click.command("doctor")
@click.option("--repair", is_flag=True, help="Make the search index anew where it is wrong.")
def doctor_command(repair: bool) -> None:
    """Look for what is wrong in the database. The status is 1 when anything is, and is left so."""
    settings = read_settings()
    with plain_failures():
        refuse_unsupported_file(driver_url(settings.database_url))
        is_healthy = asyncio.run(with_database(settings, _examine, repair))
    sys.exit(0 if is_healthy else 1)


async def _examine(database: Database, repair: bool) -> bool:
    is_healthy = True
    async for finding in examine(database, repair=repair):
        click.echo(f"{finding.text} Repaired." if finding.is_repaired else finding.text)
        is_healthy = is_healthy and finding.is_repaired
    return is_healthy
