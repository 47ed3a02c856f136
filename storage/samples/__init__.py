"""Sample sessions, invented: what coding agents leave behind after real work, in both formats Reprise reads.

`zagens/` and `codewhale/` hold one document a file, as the agent would have saved it; `marathon.py` makes one long
session. They fill an empty database (`reprise serve --samples`) and feed tests. Nothing here knows the database.
"""

from collections.abc import Iterator
from importlib.resources import files

import orjson

from storage.samples.marathon import marathon


def documents() -> Iterator[tuple[str, bytes]]:
    """Yields (source, JSON text as bytes), source "CODEWHALE" or "ZAGENS": the files by path, then the marathon."""
    for folder in ("codewhale", "zagens"):
        entries = (entry for entry in files(__name__).joinpath(folder).iterdir() if entry.name.endswith(".json"))
        for entry in sorted(entries, key=lambda entry: entry.name):
            yield folder.upper(), entry.read_bytes()
    yield "CODEWHALE", orjson.dumps(marathon())
