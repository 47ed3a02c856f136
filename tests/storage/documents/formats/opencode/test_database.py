"""OpenCode's sessions are read from its database while the program writes to it."""

import pickle
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from storage.documents.derived_session import MAIN
from storage.documents.formats.opencode.database import read_database
from storage.records.token_usage import TokenUsage
from tests.support.format_checks import check, check_mutations, shown
from tests.support.opencode_sessions import FORMAT, derive, stored, text, user
from tests.support.stored_transcript import StoredTranscript

SESSION_ID = "ses_ddf2cd0aaffeJh9chseJaTFwHs"
EXPORT = orjson.loads((Path(__file__).parent / "export.json").read_bytes())


def test_a_session_of_the_database(home: Path) -> None:
    [transcript] = stored(home)
    assert FORMAT.session_id(transcript) == SESSION_ID
    session = FORMAT.derive([transcript])
    check(session)
    assert shown(session) == [
        ("USER", ['text: "What is in this folder?"']),
        (
            "ASSISTANT",
            [
                "thinking: I should list the folder first.",
                "text: Let me look.",
                'call bash: {"command":"ls","description":"List files"}',
                "result call_0_bash: README.md\nprices.csv\n",
            ],
        ),
        ("ASSISTANT", ["text: There is a price list and a readme."]),
        ("USER", ['text: "What is the cheapest tea?"']),
        (
            "ASSISTANT",
            [
                "thinking: Read the price list.",
                'call read: {"filePath":"/home/dev/shop/prices.csv"}',
                "result call_0_read: <path>/home/dev/shop/prices.csv</path>\n<type>file</type>\n<content>\n"
                "1: tea,price\n2: mint,2\n3: black,3\n\n(End of file - total 3 lines)\n</content>",
            ],
        ),
        ("ASSISTANT", ["text: Mint tea is the cheapest, at 2 a cup."]),
    ]
    assert session is not None
    assert (session.id, session.workspace, session.title) == (SESSION_ID, "/home/dev/shop", "Tea shop chores")
    assert (session.kind, session.parent_id, session.model, session.mode) == (MAIN, None, "mock/mock", "build")
    assert (session.agent_version, session.is_archived, session.recorded_cost) == ("1.18.33", False, 0.0)
    assert session.usage == TokenUsage(input=400, output=80)
    assert session.first_prompt == '"What is in this folder?"'
    assert session.created_at == datetime(2026, 11, 28, 6, 24, 0, 853000, UTC)
    assert session.updated_at == datetime(2026, 11, 28, 6, 24, 6, 586000, UTC)
    assert list(session.live) == list(range(6))
    assert session.metadata["projectID"] == "global"


def test_a_session_is_read_in_the_form_of_the_export(home: Path) -> None:
    [found] = FORMAT.find(home).transcripts
    assert found.read is not None
    data = found.read()
    assert b"\n" not in data
    assert orjson.loads(data) == EXPORT
    document = StoredTranscript(found.name, (Path(__file__).parent / "export.json").read_bytes())
    assert FORMAT.session_id(document) == SESSION_ID
    assert shown(FORMAT.derive([document])) == shown(FORMAT.derive([StoredTranscript.found(found)]))


def test_reading_writes_nothing_below_the_home(home: Path) -> None:
    before = sorted(path.name for path in home.iterdir())
    assert before == ["opencode.db"]
    assert len(stored(home)) == 1
    assert sorted(path.name for path in home.iterdir()) == before


def test_rows_that_are_only_in_the_log_are_read(home: Path, writer: sqlite3.Connection) -> None:
    assert (home / "opencode.db-wal").stat().st_size == 0
    old = FORMAT.find(home).transcripts[0].fingerprint
    writer.execute("UPDATE session SET title = 'Renamed', time_updated = time_updated + 1")
    assert (home / "opencode.db-wal").stat().st_size > 0
    session = FORMAT.derive(stored(home))
    assert session is not None
    assert session.title == "Renamed"
    assert FORMAT.find(home).transcripts[0].fingerprint != old


def test_a_log_without_its_index_is_read_from_a_copy(home: Path, writer: sqlite3.Connection, tmp_path: Path) -> None:
    writer.execute("UPDATE session SET title = 'Renamed'")
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("opencode.db", "opencode.db-wal"):
        (copy / name).write_bytes((home / name).read_bytes())
    session = FORMAT.derive(stored(copy))
    assert session is not None
    assert session.title == "Renamed"
    assert sorted(path.name for path in copy.iterdir()) == ["opencode.db", "opencode.db-wal"]


def test_a_database_that_is_opened_while_it_is_read_is_read_again(home: Path) -> None:
    titles: list[str] = []
    writers: list[sqlite3.Connection] = []

    def read(connection: sqlite3.Connection) -> None:
        if not writers:
            writers.append(sqlite3.connect(home / "opencode.db", isolation_level=None))
            writers[0].execute("UPDATE session SET title = 'Renamed'")
        titles.append(connection.execute("SELECT title FROM session").fetchone()[0])

    read_database(home / "opencode.db", read)
    assert titles == ["Tea shop chores", "Renamed"]
    writers[0].close()


def test_a_database_that_is_closed_while_it_is_copied_is_read_again(
    home: Path, writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.execute("UPDATE session SET title = 'Renamed'")
    (home / "opencode.db-shm").unlink()
    copy = shutil.copyfile

    def copy_of_closed(source: Path, target: Path) -> None:
        # The last one that closes a database removes its log.
        writer.close()
        copy(source, target)

    monkeypatch.setattr(shutil, "copyfile", copy_of_closed)
    found = FORMAT.find(home)
    assert found.refused == []
    session = FORMAT.derive([StoredTranscript.found(one) for one in found.transcripts])
    assert session is not None
    assert session.title == "Renamed"


def test_a_database_that_changes_while_it_is_copied_is_read_again(
    home: Path, writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "opencode.db-shm").unlink()
    copy = shutil.copyfile
    titles = iter(["First", "Second"])

    def copy_before_a_checkpoint(source: Path, target: Path) -> None:
        copy(source, target)
        # The log begins anew, so that it no longer holds what the copy of the file lacks.
        for title in titles:
            writer.execute("UPDATE session SET title = ?", (title,))
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    monkeypatch.setattr(shutil, "copyfile", copy_before_a_checkpoint)

    def read_title(connection: sqlite3.Connection) -> str:
        return str(connection.execute("SELECT title FROM session").fetchone()[0])

    assert read_database(home / "opencode.db", read_title) == "Second"


def test_a_writer_is_not_held_up(home: Path, writer: sqlite3.Connection) -> None:
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE session SET title = 'Not yet'")
    session = FORMAT.derive(stored(home))
    assert session is not None
    assert session.title == "Tea shop chores"
    writer.execute("COMMIT")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE part SET time_updated = time_updated + 1 WHERE rowid = 1",
        "UPDATE message SET time_updated = time_updated + 1 WHERE rowid = 1",
        "UPDATE session SET time_updated = time_updated + 1",
        "UPDATE session SET directory = '/home/dev/market'",
        "UPDATE session SET title = 'Market chores'",
        "UPDATE session SET time_archived = time_updated",
        "DELETE FROM part WHERE rowid = 3",
        "DELETE FROM message WHERE rowid = 6",
    ],
)
def test_each_change_has_another_fingerprint(home: Path, writer: sqlite3.Connection, change: str) -> None:
    [before] = FORMAT.find(home).transcripts
    writer.execute(change)
    [after] = FORMAT.find(home).transcripts
    assert before.fingerprint != after.fingerprint
    assert FORMAT.find(home).transcripts[0].fingerprint == after.fingerprint


def test_columns_that_a_version_does_not_have(home: Path, writer: sqlite3.Connection) -> None:
    for column in ("cost", "tokens_input", "metadata", "agent", "model", "path", "time_archived"):
        writer.execute(f"ALTER TABLE session DROP COLUMN {column}")
    session = FORMAT.derive(stored(home))
    check(session)
    assert session is not None
    assert (session.mode, session.model, session.recorded_cost) == ("build", "mock/mock", 0.0)


def test_a_database_that_is_locked_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.documents.formats.opencode.database._BUSY_SECONDS", 0)
    [found] = FORMAT.find(home).transcripts
    locker = sqlite3.connect(home / "opencode.db", isolation_level=None)
    locker.execute("PRAGMA locking_mode = EXCLUSIVE")
    locker.execute("UPDATE session SET title = 'Mine'")
    (home / "opencode.db-shm").touch()
    assert found.read is not None
    with pytest.raises(OSError, match="locked"):
        found.read()
    home_with_lock = FORMAT.find(home)
    assert home_with_lock.transcripts == []
    assert home_with_lock.refused == [(home / "opencode.db", "database is locked")]
    locker.close()


def test_a_damaged_database_is_an_error_when_it_is_read(home: Path) -> None:
    [found] = FORMAT.find(home).transcripts
    (home / "opencode.db").write_bytes(b"not a database" * 100)
    assert found.read is not None
    with pytest.raises(OSError, match="not a database"):
        found.read()


def test_a_session_that_was_deleted_meanwhile_is_none(home: Path, writer: sqlite3.Connection) -> None:
    [found] = FORMAT.find(home).transcripts
    writer.execute("DELETE FROM session")
    writer.execute("DELETE FROM message")
    assert FORMAT.derive([StoredTranscript.found(found)]) is None


def test_what_was_found_can_be_sent_to_another_process(home: Path) -> None:
    [found] = FORMAT.find(home).transcripts
    assert found.read is not None
    read = pickle.loads(pickle.dumps(found.read))
    assert orjson.loads(read()) == EXPORT
    assert pickle.loads(pickle.dumps(FORMAT)).find(home).transcripts[0].fingerprint == found.fingerprint


def test_strange_values_derive(home: Path) -> None:
    check_mutations(FORMAT, stored(home)[0])


def test_a_run_from_the_command_line_is_automated(home: Path) -> None:
    rules = EXPORT["info"]["permission"]
    asked = [{**rule, "action": "ask"} for rule in rules]

    assert FORMAT.derive(stored(home)).is_automated  # type: ignore[union-attr] # The test fails then.
    assert derive(user("m1", text("One.")), permission=rules).is_automated
    assert not derive(user("m1", text("One."))).is_automated
    assert not derive(user("m1", text("One.")), permission=asked).is_automated
    assert not derive(user("m1", text("One.")), permission=[None, {"permission": "task"}]).is_automated
