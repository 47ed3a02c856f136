"""`reprise schema`."""

import click

from schema.build import create_schema


@click.command("schema")
def schema_command() -> None:
    """Print the GraphQL schema."""
    click.echo(create_schema().as_str())
