"""`reprise serve` on SQLite: one process a file."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import main
from storage.database.server_lock import hold_server_lock
from storage.errors import AlreadyServed
from tests.support.spawned import spawned

REPRISE = (sys.executable, "-m", "app")


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "REPRISE_DATABASE_URL": f"sqlite:///{folder / 'reprise.db'}", "REPRISE_PORT": "0"}


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*REPRISE, *arguments], env=environment(folder), capture_output=True, text=True, timeout=30, check=False
    )


def invoke(folder: Path, *arguments: str) -> Result:
    """Run a command in this process, which takes a fraction of the time. It must not serve."""
    return CliRunner(env=environment(folder)).invoke(main, arguments)


@pytest.mark.slow
def test_a_second_server_on_a_file_is_refused_and_other_commands_are_not(tmp_path: Path) -> None:
    with spawned([*REPRISE, "serve"], environment(tmp_path)):
        before = (tmp_path / "reprise.db").read_bytes()
        second = invoke(tmp_path, "serve")
        after = (tmp_path / "reprise.db").read_bytes()
        other = invoke(tmp_path, "migrate")

    assert second.exit_code == 1
    assert "SQLite is for one serving process" in second.stderr
    assert before == after
    assert other.exit_code == 0


@pytest.mark.slow
def test_workers_on_a_file_are_refused_and_it_is_not_touched(tmp_path: Path) -> None:
    result = run(tmp_path, "serve", "--workers", "2")

    assert result.returncode == 2
    assert "REPRISE_WORKERS: SQLite supports one serving process; use PostgreSQL for more." in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_seeder_and_a_server_on_one_file_are_refused(tmp_path: Path) -> None:
    with spawned([*REPRISE, "serve"], environment(tmp_path)):
        beside = invoke(tmp_path, "seed")
    with subprocess.Popen([*REPRISE, "seed"], env=environment(tmp_path), stderr=subprocess.PIPE, text=True) as seeding:
        assert seeding.stderr is not None
        assert "Seeder started" in seeding.stderr.readline()
        second = invoke(tmp_path, "serve")
        seeding.terminate()
        assert seeding.wait(30) == 0

    for refused in (beside, second):
        assert refused.exit_code == 1
        assert "SQLite is for one serving process" in refused.stderr


@pytest.mark.skipif(os.name != "posix", reason="symbolic links need privileges elsewhere")
def test_a_second_server_by_a_symbolic_link_to_the_file_or_its_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "reprise.db").symlink_to(folder / "reprise.db")
    with hold_server_lock(f"sqlite:///{folder / 'reprise.db'}"):
        for linked in (tmp_path / "link", tmp_path):
            second = invoke(linked, "serve")
            assert second.exit_code == 1
            assert "SQLite is for one serving process" in second.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="there is no such lock elsewhere")
def test_a_second_server_by_a_hard_link_to_the_file_is_refused(tmp_path: Path) -> None:
    first, other = tmp_path / "first", tmp_path / "other"
    first.mkdir()
    other.mkdir()
    with hold_server_lock(f"sqlite:///{first / 'reprise.db'}"):
        (other / "reprise.db").hardlink_to(first / "reprise.db")
        second = run(other, "serve")
        assert second.returncode == 1
        assert "SQLite is for one serving process" in second.stderr


def test_a_server_that_was_killed_does_not_keep_the_next_one_away(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'reprise.db'}"
    hold = (
        "from storage.database.server_lock import hold_server_lock\n"
        f"with hold_server_lock({url!r}):\n print(flush=True)\n input()"
    )
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"\n"
        with pytest.raises(AlreadyServed), hold_server_lock(url):
            pass
        holder.kill()

    with hold_server_lock(url):
        pass


def test_a_misspelt_setting_stops_the_start() -> None:
    result = CliRunner(env={"REPRISE_PROT": "1"}).invoke(main, ["migrate"])

    assert result.exit_code == 2
    assert "REPRISE_PROT: unknown setting" in result.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_in_use_is_refused_in_words_before_the_database_is_created(tmp_path: Path, host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = invoke(tmp_path, "serve", "--samples", "--host", host, "--port", str(port))

    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: Cannot listen on port {port} of {host}: {os.strerror(errno.EADDRINUSE)}."
        " REPRISE_HOST and REPRISE_PORT name another address.\n"
    )
    assert (tmp_path / "reprise.db").stat().st_size == 0
