"""How a command is imported."""

import subprocess
import sys

_IMPORT = """
import gc, app
before = len(gc.get_objects())
app.main.get_command(app.main.make_context("reprise", ["serve"]), "serve")
print(gc.isenabled(), len(gc.get_objects()) < before)
"""


def test_what_a_command_imports_is_left_out_of_collections() -> None:
    assert subprocess.check_output([sys.executable, "-c", _IMPORT], text=True, timeout=60).split() == ["True", "True"]
