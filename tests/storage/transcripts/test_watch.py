"""What changes below a home is stored as it happens."""

import asyncio
import contextlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import storage.transcripts.import_recorder
import storage.transcripts.progress_log
import storage.transcripts.transcript_batches
import storage.transcripts.transcript_writer
import storage.transcripts.watch
from storage.database.database import Database
from storage.doctor.doctor import examine
from storage.documents.formats.claude_code.claude_code_format import ClaudeCodeFormat
from storage.documents.formats.opencode.opencode_format import OpenCodeFormat
from storage.documents.formats.transcript_format import TranscriptFormat
from storage.errors import Unavailable
from storage.transcripts.import_recorder import ImportRecorder
from storage.transcripts.session_derivation import derive_session
from storage.transcripts.watch import Watch
from tests.conftest import postgresql_slow
from tests.support.archived import stored_rows, texts
from tests.support.documents import user, zagens
from tests.support.line_format import LineFormat, line, lines

FORMAT = LineFormat()
OPENCODE = Path(__file__).parents[1] / "documents" / "formats" / "opencode"
CLAUDE_CODE = Path(__file__).parents[1] / "documents" / "formats" / "claude_code"
SESSION = "6aed4a66-6c6a-4e3e-8134-555cbf44514c"
# The target is a second; a loaded machine gets more.
PATIENCE = 60


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as opened:
        yield opened


@contextlib.asynccontextmanager
async def watching(
    database: Database,
    user_home: Path,
    *places: Path,
    formats: Mapping[str, TranscriptFormat] = MappingProxyType({FORMAT.source: FORMAT}),
    environment: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[None]:
    task = asyncio.create_task(Watch(database, formats, places, environment, user_home).run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(read: Callable[[], Awaitable[Any]], expected: Any) -> float:
    """Wait until what is read is as expected; the seconds that it took."""
    began = time.monotonic()
    while (found := await read()) != expected:
        assert time.monotonic() - began < PATIENCE, found
        await asyncio.sleep(0.01)
    return time.monotonic() - began


async def test_the_log_says_how_far_a_long_import_is(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(storage.transcripts.progress_log, "STEP_SECONDS", 0)
    monkeypatch.setattr(storage.transcripts.transcript_batches, "BATCH_TRANSCRIPTS", 1)
    home = tmp_path / ".lines"
    home.mkdir()
    for number in range(2):
        (home / f"{number}.lines").write_bytes(lines(f"s{number}", "x" * 500_000))

    async def progress() -> list[str]:
        found = [record.getMessage().partition(", ")[0] for record in caplog.records]
        return [text for text in found if text.startswith("Imported")]

    with caplog.at_level("INFO", "reprise.import"):
        async with watching(database, tmp_path):
            await until(progress, ["Imported 0.5 of 1.0 MB", "Imported 1.0 of 1.0 MB"])


async def test_a_subagent_that_is_watched_keeps_its_description(database: Database, tmp_path: Path) -> None:
    home = tmp_path / ".claude"
    shutil.copytree(CLAUDE_CODE / "projects", home / "projects")
    [path] = home.rglob("agent-*.jsonl")
    first, *more = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first)

    async def described() -> list[tuple[str, int]]:
        rows = await stored_rows(database)
        return [(row["title"], len(messages)) for row, messages in rows.values() if row["kind"] == "SUBAGENT"]

    formats = {"CLAUDE_CODE": ClaudeCodeFormat()}
    async with watching(database, tmp_path, formats=formats):
        await until(described, [("Count the stock", 1)])
        with path.open("ab") as file:
            file.writelines(more)
        await until(described, [("Count the stock", 4)])


async def test_what_an_import_of_a_home_passes_over_is_not_imported_when_it_changes(
    database: Database, tmp_path: Path
) -> None:
    home = tmp_path / ".claude"
    folder = home / "projects" / "-home-dev-shop"
    folder.mkdir(parents=True)
    (home / "backups").mkdir()
    [copied] = (CLAUDE_CODE / "summarized_home").rglob("*.jsonl")

    async def stored() -> set[str]:
        return set(await stored_rows(database))

    formats = {"CLAUDE_CODE": ClaudeCodeFormat()}
    async with watching(database, tmp_path, formats=formats):
        await asyncio.sleep(0.3)
        shutil.copy(copied, home / "backups")
        shutil.copy(CLAUDE_CODE / "projects" / "-home-dev-shop" / f"{SESSION}.jsonl", folder)
        await until(stored, {SESSION})


async def test_lines_are_stored_as_they_are_written(database: Database, tmp_path: Path) -> None:
    home = tmp_path / ".lines" / "project"
    home.mkdir(parents=True)
    path = home / "a.lines"
    path.write_bytes(lines("s1", "one"))

    async def count() -> int:
        return len(await texts(database, "s1"))

    async with watching(database, tmp_path):
        await until(count, 1)
        for number in range(2, 6):
            with path.open("ab") as file:
                file.write(line(assistant=f"reply {number}")[:9])
                file.flush()
                file.write(line(assistant=f"reply {number}")[9:])
            await until(count, number)
        (home / "new").mkdir()
        await asyncio.sleep(0.3)
        (home / "new" / "b.lines").write_bytes(lines("s2", "two"))

        async def ids() -> list[str]:
            return sorted(await stored_rows(database))

        await until(ids, ["s1", "s2"])
        path.unlink()
        await asyncio.sleep(0.3)
        assert await count() == 5


async def test_what_the_file_system_does_not_report_is_found_later(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.transcripts.watch, "_RESCAN_SECONDS", 0.1)

    async def ids() -> list[str]:
        return sorted(await stored_rows(database))

    async with watching(database, tmp_path):
        await asyncio.sleep(0.2)
        # The home did not exist when the watch began.
        (tmp_path / ".lines").mkdir()
        (tmp_path / ".lines" / "a.lines").write_bytes(lines("s1", "one"))
        await until(ids, ["s1"])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_homes_are_looked_through_where_the_system_watches_no_more_folders(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def limited(*_: object, ignore_permission_denied: bool, **__: object) -> AsyncIterator[set[tuple[int, str]]]:
        """As watchfiles behaves beyond the limit, and below a folder that it may not read."""
        if not ignore_permission_denied:
            raise OSError("OS file watch limit reached.")
        while True:
            await asyncio.sleep(0.01)
            yield set()

    monkeypatch.setattr(storage.transcripts.watch, "awatch", limited)
    monkeypatch.setattr(storage.transcripts.watch, "_UNWATCHED_RESCAN_SECONDS", 0.1)
    home = tmp_path / ".lines"
    home.mkdir()

    async def count() -> int:
        return len(await texts(database, "s1"))

    with caplog.at_level("WARNING", "reprise.import"):
        async with watching(database, tmp_path):
            for number in range(1, 4):
                (home / "a.lines").write_bytes(lines("s1", *map(str, range(number))))
                assert await until(count, number) < storage.transcripts.watch._RESCAN_SECONDS

    [warning] = [record.getMessage() for record in caplog.records]
    assert "Not all folders can be watched" in warning
    assert "limit reached" in warning


@pytest.mark.parametrize("is_root", [False, True], ids=["below", "above"])
async def test_a_home_with_a_name_that_is_not_utf8_is_looked_through_instead_of_watched(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    is_root: bool,
) -> None:
    monkeypatch.setattr(storage.transcripts.watch, "_UNWATCHED_RESCAN_SECONDS", 0.1)
    bad = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        bad.mkdir()
    except OSError:
        pytest.skip("The file system takes no such name.")
    user_home = bad if is_root else tmp_path
    home = user_home / ".lines"
    home.mkdir()

    async def count() -> int:
        return len(await texts(database, "s1"))

    async def warnings() -> int:
        return sum("Not all folders can be watched" in record.getMessage() for record in caplog.records)

    with caplog.at_level("WARNING", "reprise.import"):
        async with watching(database, user_home):
            (home / "a.lines").write_bytes(lines("s1", "one"))
            await until(count, 1)
            if not is_root:
                bad.rename(home / bad.name)
            await until(warnings, 1)
            for number in range(2, 4):
                with (home / "a.lines").open("ab") as file:
                    file.write(line(assistant=f"reply {number}"))
                await until(count, number)

    assert await warnings() == 1


@pytest.mark.parametrize("name", ["share/opencode/opencode.db", "elsewhere/work.db"])
async def test_rows_are_stored_as_they_are_written_to_the_log_of_a_database(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(storage.transcripts.watch, "_DIRTY_SECONDS", 1_000.0)
    monkeypatch.setattr(storage.transcripts.watch, "_RESCAN_SECONDS", 1_000.0)
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    environment = {"XDG_DATA_HOME": str(tmp_path / "share"), "OPENCODE_DB": str(path)}
    formats = {OpenCodeFormat.source: OpenCodeFormat()}
    program = sqlite3.connect(path, isolation_level=None)
    program.execute("PRAGMA journal_mode = WAL")
    program.executescript((OPENCODE / "opencode.sql").read_text(encoding="utf-8"))
    session_id = "ses_ddf2cd0aaffeJh9chseJaTFwHs"

    async def last() -> Any:
        found = await texts(database, session_id)
        return found[-1] if found else None

    async with watching(database, tmp_path, formats=formats, environment=environment):
        await until(last, '[{"type":"text","text":"Mint tea is the cheapest, at 2 a cup."}]')
        program.execute(
            "UPDATE part SET data = json_set(data, '$.text', 'Black tea.'), time_updated = time_updated + 1"
            " WHERE id = 'prt_220d34490001G1cV8taUA31uMy'"
        )
        await until(last, '[{"type":"text","text":"Black tea."}]')
    program.close()


@postgresql_slow
async def test_documents_and_transcripts_in_given_places(database: Database, tmp_path: Path) -> None:
    documents, transcripts = tmp_path / "zagens", tmp_path / "lines"
    documents.mkdir()
    transcripts.mkdir()
    (transcripts / "a.lines").write_bytes(lines("s1", "one"))

    async def ids() -> list[str]:
        return sorted(await stored_rows(database))

    async with watching(database, tmp_path / "nobody", documents, transcripts):
        await until(ids, ["s1"])
        (documents / "d1.json").write_text(json.dumps(zagens("d1", messages=[user("hello")])))
        await until(ids, ["d1", "s1"])


async def test_an_import_is_counted_for_clients(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[tuple[str | None, int, int]] = []

    class Recorder(ImportRecorder):
        def begin(self, source: str | None) -> None:
            self.source = source

        def advance(self, file_count: int, size: int) -> None:
            counted.append((self.source, file_count, size))

    monkeypatch.setattr(storage.transcripts.import_recorder, "ImportRecorder", Recorder)
    transcript = lines("s", "One.")
    document = json.dumps(zagens("z", messages=[user("Two.")])).encode()
    for name, data in {".lines/s.lines": transcript, ".zagens/sessions/z.json": document}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(data)

    async def progress() -> list[tuple[str | None, int, int]]:
        return counted

    async with watching(database, tmp_path):
        await until(progress, [("CLAUDE_CODE", 1, len(transcript)), (None, 1, len(document))])


async def test_what_an_interrupted_import_has_archived_is_shown_although_its_file_is_gone(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.transcripts.watch, "_RETRY_SECONDS", 0.01)
    path = tmp_path / ".lines" / "a.lines"
    path.parent.mkdir()
    path.write_bytes(lines("s1", "first", "second"))

    async def interrupted(*arguments: Any, **options: Any) -> str:
        # The bytes are in the archive by now.
        if path.exists():
            path.unlink()
            raise Unavailable("The database is not available; try again.")
        return await derive_session(*arguments, **options)

    async def stored() -> list[Any]:
        return await texts(database, "s1", only_live=True)

    async with watching(database, tmp_path):
        await until(stored, ['[{"type":"text","text":"first"}]', '[{"type":"text","text":"second"}]'])
        monkeypatch.setattr(storage.transcripts.transcript_writer, "derive_session", interrupted)
        path.write_bytes(line(session="s1", at=100) + line(user="another beginning"))
        await until(stored, ['[{"type":"text","text":"another beginning"}]'])
    assert not path.exists()
    assert [finding.text async for finding in examine(database, formats={FORMAT.source: FORMAT})] == []
