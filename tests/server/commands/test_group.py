"""How commands are listed and imported."""

import subprocess
import sys

import click

import app

_IMPORT = """
import gc, app
before = len(gc.get_objects())
app.main.get_command(app.main.make_context("reprise", ["serve"]), "serve")
print(gc.isenabled(), len(gc.get_objects()) < before)
"""
_HELP = """
import sys, app
app.main(["--help"], standalone_mode=False)
print(*sorted({"numpy", "pydantic", "sqlalchemy", "starlette", "strawberry"} & set(sys.modules)), file=sys.stderr)
"""


def test_what_a_command_imports_is_left_out_of_collections() -> None:
    assert subprocess.check_output([sys.executable, "-c", _IMPORT], text=True, timeout=60).split() == ["True", "True"]


def test_help_imports_no_command() -> None:
    done = subprocess.run([sys.executable, "-c", _HELP], capture_output=True, text=True, check=True, timeout=60)

    assert "Serve GraphQL over HTTP and websockets." in done.stdout
    assert done.stderr.strip() == ""


def test_help_lists_what_the_commands_say_of_themselves() -> None:
    context = click.Context(app.main, info_name="reprise", max_content_width=200, terminal_width=200)
    listed, by_click = context.make_formatter(), context.make_formatter()

    app.main.format_commands(context, listed)
    click.Group.format_commands(app.main, context, by_click)

    assert listed.getvalue() == by_click.getvalue() != ""
