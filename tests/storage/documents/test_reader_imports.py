"""What a reader process imports: with the server's libraries it would take several times as long to start."""

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_reader_processes_import_neither_the_server_nor_sqlalchemy() -> None:
    code = (
        "import sys, app, storage.documents.readers, storage.transcripts.transcript_taking,"
        " storage.documents.formats.registry\n"
        "print(*sorted({'sqlalchemy', 'sqlmodel', 'asyncpg', 'strawberry', 'starlette'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
