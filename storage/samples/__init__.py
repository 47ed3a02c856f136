"""Invented sample sessions, in the formats of zagens and CodeWhale.

`zagens/` and `codewhale/` hold one document a file, as the agent would have saved it; `marathon.py` generates one long
session. `reprise serve --samples` loads them into an empty database, and tests use them.
"""

from collections.abc import Iterator
from importlib.resources import files

import orjson

from storage.samples.marathon import marathon


def documents() -> Iterator[tuple[str, bytes]]:
    """Yield (source, JSON text) of each sample: the files by path, then the marathon."""
    for folder in ("codewhale", "zagens"):
        entries = (entry for entry in files(__name__).joinpath(folder).iterdir() if entry.name.endswith(".json"))
        for entry in sorted(entries, key=lambda entry: entry.name):
            yield folder.upper(), entry.read_bytes()
    yield "CODEWHALE", orjson.dumps(marathon())
