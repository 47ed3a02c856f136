"""Files beside the transcripts that cannot be read: what was stored of them stays, and what is left out is logged."""

import logging
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from storage.archive.byte_sources import FileBytes
from storage.database.database import Database
from storage.documents.formats.codex import home as codex_home
from storage.documents.formats.gemini import workspace
from storage.documents.formats.registry import FORMATS
from tests.support.archived import stored_rows, take
from tests.support.handoffs import FIXTURES

THREAD = "01a220d4-662a-7a40-87c7-7815d612fc8c"
CLAUDE = "6aed4a66-6c6a-4e3e-8134-555cbf44514c"


def refuse(*_: object) -> NoReturn:
    raise PermissionError(13, "Permission denied")


@pytest.fixture
def codex(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURES / "codex" / "home", tmp_path / "codex"))


async def title(database: Database) -> str:
    row, _ = (await stored_rows(database))[THREAD]
    return str(row["title"])


async def test_a_title_stays_while_the_index_of_titles_cannot_be_read(
    database_url: str, codex: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout = codex / f"sessions/2026/11/28/rollout-2026-11-28T06-25-20-{THREAD}.jsonl"
    async with Database(database_url) as database:
        await take(database, FORMATS["CODEX"], codex)
        assert await title(database) == "The dot"
        with monkeypatch.context() as patch:
            patch.setattr(codex_home, "index_lines", refuse)
            assert await take(database, FORMATS["CODEX"], codex) == {}
            with rollout.open("ab") as file:
                file.write(
                    b'{"timestamp":"2026-11-28T07:00:00.000Z","type":"response_item","payload":{"type":"message",'
                    b'"role":"assistant","content":[{"type":"output_text","text":"Indeed."}]}}\n'
                )
            assert list((await take(database, FORMATS["CODEX"], codex)).values()) == ["UPDATED"]
            assert await title(database) == "The dot"
        with (codex / "session_index.jsonl").open("a") as file:
            file.write(f'{{"id":"{THREAD}","thread_name":"The point","updated_at":"2026-11-28T07:01:00Z"}}\n')
        await take(database, FORMATS["CODEX"], codex)
        assert await title(database) == "The point"


async def test_a_companion_that_cannot_be_read_is_left_out_with_a_warning(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    home = Path(shutil.copytree(FIXTURES / "claude_code", tmp_path / "claude"))

    def refuse_outputs(path: Path) -> FileBytes:
        return FileBytes(path) if "tool-results" not in str(path) else refuse()

    monkeypatch.setattr("storage.transcripts.found_bytes.FileBytes", refuse_outputs)
    async with Database(database_url) as database:
        with caplog.at_level(logging.WARNING):
            await take(database, FORMATS["CLAUDE_CODE"], home)
        assert CLAUDE in await stored_rows(database)
    [said] = [record.getMessage() for record in caplog.records if record.name == "reprise.import"]
    assert f"{CLAUDE}/tool-results/" in said
    assert said.endswith("is left out of its session: Permission denied")


def test_the_list_of_projects_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / ".gemini"
    for project in ("a", "b"):
        chats = home / "tmp" / project / "chats"
        chats.mkdir(parents=True)
        for number in range(3):
            (chats / f"session-2026-11-28T10-0{number}-abc.jsonl").write_text("{}\n")
    (home / "projects.json").write_text('{"projects":{"/a":"a","/b":"b"}}')
    read: list[object] = []
    listed = workspace._listed

    def count(data: bytes | None) -> dict[str, object]:
        read.append(data)
        return listed(data)

    monkeypatch.setattr(workspace, "_listed", count)
    found = FORMATS["GEMINI"].find(home).transcripts
    assert len(found) == 6
    assert {str(one.excerpts["projects.json"]) for one in found} == {
        """b'{"projects":{"/a":"a"}}'""",
        """b'{"projects":{"/b":"b"}}'""",
    }
    assert len(read) == 1
