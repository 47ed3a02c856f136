"""Transcripts go out as the bytes that came in, and in as text."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database.database import Database
from storage.documents.formats.recognition import source_of
from storage.errors import InvalidDocument, TooLarge
from storage.transcripts.text_imports import import_transcript, recognized_format
from storage.transcripts.transcript_exports import export_transcripts, transcript_text
from tests.support.archived import stored_transcripts, take, texts
from tests.support.line_format import LineFormat, line, lines
from tests.support.stored_sessions import delete_session

FORMAT = LineFormat()
SAMPLES = Path(__file__).parents[1] / "documents" / "formats"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as opened:
        yield opened


async def test_the_newest_generation_is_exported_byte_for_byte(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.lines"
    path.write_bytes(lines("s1", "one", "two"))
    await take(database, FORMAT, tmp_path)
    newer = lines("s1", "one", "other", "more") + b"\xff no JSON\r\n\n" + line(user="é")
    path.write_bytes(newer + b"half")
    await take(database, FORMAT, tmp_path)
    path.unlink()

    assert b"".join([piece async for piece in export_transcripts(database, "s1")]) == newer
    assert await transcript_text(database, "s1", len(newer)) == newer.decode(errors="replace")
    with pytest.raises(TooLarge):
        await transcript_text(database, "s1", len(newer) - 1)
    assert await transcript_text(database, "none", 1) is None


async def test_a_text_is_imported_like_a_file(database: Database, tmp_path: Path) -> None:
    whole = lines("s1", "one", "two", "three")
    short = whole[: whole.rindex(b"{")]
    assert (await import_transcript(database, FORMAT, short)).outcome == "CREATED"
    assert (await import_transcript(database, FORMAT, whole)).outcome == "UPDATED"
    assert (await import_transcript(database, FORMAT, short)).outcome == "OUTDATED"
    assert len(await texts(database, "s1")) == 3
    # The file itself is the same transcript, and gives it its name.
    (tmp_path / "a.lines").write_bytes(whole)
    await take(database, FORMAT, tmp_path)
    assert [row.name for row in await stored_transcripts(database)] == ["a.lines"]

    await delete_session(database, "s1")
    assert (await import_transcript(database, FORMAT, whole)).outcome == "CREATED"
    for data in (b"", b"no JSON", line(session="s2")):
        with pytest.raises(InvalidDocument):
            await import_transcript(database, FORMAT, data)


@pytest.mark.parametrize(
    ("folder", "pattern", "source"),
    [
        ("claude_code", "*.jsonl", "CLAUDE_CODE"),
        ("codex", "rollout-*.jsonl", "CODEX"),
        ("gemini", "session-*.jsonl", "GEMINI"),
        ("qwen", "*.jsonl", "QWEN_CODE"),
        ("pi", "*.jsonl", "PI"),
    ],
)
def test_transcripts_are_recognized_by_their_first_lines(folder: str, pattern: str, source: str) -> None:
    paths = sorted((SAMPLES / folder).rglob(pattern))
    assert paths
    for path in paths:
        assert source_of(path.read_bytes()[:65536]) == source, path


@pytest.mark.parametrize("indent", [None, 2])
def test_exports_of_opencode_are_recognized(indent: int | None) -> None:
    export = {"info": {"id": "ses_1", "slug": "tea"}, "messages": []}
    assert source_of(json.dumps(export, indent=indent).encode()) == "OPENCODE"


def test_other_files_are_no_transcripts() -> None:
    for data in (b"", b"text", b"[]", b'{"metadata": {}, "messages": []}', b"{}\n{}", b"\xff\xfe"):
        assert source_of(data) is None
    # Documents whose tools have keys that transcripts have, too.
    call = '{"type": "tool_use", "input": {"sessionId": "s1", "projectHash": "h"}}'
    for begin in ('{"schema_version": 1, "metadata": {}, ', '{\n  "metadata": {}, ', '{"journal": [], '):
        assert source_of(f'{begin}"messages": [{call}]}}'.encode()) is None
    assert recognized_format({FORMAT.source: FORMAT}, b"", FORMAT.source) is FORMAT
    assert recognized_format({FORMAT.source: FORMAT}, b"text", None) is None
