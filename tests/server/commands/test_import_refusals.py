"""`reprise import` of homes that can be read in part only, and of OpenCode's databases."""

import errno
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app import main

FORMATS = Path(__file__).parents[2] / "storage" / "documents" / "formats"
SESSION = "ses_ddf2cd0aaffeJh9chseJaTFwHs"
OPENCODE = ".local/share/opencode"
# The agent's home, the fixture, a folder that is closed, and how many sessions are still found.
CLOSED = {
    "CLAUDE_CODE": (".claude/projects", "claude_code/projects", "-home-dev-shop/closed", 5),
    "CODEX": (".codex", "codex/home", "archived_sessions", 4),
    "GEMINI": (".gemini", "gemini/home", "tmp/closed", 2),
    "QWEN_CODE": (".qwen", "qwen/home", "projects/closed/chats", 1),
    "PI": (".pi/agent", "pi/home", "sessions/closed", 1),
}


@pytest.fixture(autouse=True)
def user_home(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home folder without any agent's home."""
    for name in (
        *("CLAUDE_CONFIG_DIR", "CODEX_HOME", "CODEWHALE_HOME", "XDG_DATA_HOME", "GEMINI_CLI_HOME", "OPENCODE_DB"),
        *("QWEN_HOME", "QWEN_RUNTIME_DIR", "PI_CODING_AGENT_DIR", "PI_CODING_AGENT_SESSION_DIR"),
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("REPRISE_DATABASE_URL", database_url)
    return tmp_path / "user"


@pytest.fixture
def close(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The folders whose entries cannot be listed: tests may run as root, who may list every folder."""
    closed: set[str] = set()
    scandir = os.scandir

    def scan(path: Any) -> Any:
        if os.fspath(path) in closed:
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scan)
    return closed


def reprise(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def refusals(result: Result) -> list[str]:
    """What a run named as refused."""
    return [row for row in result.stderr.splitlines() if row.startswith("/")]


def opencode(path: Path, session_id: str = SESSION) -> sqlite3.Connection:
    """A database of OpenCode in a write-ahead log, as the program has it open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    program = sqlite3.connect(path, isolation_level=None)
    program.execute("PRAGMA journal_mode = WAL")
    text = (FORMATS / "opencode" / "opencode.sql").read_text(encoding="utf-8")
    program.executescript(text.replace(SESSION, session_id))
    return program


def copy_session(program: sqlite3.Connection, session_id: str) -> None:
    """Add a session with the messages of the first one."""
    program.executescript("CREATE TEMP TABLE s AS SELECT * FROM session; CREATE TEMP TABLE m AS SELECT * FROM message;")
    program.execute("CREATE TEMP TABLE p AS SELECT * FROM part")
    program.execute("UPDATE s SET id = ?", (session_id,))
    program.execute("UPDATE m SET id = 'b' || id, session_id = ?", (session_id,))
    program.execute("UPDATE p SET id = 'b' || id, message_id = 'b' || message_id, session_id = ?", (session_id,))
    for target, source in (("session", "s"), ("message", "m"), ("part", "p")):
        program.execute(f"INSERT INTO {target} SELECT * FROM {source}")


@pytest.mark.slow
@pytest.mark.parametrize("source", CLOSED)
@pytest.mark.parametrize("is_named", [False, True], ids=["all", "named"])
def test_a_closed_folder_is_refused_by_name_and_the_rest_is_imported(
    user_home: Path, close: set[str], source: str, is_named: bool
) -> None:
    home, fixture, folder, count = CLOSED[source]
    shutil.copytree(FORMATS / fixture, user_home / home)
    closed = user_home / home / folder
    closed.mkdir(parents=True, exist_ok=True)
    close.add(str(closed))
    arguments = [user_home / home] if is_named else ["--all", "--source", source]

    plan = reprise("import", *arguments, "--dry-run")
    result = reprise("import", *arguments)

    assert (plan.exit_code, result.exit_code) == (1, 1), (plan.output, result.output)
    assert refusals(plan) == refusals(result) == [f"{closed}: Permission denied"]
    assert f"{count} new, 0 changed" in plan.stdout
    assert f"{count} created, 0 updated" in result.stdout
    assert "1 refused" in result.stdout


@pytest.mark.parametrize("is_named", [False, True], ids=["all", "named"])
def test_a_folder_whose_name_is_no_text_is_refused_by_name_and_the_rest_is_imported(
    user_home: Path, is_named: bool
) -> None:
    home = user_home / ".claude"
    shutil.copytree(FORMATS / "claude_code" / "projects", home / "projects")
    # As an archive that was packed on a system with another encoding unpacks it.
    latin = home / "projects" / os.fsdecode(b"-home-dev-caf\xe9")
    try:
        latin.mkdir()
    except OSError:
        pytest.skip("The file system takes no such name.")
    shutil.copy(next(home.glob("projects/-home-dev-shop/0ee3a9cb*.jsonl")), latin)

    results = [reprise("import", *([home] if is_named else ["--all", "--source", "CLAUDE_CODE"])) for _ in range(2)]

    for result, outcome in zip(results, ("5 created", "5 unchanged"), strict=True):
        assert (result.exit_code, result.exception.__class__) == (1, SystemExit), result.output
        [refusal] = refusals(result)
        assert "-home-dev-caf\\udce9" in refusal
        assert refusal.endswith("not valid UTF-8. Rename it.")
        assert outcome in result.stdout


@pytest.mark.parametrize("source", ["CLAUDE_CODE", "CODEX", "OPENCODE"])
def test_a_closed_home_is_refused_by_name(user_home: Path, close: set[str], source: str) -> None:
    home = user_home / {"CLAUDE_CODE": ".claude", "CODEX": ".codex", "OPENCODE": OPENCODE}[source]
    home.mkdir(parents=True)
    close.add(str(home))
    for arguments in (["--all"], [home]):
        result = reprise("import", *arguments)
        assert (result.exit_code, refusals(result)) == (1, [f"{home}: Permission denied"]), result.output


def test_a_locked_database_of_opencode_is_refused_and_the_others_are_imported(
    user_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.documents.formats.opencode.database._BUSY_SECONDS", 0)
    home = user_home / OPENCODE
    old = home / "storage" / "session" / "global" / "ses_moved.json"
    old.parent.mkdir(parents=True)
    old.write_text('{"title": "Before it was moved into the database"}', encoding="utf-8")
    with closing(opencode(home / "opencode.db")) as locker, closing(opencode(home / "opencode-next.db", "ses_next")):
        locker.execute("PRAGMA locking_mode = EXCLUSIVE")
        locker.execute("UPDATE session SET title = 'Mine'")
        for arguments, created in (["--all"], 1), ([home], 0):
            result = reprise("import", *arguments)
            assert (result.exit_code, refusals(result)) == (1, [f"{home / 'opencode.db'}: database is locked"])
            assert f"{created} created, 0 updated" in result.stdout
            assert "1 refused" in result.stdout
        alone = reprise("import", home / "opencode.db")
        assert (alone.exit_code, refusals(alone)) == (1, [f"{home / 'opencode.db'}: database is locked"])
    result = reprise("import", "--all")
    assert (result.exit_code, refusals(result)) == (0, [])
    assert "1 created, 0 updated, 1 unchanged" in result.stdout


def test_messages_of_opencode_that_cannot_be_listed_refuse_their_session(user_home: Path, close: set[str]) -> None:
    home = user_home / OPENCODE
    for name in ("storage/session/global/ses_1.json", "storage/message/ses_1/msg_1.json"):
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text('{"role": "user", "title": "Tea"}', encoding="utf-8")
    close.add(str(home / "storage" / "message" / "ses_1"))
    result = reprise("import", "--all")
    [refusal] = refusals(result)
    assert (result.exit_code, refusal) == (1, f"{home / 'storage/session/global/ses_1.json'}: Permission denied")


def test_since_looks_at_the_times_of_opencodes_sessions_and_not_of_its_file(user_home: Path) -> None:
    path = user_home / OPENCODE / "opencode.db"
    with closing(opencode(path)) as program:
        copy_session(program, "ses_now")
        program.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for table in ("session", "message", "part"):
            program.execute(f"UPDATE {table} SET time_updated = 1000")
        # Only the log has this.
        program.execute("UPDATE part SET time_updated = unixepoch() * 1000 WHERE session_id = 'ses_now'")
        os.utime(path, (0, 0))

        result = reprise("import", "--all", "--since", "1d")
        assert result.exit_code == 0, result.output
        assert "OpenCode: 1 created, 0 updated, 0 unchanged, 0 refused" in result.stdout
        assert "1 created, 0 updated, 1 unchanged" in reprise("import", "--all").stdout


def test_since_looks_at_all_files_of_a_session(user_home: Path) -> None:
    home = user_home / OPENCODE
    for name in ("storage/session/global/ses_1.json", "storage/message/ses_1/msg_1.json", "storage/part/msg_1/p.json"):
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text('{"role": "user", "type": "text", "text": "Tea?"}', encoding="utf-8")
    os.utime(home / "storage/session/global/ses_1.json", (0, 0))
    assert "1 created" in reprise("import", "--all", "--since", "1d").stdout


@pytest.mark.parametrize("name", ["tea/work.db", "work.db", "opencode-next.db"])
def test_the_database_that_the_environment_names_is_imported(
    user_home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    home = user_home / OPENCODE
    named = user_home / "elsewhere" / name if name.startswith("tea") else home / name
    opencode(home / "opencode.db").close()
    opencode(named, "ses_named").close()
    monkeypatch.setenv("OPENCODE_DB", str(named) if name.startswith("tea") else name)
    result = reprise("import", "--all")
    assert (result.exit_code, refusals(result)) == (0, []), result.output
    assert "2 created, 0 updated" in result.stdout
    monkeypatch.setenv("OPENCODE_DB", ":memory:")
    again = reprise("import", "--all")
    assert (again.exit_code, "0 created" in again.stdout) == (0, True), again.output


def test_a_database_that_the_environment_names_is_imported_once(
    user_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opencode(user_home / OPENCODE / "work.db").close()
    monkeypatch.setenv("OPENCODE_DB", "work.db")
    result = reprise("import", "--all")
    assert (result.exit_code, refusals(result)) == (0, []), result.output
    assert "1 created, 0 updated, 0 unchanged" in result.stdout


@pytest.mark.parametrize("name", ["opencode.db", "work.db"])
def test_all_sessions_of_a_database_that_is_named_are_imported(tmp_path: Path, name: str) -> None:
    with closing(opencode(tmp_path / "backup" / name)) as program:
        copy_session(program, "ses_2")
    result = reprise("import", tmp_path / "backup" / name)
    assert (result.exit_code, refusals(result)) == (0, [])
    assert "2 created, 0 updated" in result.stdout


def test_the_folder_of_a_fork_of_opencode_is_imported(tmp_path: Path) -> None:
    opencode(tmp_path / "kilo" / "kilo.db").close()
    changes = tmp_path / "kilo/storage/session_diff"
    changes.mkdir(parents=True)
    (changes / "ses_1.json").write_text("[]")
    result = reprise("import", tmp_path / "kilo")
    assert (result.exit_code, refusals(result)) == (0, [])
    assert "1 created, 0 updated" in result.stdout


@pytest.mark.parametrize("is_all", [True, False])
def test_an_import_that_finds_nothing_says_so(tmp_path: Path, is_all: bool) -> None:
    (tmp_path / "empty").mkdir()

    result = reprise("import", "--all" if is_all else tmp_path / "empty")

    assert result.exit_code == 0, result.output
    assert result.stdout == "No sessions were found.\n0 created, 0 updated, 0 unchanged, 0 refused\n"
