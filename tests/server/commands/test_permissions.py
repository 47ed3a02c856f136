"""What the commands leave on the disk can be read by nobody but its owner."""

import json
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from app import main
from server.default_database import default_database_url
from tests.support.clients import samples

PATIENCE = 60
pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


@pytest.fixture(autouse=True)
def _no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default folder of the database."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return Path(default_database_url().removeprefix("sqlite:///")).parent


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def logged(stderr: str) -> dict[str, str]:
    """The permissions that were taken away, by paths."""
    lines = [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]
    return {line["path"]: line["permissions"] for line in lines if line["logger"] == "reprise.database"}


@pytest.mark.slow
def test_a_server_and_its_folder_are_its_owners(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with samples(folder):
        # The server opens the database a moment after it listens.
        deadline = time.monotonic() + PATIENCE
        while not (folder / "reprise.sqlite-wal").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        found = {path.name: mode(path) for path in folder.iterdir()}

    assert found.keys() >= {f"reprise.sqlite{ending}" for ending in ("", "-wal", "-shm", ".serving")}
    assert set(found.values()) == {"0o600"}
    assert mode(folder) == "0o700"


@pytest.mark.parametrize("command", ["migrate", "doctor"])
def test_the_own_folder_of_an_earlier_version_is_put_right(own_folder: Path, command: str) -> None:
    assert CliRunner().invoke(main, ["migrate"]).exit_code == 0
    file = own_folder / "reprise.db"
    assert (mode(own_folder), mode(file)) == ("0o700", "0o600")
    own_folder.chmod(0o755)
    file.chmod(0o644)

    result = CliRunner().invoke(main, [command])

    assert (result.exit_code, mode(own_folder), mode(file)) == (0, "0o700", "0o600")
    assert logged(result.stderr).items() >= {str(own_folder): "0755", str(file): "0644"}.items()


def test_a_folder_that_was_given_is_left_as_it_is(tmp_path: Path, own_folder: Path) -> None:
    given = tmp_path / "given"
    given.mkdir(0o755)

    result = CliRunner(env={"REPRISE_DATABASE_URL": f"sqlite:///{given / 'reprise.db'}"}).invoke(main, ["migrate"])

    assert (result.exit_code, mode(given), mode(given / "reprise.db")) == (0, "0o755", "0o600")
    assert not own_folder.exists()


@pytest.mark.parametrize("command", ["migrate", "doctor", "serve", "seed", "purge", "export"])
@pytest.mark.parametrize("kind", ["text", "database"])
def test_a_file_of_another_program_is_refused_and_left_as_it_is(tmp_path: Path, kind: str, command: str) -> None:
    file = tmp_path / "other.db"
    if kind == "text":
        file.write_text("Not a database.", "utf-8")
    else:
        connection = sqlite3.connect(file)
        connection.execute("CREATE TABLE other (id int)")
        connection.close()
    file.chmod(0o644)
    content = file.read_bytes()
    arguments = [command, "a"] if command == "export" else [command]

    result = CliRunner(env={"REPRISE_DATABASE_URL": f"sqlite:///{file}"}).invoke(main, arguments)

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: other.db is ")
    assert (mode(file), file.read_bytes()) == ("0o644", content)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("command", ["migrate", "doctor", "serve", "seed", "import"])
def test_a_database_that_cannot_be_opened_ends_in_one_line(tmp_path: Path, command: str) -> None:
    path = tmp_path / "reprise.db"
    path.mkdir()
    arguments = [command, str(tmp_path)] if command == "import" else [command]

    result = CliRunner(env={"REPRISE_DATABASE_URL": f"sqlite:///{path}"}).invoke(main, arguments)

    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert len(result.stderr.splitlines()) == 1
    assert str(path) in result.stderr
