"""Importing files: outcomes in order, the search index compacted and statistics updated at the end."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

import storage.database.planner_statistics
import storage.documents.readers
from storage.database.database import Database
from storage.doctor.doctor import examine
from storage.documents.file_imports import import_files
from storage.documents.outcomes import CREATED, GONE, UNCHANGED, UPDATED, FileOutcome
from storage.search.index.compaction import MAX_TIER_SEGMENTS
from tests.support.documents import Document, user, zagens


def written(folder: Path, name: str, document: Document) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def sized(path: Path) -> tuple[Path, int]:
    return path, path.stat().st_size


async def imported(database: Database, paths: list[Path]) -> list[list[FileOutcome]]:
    return [outcomes async for outcomes in import_files(database, paths)]


async def test_outcomes_come_in_the_order_of_the_files_batch_by_batch(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.documents.readers, "BATCH_DOCUMENTS", 2)
    paths = [written(tmp_path, id, zagens(id, messages=[user("one")])) for id in ("a", "b", "c")]
    none = written(tmp_path, "none", {})
    longer = written(tmp_path, "longer", zagens("a", messages=[user("one"), user("two")]))

    async with Database(database_url) as database:
        first, second, third = await imported(database, [paths[0], none, paths[0], longer, *paths[1:]])

        assert [(outcome.path, outcome.result) for outcome in first] == [(paths[0], CREATED), (none, None)]
        assert "metadata" in first[1].reason
        assert second == [FileOutcome(*sized(paths[0]), UNCHANGED), FileOutcome(*sized(longer), UPDATED)]
        assert third == [FileOutcome(*sized(paths[1]), CREATED), FileOutcome(*sized(paths[2]), CREATED)]


async def test_a_file_that_is_gone_before_it_is_read_is_refused_only_when_it_is_named(
    database_url: str, tmp_path: Path
) -> None:
    walked, named, stays = (tmp_path / f"{name}.json" for name in ("walked", "named", "stays"))
    written(tmp_path, "stays", zagens("stays", messages=[user("one")]))

    async with Database(database_url) as database:
        results = [one async for one in import_files(database, [walked, named, stays], None, {walked, stays})]

    refused = FileOutcome(named, 0, None, "No such file or directory")
    assert results == [[FileOutcome(walked, 0, GONE), refused, FileOutcome(*sized(stays), CREATED)]]


@pytest.mark.slow
async def test_a_long_import_leaves_few_segments(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.documents.readers, "BATCH_DOCUMENTS", 3)
    paths = [written(tmp_path, f"{n}", zagens(f"s{n}", messages=[user(f"word{n}")])) for n in range(60)]

    async with Database(database_url) as database:
        await imported(database, paths)

        assert [finding async for finding in examine(database)] == []
        async with database.snapshot() as connection:
            segments = await connection.execute(sa.text("SELECT count(*) FROM search_segment"))
            assert segments.scalar_one() < MAX_TIER_SEGMENTS


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_large_import_updates_the_statistics_of_the_planner(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.database.planner_statistics, "_THRESHOLD", 10)
    paths = [written(tmp_path, f"{n}", zagens(f"s{n}", messages=[user("x")])) for n in range(10)]

    async with Database(database_url) as database:
        await imported(database, paths)

        async with database.snapshot() as connection:
            rows = await connection.execute(sa.text("SELECT reltuples FROM pg_class WHERE relname = 'message'"))
            assert rows.scalar() == 10
