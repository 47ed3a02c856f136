"""What a server has loaded when it has answered: each module takes time at the start, and memory ever after."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.database.migrations import migrate

_FIRST_ANSWER = """
import asyncio, json, re, sys
from pathlib import Path
import app
from httpx2 import ASGITransport, AsyncClient
from server.commands import serve
from storage.search.index.characters import character_classes

def arenas():
    # The C library's besides the first: each begins at a multiple of 64 MiB, of which a part is reserved.
    if sys.platform != "linux":
        return 0
    ranges = re.findall("^([0-9a-f]+)-([0-9a-f]+) (....)", Path("/proc/self/maps").read_text(), re.M)
    return sum(
        mode == "rw-p" and int(start, 16) % 2**26 == 0 and (after, reserved) == (end, "---p")
        for (start, end, mode), (after, _, reserved) in zip(ranges, ranges[1:])
    )

async def main(served):
    query = {"query": "{ sessions(first: 50) { nodes { id title } totalCount } }"}
    async with served.router.lifespan_context(app):
        for task in asyncio.all_tasks():
            if task.get_name() == "reprise-deriving":
                await task
        async with AsyncClient(transport=ASGITransport(app=served), base_url="http://127.0.0.1") as client:
            for _ in range(2):
                answer = await client.post("/graphql", json=query)
                assert answer.json()["data"]["sessions"]["totalCount"] == 0, answer.text

serve._run = lambda create_app, settings: asyncio.run(main(serve._create_server(create_app, settings).config.app))
app.main(["serve"], standalone_mode=False)
print(json.dumps([sorted(sys.modules), character_classes.cache_info().currsize, arenas()]))
"""
_NOT_NEEDED = (
    "alembic",
    "asyncpg",
    "opentelemetry",
    "server.process.workers",
    "sqlalchemy.dialects.postgresql",
    "storage.database.listener",
    "storage.database.postgresql",
    "storage.doctor",
    "storage.documents.file_imports",
    "storage.documents.formats.claude_code",
    "storage.documents.formats.codex",
    "storage.documents.formats.gemini",
    "storage.documents.formats.opencode",
    "storage.documents.formats.pi",
    "storage.documents.formats.qwen",
    "storage.handoff",
    "storage.samples",
    "storage.transcripts.session_derivation",
    "storage.transcripts.transcript_import",
    "storage.transcripts.watch",
)


@pytest.mark.slow
def test_a_server_answers_without_what_only_other_requests_need(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'migrated.db'}"
    asyncio.run(migrate(url))
    # Not measured: coverage 7 sometimes hangs a program that ends several threads at once.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    finished = subprocess.run(
        [sys.executable, "-c", _FIRST_ANSWER],
        env=environment | {"REPRISE_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    modules, classes_made, arenas = json.loads(finished.stdout.splitlines()[-1])
    assert [
        name for name in modules if name.startswith(tuple(f"{one}." for one in _NOT_NEEDED)) or name in _NOT_NEEDED
    ] == []
    assert (classes_made, arenas) == (0, 0)
