"""Transcripts of every agent that are imported while they grow are stored as if they were imported once."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database.database import Database
from storage.doctor.doctor import examine
from storage.documents.formats.registry import FORMATS
from storage.transcripts.transcript_exports import export_transcripts
from tests.support.archived import archived_bytes, stored_rows, stored_transcripts, take
from tests.support.databases import SqliteDatabases

SAMPLES = Path(__file__).parents[1] / "documents" / "formats"
HOMES = {
    "CLAUDE_CODE": SAMPLES / "claude_code" / "projects",
    "CODEX": SAMPLES / "codex" / "home",
    "GEMINI": SAMPLES / "gemini" / "home",
    "QWEN_CODE": SAMPLES / "qwen" / "home",
    "PI": SAMPLES / "pi" / "home",
}


@pytest.mark.slow
@pytest.mark.parametrize("source", HOMES)
async def test_samples_are_archived_and_exported_byte_for_byte(database_url: str, source: str) -> None:
    format = FORMATS[source]
    async with Database(database_url) as database:
        outcomes = await take(database, format, HOMES[source])
        assert "CREATED" in outcomes.values()
        assert set(outcomes.values()) <= {"CREATED", "UPDATED", "EMPTY"}, outcomes
        files = {one.name: one for one in format.find(HOMES[source]).transcripts}
        for row in await stored_transcripts(database):
            found = files[row.name]
            if not found.is_compressed and row.session_id is not None:
                exported = b"".join([piece async for piece in export_transcripts(database, row.session_id)])
                assert found.path.read_bytes() in exported
        assert [finding.text async for finding in examine(database)] == []
        assert await take(database, format, HOMES[source]) == {}


@pytest.mark.slow
@pytest.mark.parametrize("source", HOMES)
async def test_samples_that_grow_are_stored_as_if_they_were_read_once(
    sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory, source: str
) -> None:
    format = FORMATS[source]
    with sqlite_databases.copy() as url:
        async with Database(url) as database:
            await take(database, format, HOMES[source])
            expected = await stored_rows(database), await archived_bytes(database)

    examples: list[float] = []

    @settings(max_examples=6, database=None)
    @given(st.floats(0, 1))
    def draw(share: float) -> None:
        examples.append(share)

    draw()
    for share in sorted(set(examples)):
        folder = tmp_path_factory.mktemp("home") / HOMES[source].name
        shutil.copytree(HOMES[source], folder)
        whole = {path: path.read_bytes() for path in folder.rglob("*.jsonl")}
        with sqlite_databases.copy() as url:
            async with Database(url) as database:
                for part in (share, (1 + share) / 2, 1.0):
                    for path, data in whole.items():
                        path.write_bytes(data[: round(part * len(data))])
                    await take(database, format, folder)
                assert (await stored_rows(database), await archived_bytes(database)) == expected
                assert [finding.text async for finding in examine(database)] == []


@pytest.mark.slow
@pytest.mark.parametrize("source", HOMES)
async def test_samples_whose_other_files_are_deleted_grow_as_if_these_were_there(
    sqlite_databases: SqliteDatabases, tmp_path: Path, source: str
) -> None:
    format = FORMATS[source]
    with sqlite_databases.copy() as url:
        async with Database(url) as database:
            await take(database, format, HOMES[source])
            expected = await stored_rows(database)
    folder = shutil.copytree(HOMES[source], tmp_path / HOMES[source].name)
    whole = {one.path: one.path.read_bytes() for one in format.find(folder).transcripts}
    for path, data in whole.items():
        path.write_bytes(data[: len(data) // 2])
    with sqlite_databases.copy() as url:
        async with Database(url) as database:
            await take(database, format, folder)
            for path in [path for path in folder.rglob("*") if path.is_file() and path not in whole]:
                path.unlink()
            for path, data in whole.items():
                path.write_bytes(data)

            await take(database, format, folder)

            assert await stored_rows(database) == expected
            assert [finding.text async for finding in examine(database)] == []
