"""What a reader process imports: with the server's libraries it would take several times as long to start."""

import subprocess
import sys

import pytest

LIBRARIES = {"sqlalchemy", "sqlmodel", "asyncpg", "strawberry", "starlette"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("modules", "not_needed"),
    [
        ("storage.documents.readers", LIBRARIES),
        ("storage.transcripts.transcript_taking, storage.documents.formats.registry", LIBRARIES | {"asyncio", "ssl"}),
    ],
    ids=["documents", "transcripts"],
)
def test_reader_processes_import_neither_the_server_nor_sqlalchemy(modules: str, not_needed: set[str]) -> None:
    code = (
        f"import sys, app, storage.documents.reader_process, {modules}\nprint(*sorted({not_needed} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
