"""The command group `reprise`."""

import click

from server.commands.doctor import doctor_command
from server.commands.export import export_command
from server.commands.import_files import import_command
from server.commands.migrate import migrate_command
from server.commands.purge import purge_command
from server.commands.schema import schema_command
from server.commands.seed import seed_command
from server.commands.serve import CreateApp, serve_command


def command_group(create_app: CreateApp) -> click.Group:
    """The command line of Reprise. `serve` serves the application that `create_app` returns."""
    group = click.Group(
        "reprise",
        help="Keep, search and resume the saved sessions of coding agents.",
        context_settings={"max_content_width": 100, "obj": create_app},
        commands=[
            doctor_command,
            export_command,
            import_command,
            migrate_command,
            purge_command,
            schema_command,
            seed_command,
            serve_command,
        ],
    )
    return click.version_option(package_name="reprise")(group)
