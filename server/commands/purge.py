"""`reprise purge`."""

import asyncio

import click

from server.commands.environment import (
    plain_failures,
    prepare_database,
    read_settings,
    require_database,
    with_database,
)
from storage.database.database import Database
from storage.database.server_lock import hold_server_lock
from storage.database.vacuum import vacuum
from storage.doctor.doctor import reindex_renamed_sessions
from storage.resume.thread_purge import delete_orphaned_threads
from storage.search.index.compaction import purge_deleted_entries


@click.command("purge")
@click.option("--threads", is_flag=True, help="Also delete the threads of deleted sessions.")
def purge_command(threads: bool) -> None:
    """Remove what was deleted from the files of the database and from the search index.

    Stop the server first if the database is SQLite; on PostgreSQL each table is locked while it is rewritten. Backups
    and PostgreSQL's write-ahead log keep what they have.
    """
    settings = read_settings()
    with plain_failures():
        require_database(settings)
        with hold_server_lock(settings.database_url):
            prepare_database(settings)
            asyncio.run(with_database(settings, _purge, threads))


async def _purge(database: Database, threads: bool) -> None:
    if threads:
        click.echo(f"Deleted threads of deleted sessions: {await delete_orphaned_threads(database)}.")
    click.echo(f"Indexed renamed sessions again: {await reindex_renamed_sessions(database)}.")
    click.echo(f"Rewrote search segments with deleted sessions: {await purge_deleted_entries(database)}.")
    await vacuum(database)
    click.echo("Rewrote the tables.")
