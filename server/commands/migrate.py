"""`reprise migrate`."""

import click

from server.commands.environment import plain_failures, prepare_database, read_settings


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest form."""
    with plain_failures():
        prepare_database(read_settings())
