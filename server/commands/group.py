"""The command group `reprise`."""

import gc
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import click

from storage.numpy_threads import without_numpy_threads

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from server.settings import Settings


class _Listed(NamedTuple):
    """A command in the list of all: its module, which has it as `<name>_command`, and how its help begins."""

    module: str
    help: str


_COMMANDS = {
    "doctor": _Listed("doctor", "Check the database for inconsistencies."),
    "export": _Listed(
        "export",
        "Print sessions as their agents wrote them, one after another: transcripts byte for byte, or JSON documents.",
    ),
    "handoff": _Listed(
        "handoff",
        "Hand a session over: print the files from which another agent continues, what they change, and the command.",
    ),
    "import": _Listed(
        "import_files",
        "Import the sessions of coding agents: from their homes, from folders of them, or from single files.",
    ),
    "migrate": _Listed("migrate", "Migrate the database to the newest version."),
    "purge": _Listed("purge", "Remove what was deleted from the files of the database and from the search index."),
    "restore": _Listed(
        "handoff", "Write the files of sessions back to where their agents had them, unless they are there."
    ),
    "schema": _Listed("schema", "Print the GraphQL schema."),
    "seed": _Listed("seed", "Seed resumed threads without serving requests."),
    "serve": _Listed("serve", "Serve GraphQL over HTTP and websockets."),
}


class _LazyGroup(click.Group):
    """A group that imports a command when it is used: what one command needs takes others longer to start."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of all commands, as click writes it, without importing any."""
        width = formatter.width - 6 - max(map(len, _COMMANDS))
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, click.Command(name, help=_COMMANDS[name].help).get_short_help_str(width))
                    for name in self.list_commands(context)
                ]
            )

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        # Importing creates hardly any garbage, and collections would take a fifth of the time.
        gc.disable()
        try:
            with without_numpy_threads():
                module = import_module(f"server.commands.{_COMMANDS[name].module}")
            # Or the next collection would look through all that was imported.
            gc.freeze()
        finally:
            gc.enable()
        command: click.Command = getattr(module, f"{name}_command")
        return command


def command_group(create_app: "Callable[[Settings], Starlette]") -> click.Group:
    """The command line of Reprise. `serve` serves the application that `create_app` returns."""
    group = _LazyGroup(
        "reprise",
        help="Keep, search and resume the saved sessions of coding agents.",
        context_settings={"max_content_width": 100, "obj": create_app},
    )
    return click.version_option(package_name="reprise")(group)
