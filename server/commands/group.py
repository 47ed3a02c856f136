"""The command group `reprise`."""

import gc
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

import click

from storage.numpy_threads import without_numpy_threads

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from server.settings import Settings

# The module of each command, which has the command as `<name>_command`.
_MODULES = {
    "doctor": "doctor",
    "export": "export",
    "handoff": "handoff",
    "import": "import_files",
    "migrate": "migrate",
    "purge": "purge",
    "restore": "handoff",
    "schema": "schema",
    "seed": "seed",
    "serve": "serve",
}


class _LazyGroup(click.Group):
    """A group that imports a command when it is used: what one command needs takes others longer to start."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(_MODULES)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _MODULES:
            return None
        # Importing creates hardly any garbage, and collections would take a fifth of the time.
        gc.disable()
        try:
            with without_numpy_threads():
                module = import_module(f"server.commands.{_MODULES[name]}")
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
