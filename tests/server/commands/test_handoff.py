"""`reprise handoff` writes the files that another agent continues from, and `reprise restore` gives files back to their
agents.
"""

import json
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import main
from tests.support.documents import user, zagens
from tests.support.handoffs import FIXTURES, HOMES, fixture_conversations

CLAUDE = "6aed4a66-6c6a-4e3e-8134-555cbf44514c"
SUBAGENT = "cd1f8e7a-ade0-4067-9b9b-42658dcd3bdf"
CODEX_FORK = "01a2222c-0d4a-7d21-8f96-b21d638cef04"
OPENCODE = "ses_ddf2cd0aaffeJh9chseJaTFwHs"


@pytest.fixture(autouse=True)
def _database(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRISE_DATABASE_URL", database_url)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The user's home folder."""
    home = tmp_path / "user"
    shutil.copytree(FIXTURES / "claude_code" / "projects", home / ".claude" / "projects")
    shutil.copytree(FIXTURES / "codex" / "branched_home", home / ".codex")
    return home


def reprise(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def imported() -> None:
    result = reprise("import", "--all")
    assert result.exit_code == 0, result.output


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_without_write_only_prints_what_it_would_do(home: Path) -> None:
    imported()
    before = files_of(home)

    result = reprise("handoff", CLAUDE, "--to", "codex")

    assert result.exit_code == 0, result.output
    assert f"would write {home / '.codex' / 'sessions'}" in result.stdout
    assert "x REASONING: " in result.stdout or "x TITLE: " in result.stdout
    assert "$ codex resume " in result.stdout
    assert files_of(home) == before


def test_a_written_copy_comes_back_as_a_fork(home: Path) -> None:
    imported()
    before = files_of(home / ".codex")

    result = reprise("handoff", CLAUDE, "--to", "codex", "--write")

    assert result.exit_code == 0, result.output
    [new] = files_of(home / ".codex").keys() - before.keys()
    assert stat.S_IMODE((home / ".codex" / new).stat().st_mode) == 0o600
    assert "forks" not in reprise("import", "--all").output
    session_id = new.removesuffix(".jsonl")[-36:]
    again = reprise("handoff", session_id, "--to", "claude-code")
    assert again.exit_code == 0, again.output
    exported = reprise("export", session_id).stdout_bytes
    assert json.loads(exported.splitlines()[0])["payload"]["handed_over_from"] == CLAUDE


def test_the_directory_and_the_home_may_be_named(home: Path, tmp_path: Path) -> None:
    imported()
    (tmp_path / "other").mkdir()

    places = ["--home", tmp_path / "c", "--workspace", tmp_path / "other"]
    result = reprise("handoff", CODEX_FORK, "--to", "claude-code", "--write", *places)

    assert result.exit_code == 0, result.output
    [name] = files_of(tmp_path / "c")
    lines = [json.loads(line) for line in (tmp_path / "c" / name).read_bytes().splitlines()]
    assert {line["cwd"] for line in lines if "cwd" in line} == {str(tmp_path / "other")}


def test_run_starts_the_agent_in_the_directory(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported()
    program = tmp_path / "bin" / "claude"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$PWD $*" > "$HOME/started"\nexit 3\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")

    result = reprise("handoff", CODEX_FORK, "--to", "claude-code", "--run", "--workspace", tmp_path)

    assert result.exit_code == 3, result.output
    assert (home / "started").read_text().startswith(f"{tmp_path} --resume ")


def test_an_agent_that_is_missing_is_named(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported()
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))

    result = reprise("handoff", CODEX_FORK, "--to", "claude-code", "--run", "--workspace", tmp_path)

    assert result.exit_code == 1
    assert "claude is not on the PATH" in result.output


@pytest.mark.slow
@pytest.mark.parametrize("folder", [".claude", ".codex"])
def test_restore_gives_back_all_files_of_a_session(home: Path, folder: str) -> None:
    imported()
    before = files_of(home / folder)
    for path in sorted((home / folder).rglob("*.*")):
        if path.is_file():
            path.unlink()
    ids = [CLAUDE, SUBAGENT] if folder == ".claude" else [CODEX_FORK]

    result = reprise("restore", *ids)

    assert result.exit_code == 0, result.output
    after = files_of(home / folder)
    assert after.items() <= before.items()
    assert {name for name in before if any(id in name for id in ids)} <= after.keys()
    assert all(stat.S_IMODE((home / folder / name).stat().st_mode) == 0o600 for name in after)
    if folder == ".codex":
        assert len(after) > 1, "A fork goes on from the file of another session"


def test_restore_gives_back_what_a_server_answered_in_binary_form(home: Path) -> None:
    [transcript] = (home / ".claude" / "projects").glob(f"*/{CLAUDE}.jsonl")
    answer = transcript.with_suffix("") / "tool-results" / "mcp-resource-1796060969877-0-ia613s.png"
    answer.write_bytes(bytes(range(256)))
    imported()
    answer.unlink()
    transcript.unlink()

    result = reprise("restore", CLAUDE)

    assert result.exit_code == 0, result.output
    assert answer.read_bytes() == bytes(range(256))


def test_restore_gives_a_moved_session_back_in_the_folder_that_it_was_moved_to(home: Path) -> None:
    imported()
    projects = home / ".claude" / "projects"
    [old] = {file.parent for file in projects.glob(f"*/{SUBAGENT}.jsonl")}
    old.rename(projects / "-home-dev-store")
    imported()
    before = files_of(projects)
    shutil.rmtree(projects)

    result = reprise("restore", SUBAGENT)

    assert result.exit_code == 0, result.output
    after = files_of(projects)
    assert len(after) > 2
    assert after.items() <= before.items()


@pytest.mark.parametrize(
    ("fixture", "folder"), [("gemini/home", ".gemini"), ("qwen/home", ".qwen"), ("pi/home", ".pi/agent")]
)
def test_restore_finds_the_place_of_each_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fixture: str, folder: str
) -> None:
    home = tmp_path / "user" / folder
    shutil.copytree(FIXTURES / fixture, home)
    monkeypatch.setenv("PI_CODING_AGENT_SESSION_DIR", str(tmp_path / "elsewhere"))
    assert reprise("import", home).exit_code == 0
    source = next(name for name, homes in HOMES.items() if fixture in homes)
    before = files_of(home)
    ids = [one.session_id for one in fixture_conversations() if one.source == source]
    shutil.rmtree(home)

    result = reprise("restore", *ids)

    assert result.exit_code == 0, result.output
    after = files_of(home)
    assert after
    assert after.items() <= before.items()


@pytest.fixture
def opencode(tmp_path: Path) -> Path:
    """The database of OpenCode, whose session was imported."""
    home = tmp_path / "user" / ".local" / "share" / "opencode"
    home.mkdir(parents=True)
    with closing(sqlite3.connect(home / "opencode.db")) as database:
        database.executescript((FIXTURES / "opencode" / "opencode.sql").read_text())
    assert reprise("import", home).exit_code == 0
    return home / "opencode.db"


@pytest.mark.parametrize("is_named", [True, False])
def test_a_session_of_pi_in_a_folder_of_the_persons_own_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_named: bool
) -> None:
    [sample] = (FIXTURES / "pi" / "home").rglob("*.jsonl")
    folder = tmp_path / "own"
    folder.mkdir()
    file = Path(shutil.copy(sample, folder))
    if is_named:
        monkeypatch.setenv("PI_CODING_AGENT_SESSION_DIR", str(folder))
    result = reprise("import", folder)
    assert result.exit_code == 0, result.output
    file.unlink()
    id = file.stem.partition("_")[2]

    *_, command = reprise("restore", id).output.splitlines()

    place = tmp_path / "user" / ".pi" / "agent" / "sessions" / "--home-dev-shop--" / file.name
    assert place.read_bytes() == sample.read_bytes()
    # With the variable, the program looks for an id in that folder only.
    assert command == f"$ pi --session {place if is_named else id}"


def test_restore_gives_a_session_of_opencode_to_its_command(opencode: Path) -> None:
    with closing(sqlite3.connect(opencode)) as database, database:
        database.execute("DELETE FROM session")
    before = opencode.read_bytes()

    result = reprise("restore", OPENCODE)

    file = opencode.parent / "handoff" / f"{OPENCODE}.json"
    assert result.stdout.splitlines()[-2:] == [f"$ opencode import {file}", f"$ opencode --session {OPENCODE}"]
    assert json.loads(file.read_bytes())["info"]["id"] == OPENCODE
    assert opencode.read_bytes() == before


def test_restore_gives_back_the_long_outputs_of_opencode(opencode: Path) -> None:
    output = opencode.parent / "tool-output" / "tool_1"
    output.parent.mkdir()
    output.write_text("mint tea\n" * 10_000)
    with closing(sqlite3.connect(opencode)) as database, database:
        database.execute(
            "UPDATE part SET data = json_set(data, '$.state.metadata.outputPath', ?) WHERE data->>'tool' = 'bash'",
            (str(output),),
        )
        database.execute("UPDATE session SET time_updated = time_updated + 1")
    assert reprise("import", opencode.parent).exit_code == 0
    output.unlink()
    with closing(sqlite3.connect(opencode)) as database, database:
        database.execute("DELETE FROM session")

    assert reprise("restore", OPENCODE).exit_code == 0

    assert output.read_text() == "mint tea\n" * 10_000


def test_a_session_that_opencode_has_is_not_imported_over_it(opencode: Path) -> None:
    restored = reprise("restore", OPENCODE)
    handed = reprise("handoff", OPENCODE, "--to", "opencode", "--write")

    assert (restored.exit_code, handed.exit_code) == (1, 0)
    assert f"{OPENCODE}: OpenCode has this session" in restored.stderr
    assert handed.stdout.splitlines() == [f"OpenCode has {OPENCODE}", f"$ opencode --session {OPENCODE}"]
    assert not (opencode.parent / "handoff").exists()


def test_restore_writes_over_nothing(home: Path) -> None:
    imported()
    [file] = (home / ".claude").rglob(f"{CLAUDE}.jsonl")
    file.write_bytes(b"something else")

    result = reprise("restore", CLAUDE, "nothing")

    assert result.exit_code == 1
    assert f"{CLAUDE}: {file} exists." in result.stderr
    assert "nothing: no such session" in result.stderr
    assert file.read_bytes() == b"something else"


def test_restore_gives_back_a_document(home: Path, tmp_path: Path) -> None:
    document = zagens("a", "Ünïcode 漢字", messages=[user("x")])
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert reprise("import", path).exit_code == 0

    result = reprise("restore", "a")

    assert result.exit_code == 0, result.output
    assert json.loads((home / ".zagens" / "sessions" / "a.json").read_bytes()) == document


def test_handing_over_to_its_own_agent_gives_the_file_as_it_was(home: Path) -> None:
    imported()
    [file] = (home / ".claude").rglob(f"{CLAUDE}.jsonl")
    data = file.read_bytes()
    file.unlink()

    result = reprise("handoff", CLAUDE, "--to", "claude-code", "--write")

    assert result.exit_code == 0, result.output
    assert file.read_bytes() == data
    assert f"$ claude --resume {CLAUDE}" in result.stdout


def test_a_session_is_found_by_the_beginning_of_its_id(home: Path, tmp_path: Path) -> None:
    imported()

    printed = reprise("handoff", CLAUDE[:8], "--to", "codex")
    restored = reprise("restore", f" {CLAUDE[:8]} ", "--home", tmp_path / "restored")

    assert (printed.exit_code, restored.exit_code) == (0, 0), printed.output + restored.output
    assert "$ codex resume " in printed.stdout
    assert f"$ claude --resume {CLAUDE}" in restored.stdout

    # The ids of these forks of Codex were made within seconds.
    beginning = CODEX_FORK[:8]
    several = f"The ids of several sessions begin with {beginning}; give more of it."
    printed, restored = reprise("handoff", beginning, "--to", "pi"), reprise("restore", beginning)
    assert (printed.exit_code, restored.exit_code) == (1, 1)
    assert printed.stderr == f"Error: {several}\n"
    assert restored.stderr == f"{beginning}: {several}\n"
    assert reprise("handoff", CLAUDE[:7], "--to", "codex").stderr == f"Error: {CLAUDE[:7]}: no such session\n"


def test_an_unknown_session_is_an_error(home: Path) -> None:
    imported()

    result = reprise("handoff", "nothing", "--to", "pi")

    assert result.exit_code == 1
    assert "nothing: no such session" in result.stderr
