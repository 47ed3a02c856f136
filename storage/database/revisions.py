"""The revisions of the database that this version of Reprise knows."""

import functools
from pathlib import Path

_VERSIONS = Path(__file__).parent / "migrations" / "versions"


@functools.cache
def known_revisions() -> frozenset[str]:
    """The revisions of this version, taken from the file names, which begin with them."""
    return frozenset(path.name[:4] for path in _VERSIONS.glob("[0-9]*.py"))


def newest_revision() -> str:
    """The revision that a migration leads to."""
    return max(known_revisions())
