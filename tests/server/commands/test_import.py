"""`reprise import` saves files and folders, and names each file that it refuses."""

import asyncio
import errno
import json
import os
import re
import resource
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app import main
from storage.database.database import Database
from tests.support.documents import FILES, user, zagens
from tests.support.sessions import strictly
from tests.support.stored_sessions import delete_session

EDGE = FILES / "edge"
# A part of the reason for each refused file; every other file of the folder is saved.
REFUSED = {
    "EXPECT": "metadata must be an object",
    "bad-id": "metadata.id",
    "bad-timestamps": "metadata.created_at",
    "future-version": "schema_version 99",
    "no-metadata": "metadata must be an object",
    "not-an-object": "a list",
    "not-json": "line 1, column",
}


@pytest.fixture(autouse=True)
def _database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRISE_DATABASE_URL", database_url)


def reprise(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def saved(id: str) -> Any:
    """The document of a session, from `reprise export`."""
    result = reprise("export", id)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def written(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_refused_files_are_named_with_a_reason_and_the_rest_is_imported() -> None:
    expectations = json.loads((EDGE / "EXPECT.json").read_text(encoding="utf-8"))
    refused = {name for name, expected in expectations.items() if not expected.startswith("CREATED")}
    assert refused | {"EXPECT"} == REFUSED.keys()

    result = reprise("import", EDGE)

    assert result.exit_code == 1
    created = len(expectations) - len(refused)
    assert result.stdout == f"{created} created, 0 updated, 0 unchanged, {len(REFUSED)} refused\n"
    lines = [line for line in result.stderr.splitlines() if line.startswith(str(EDGE))]
    assert [line.split(": ")[0] for line in lines] == [str(EDGE / f"{name}.json") for name in sorted(REFUSED)]
    for line, name in zip(lines, sorted(REFUSED), strict=True):
        assert REFUSED[name] in line
    for name in expectations.keys() - refused - {"padded-id", "nul-and-surrogates"}:
        document = json.loads((EDGE / f"{name}.json").read_text(encoding="utf-8"))
        assert strictly(saved(document["metadata"]["id"])) == strictly(document), name


def test_an_empty_folder_and_unknown_json_lines_are_reported(tmp_path: Path) -> None:
    (folder := tmp_path / "empty").mkdir()
    plan = reprise("import", folder, "--dry-run")
    assert (plan.exit_code, plan.stdout) == (0, "Nothing to read.\n")
    unknown = tmp_path / "unknown.jsonl"
    unknown.write_text('{"a": 1}\n{"b": 2}\n', encoding="utf-8")
    result = reprise("import", unknown)
    assert result.exit_code == 1
    assert f"{unknown}: JSON Lines, but not a transcript of an agent that can be read.\n" in result.stderr


def test_files_are_created_then_unchanged_then_updated(tmp_path: Path) -> None:
    folders = [FILES / "zagens", FILES / "codewhale"]
    count = sum(len(list(folder.glob("*.json"))) for folder in folders)

    first, second = reprise("import", *folders), reprise("import", *folders)
    file = next((FILES / "zagens").glob("*.json"))
    document = json.loads(file.read_text(encoding="utf-8"))
    document["messages"].append(user("One more thing."))
    third = reprise("import", written(tmp_path / "longer.json", document))

    assert first.stdout == f"{count} created, 0 updated, 0 unchanged, 0 refused\n"
    assert second.stdout == f"0 created, 0 updated, {count} unchanged, 0 refused\n"
    assert third.stdout == "0 created, 1 updated, 0 unchanged, 0 refused\n"
    assert [result.exit_code for result in (first, second, third)] == [0, 0, 0]
    assert strictly(saved(document["metadata"]["id"])) == strictly(document)


def test_files_beside_sessions_are_skipped_unless_named(tmp_path: Path) -> None:
    written(tmp_path / "s.json", zagens("s"))
    for beside in ("latest.json", "offline_queue.json", "checkpoints/c.json", ".hidden.json", ".trash/t.json", "x.txt"):
        written(tmp_path / beside, {})

    assert reprise("import", tmp_path).stdout == "1 created, 0 updated, 0 unchanged, 0 refused\n"
    named = reprise("import", tmp_path / "latest.json")
    assert (named.exit_code, named.stdout) == (1, "0 created, 0 updated, 0 unchanged, 1 refused\n")


def test_unusual_json_is_imported_or_refused_with_a_reason(tmp_path: Path) -> None:
    def holding(name: str, text: bytes) -> Path:
        path = tmp_path / f"{name}.json"
        path.write_bytes(json.dumps(zagens(name, extra="HERE")).encode().replace(b'"HERE"', text))
        return path

    with_bom = tmp_path / "bom.json"
    with_bom.write_bytes(b"\xef\xbb\xbf" + json.dumps(zagens("bom")).encode())
    taken = {"big": b"%d" % 2**80, "digits": b"1" * 4000, "small": b"-0.0", "twice": b'{"a": 1, "a": 2}'}
    refused = {
        "nan": (b"NaN", "NaN is not a JSON value"),
        "huge": (b"1e400", "1e400 is out of range"),
        "infinite": (b"-Infinity", "-Infinity is not a JSON value"),
        "long": (b"1" * 5000, "Not JSON"),
        "deep": (b"[" * 5000 + b"]" * 5000, "nested too deeply"),
        "open": (b"[" * 5000, "Not JSON"),
        "comma": (b"[1,]", "line 1, column"),
    }

    result = reprise("import", with_bom, *(holding(name, text) for name, text in taken.items()))
    assert (result.exit_code, result.stdout) == (0, "5 created, 0 updated, 0 unchanged, 0 refused\n")
    for name, text in taken.items():
        assert strictly(saved(name)["metadata"]["extra"]) == strictly(json.loads(text)), name
    assert strictly(saved("bom")) == strictly(zagens("bom"))

    result = reprise("import", *(holding(name, text) for name, (text, _) in refused.items()))
    assert (result.exit_code, result.stdout) == (1, "0 created, 0 updated, 0 unchanged, 7 refused\n")
    for name, (_, reason) in refused.items():
        [line] = [line for line in result.stderr.splitlines() if f"{name}.json" in line]
        assert reason in line


def test_bytes_that_are_not_utf_8_are_refused_and_utf_16_with_a_bom_is_read(tmp_path: Path) -> None:
    text = json.dumps(zagens("s", "Ünïcode 漢字"), ensure_ascii=False)
    latin = tmp_path / "latin.json"
    latin.write_bytes(text.replace("漢字", "").encode("latin-1"))
    cut = tmp_path / "cut.json"
    cut.write_bytes(text.encode("utf-16")[:-1])

    refused = reprise("import", latin, cut)

    assert (refused.exit_code, refused.stdout) == (1, "0 created, 0 updated, 0 unchanged, 2 refused\n")
    assert f"{latin}: Not UTF-8: invalid start byte at byte" in refused.stderr.replace("continuation", "start")
    assert f"{cut}: Not UTF-16" in refused.stderr
    for name in ("utf-16-le", "utf-16-be"):
        path = tmp_path / f"{name}.json"
        path.write_bytes(("\ufeff" + text).encode(name))
        assert reprise("import", path).exit_code == 0
        assert strictly(saved("s")) == strictly(json.loads(text))


def test_a_home_of_codewhale_gives_its_sessions_and_counts_the_runtime_store(tmp_path: Path, database_url: str) -> None:
    written(tmp_path / ".codewhale/sessions/s.json", zagens("s"))
    for name in ("owner", "threads/thr_1", "turns/turn_1", "items/item_1"):
        written(tmp_path / f".codewhale/sessions/s/runtime/{name}.json", {"schema_version": 2, "id": "x"})
    written(tmp_path / ".deepseek/sessions/older.json", zagens("older"))

    result = reprise("import", tmp_path / ".codewhale")
    assert (result.exit_code, result.stdout) == (0, "1 created, 0 updated, 0 unchanged, 0 refused, 4 passed over\n")
    result = reprise("import", tmp_path)
    assert (result.exit_code, result.stdout) == (0, "1 created, 0 updated, 1 unchanged, 0 refused, 4 passed over\n")
    assert asyncio.run(sources(database_url)) == {"s": "CODEWHALE", "older": "CODEWHALE"}


def test_what_is_not_a_readable_file_is_refused_by_name_and_the_rest_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "z.json", zagens("s"))
    os.mkfifo(tmp_path / "fifo.json")
    (tmp_path / "null.json").symlink_to("/dev/null")
    (tmp_path / "pipe.json").symlink_to(tmp_path / "fifo.json")
    (tmp_path / "gone.json").symlink_to(tmp_path / "nothing")
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(6 * 2**30)
    closed = tmp_path / "closed\x1b[2J"
    closed.mkdir()
    scandir = os.scandir

    def scan(path: Any) -> Any:
        if str(path) == str(closed):
            raise PermissionError(errno.EACCES, "Permission denied", str(closed))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scan)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    result = reprise("import", tmp_path)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000
    assert (result.exit_code, result.stdout) == (1, "1 created, 0 updated, 0 unchanged, 6 refused\n")
    for name, reason in {
        "fifo.json": "Not a regular file.",
        "null.json": "Not a regular file.",
        "pipe.json": "Not a regular file.",
        "gone.json": "No such file or directory",
        "large.json": "Larger than 256 MiB",
        "closed\\x1b[2J": "Permission denied",
    }.items():
        assert f"{tmp_path / name}: {reason}" in result.stderr


def test_the_source_comes_from_the_folder_or_the_option(tmp_path: Path, database_url: str) -> None:
    # No key in these documents is specific to an agent.
    for folder, id in ((".codewhale/sessions", "a"), ("zagens", "b"), ("plain", "c"), ("given/zagens", "d")):
        written(tmp_path / folder / f"{id}.json", zagens(id))

    for folder in (".codewhale", "zagens", "plain"):
        assert reprise("import", tmp_path / folder).exit_code == 0
    assert reprise("import", "--source", "codewhale", tmp_path / "given").exit_code == 0
    refused = reprise("import", "--source", "OTHER", tmp_path / "plain")

    assert asyncio.run(sources(database_url)) == {"a": "CODEWHALE", "b": "ZAGENS", "c": "ZAGENS", "d": "CODEWHALE"}
    assert refused.exit_code == 2
    assert "'claude-code', 'codex'" in refused.stderr


@pytest.mark.parametrize("name", ["codewhale", "CODEWHALE", "CodeWhale"])
def test_agents_are_named_as_in_other_commands_or_as_in_the_api(tmp_path: Path, database_url: str, name: str) -> None:
    written(tmp_path / "a.json", zagens("a"))

    assert reprise("import", "--source", name, tmp_path).exit_code == 0

    assert asyncio.run(sources(database_url)) == {"a": "CODEWHALE"}


async def sources(database_url: str) -> dict[str, str]:
    async with Database(database_url) as database, database.snapshot() as connection:
        rows = await connection.connection.exec_driver_sql("SELECT id, source FROM session")
        return {row.id: row.source for row in rows}


@pytest.mark.skipif(os.name != "posix", reason="names of POSIX")
def test_a_name_commands_no_terminal(tmp_path: Path) -> None:
    names = {
        b"\x1b[2J\x1b]0;title\x07.json": "\\x1b[2J\\x1b]0;title\\x07.json",
        b"two\nlines\r.json": "two\\nlines\\r.json",
        "c1\x9b31m\u202egnp.json".encode(): "c1\\x9b31m\\u202egnp.json",
        b"latin-\xe9.json": "latin-\\udce9.json",
        "straße-日本-می‌خواهم.json".encode(): "straße-日本-می‌خواهم.json",
    }
    for name in names:
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_bytes(b"{")  # noqa: PTH118 - of bytes

    result = reprise("import", tmp_path)

    assert (result.exit_code, result.stdout) == (1, "0 created, 0 updated, 0 unchanged, 5 refused\n")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", result.stderr)
    for shown in names.values():
        assert f"{tmp_path / shown}: Not JSON" in result.stderr


def test_a_missing_path_is_refused_and_the_rest_is_imported(tmp_path: Path) -> None:
    session = written(tmp_path / "s.json", zagens("s"))
    result = reprise("import", tmp_path / "nothing.json", session, tmp_path / "gone/sessions")

    assert result.exit_code == 1
    assert "1 created" in result.stdout
    assert "2 refused" in result.stdout
    for name in ("nothing.json", "gone/sessions"):
        assert f"{tmp_path / name}: No such file or directory" in result.stderr


@pytest.mark.parametrize("source", ["CODEX", "CODEWHALE"])
@pytest.mark.parametrize("is_dry_run", [True, False])
def test_a_missing_path_is_refused_whatever_agent_is_asked_for(tmp_path: Path, source: str, is_dry_run: bool) -> None:
    result = reprise("import", tmp_path / "gone", "--source", source, *(["--dry-run"] if is_dry_run else []))

    assert result.exit_code == 1
    assert f"{tmp_path / 'gone'}: No such file or directory" in result.stderr
    assert "to compare" not in result.stdout


def test_an_older_copy_in_the_folder_is_outdated_and_changes_nothing(tmp_path: Path) -> None:
    newer = zagens("s", messages=[user("a"), user("b")], updated_at="2027-01-01T00:00:00Z")
    written(tmp_path / "a.json", newer)
    written(tmp_path / "b.json", zagens("s", messages=[user("a")], updated_at="2026-12-01T00:00:00Z"))

    first, second = reprise("import", tmp_path), reprise("import", tmp_path)

    assert first.stdout == "1 created, 0 updated, 0 unchanged, 0 refused, 1 outdated\n"
    assert second.stdout == "0 created, 0 updated, 1 unchanged, 0 refused, 1 outdated\n"
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert strictly(saved("s")) == strictly(newer)


def test_a_deleted_session_does_not_come_back_from_a_folder(tmp_path: Path, database_url: str) -> None:
    path = written(tmp_path / "a.json", zagens("a"))
    written(tmp_path / "b.json", zagens("b"))
    assert reprise("import", tmp_path).exit_code == 0

    async def delete(id: str) -> None:
        async with Database(database_url) as database:
            assert await delete_session(database, id)

    for arguments in ([path], ["--include-deleted", tmp_path]):
        asyncio.run(delete("a"))
        asyncio.run(delete("b"))
        result = reprise("import", tmp_path)
        assert (result.exit_code, result.stdout) == (
            0,
            "0 created, 0 updated, 0 unchanged, 0 refused, 2 deleted before\n",
        )
        result = reprise("import", *arguments)
        assert result.stdout.startswith("1 created" if arguments == [path] else "2 created")
        assert reprise("export", "a").exit_code == 0
        assert reprise("import", "--include-deleted", tmp_path).exit_code == 0
    assert reprise("import", tmp_path).stdout == "0 created, 0 updated, 2 unchanged, 0 refused\n"


def test_a_session_of_another_agent_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "s.json", zagens("s"))
    assert reprise("import", path).exit_code == 0

    result = reprise("import", "--source", "CODEWHALE", path)

    assert (result.exit_code, result.stdout) == (1, "0 created, 0 updated, 0 unchanged, 1 refused\n")
    assert f"{path}: The session s is stored already, and another agent than CODEWHALE wrote it." in result.stderr
