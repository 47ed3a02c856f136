"""Work trees of revisions, installed."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

_PROJECT = Path(__file__).parents[3]


class Tree(NamedTuple):
    """A work tree in which `make install` has run."""

    name: str
    folder: Path

    @property
    def program(self) -> Path:
        """The `reprise` command of this revision."""
        return self.folder / ".venv/bin/reprise"


THIS = Tree("this", _PROJECT)


@contextmanager
def checked_out(base: str) -> Iterator[Tree]:
    """Yield the tree of `base`: a folder that is a work tree already, or a revision, checked out while the block runs.

    Raises subprocess.CalledProcessError when there is no such revision, or when its installation fails.
    """
    if (Path(base) / "pyproject.toml").is_file():
        yield _installed(Path(base).resolve())
        return
    with TemporaryDirectory() as parent:
        folder = Path(parent, "base")
        git = ("git", "-C", _PROJECT, "worktree")
        subprocess.run([*git, "add", "--quiet", "--detach", folder, base], check=True)
        try:
            yield _installed(folder)
        finally:
            subprocess.run([*git, "remove", "--force", folder], check=True)


def _installed(folder: Path) -> Tree:
    # Settings of a make that runs this program are not for the other tree's make.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    subprocess.run(
        ["make", "--silent", "-C", folder, "install"], check=True, env=environment, stdout=subprocess.DEVNULL
    )
    return Tree("base", folder)
