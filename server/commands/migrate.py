"""`reprise migrate`."""

import click

from server.commands.environment import plain_failures, prepare_database, read_settings


@click.command("migrate")
def migrate_command() -> None:
    """Migrate the database to the newest version."""
    with plain_failures():
        prepare_database(read_settings())
