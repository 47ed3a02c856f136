"""The files of a SQLite database are their owner's alone, whatever the umask and whoever made them."""

import asyncio
import logging
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from storage.database.database import Database
from storage.database.file_permissions import create_private_folder, refuse_inaccessible_file, restrict_database
from storage.database.migrations import migrate
from storage.database.server_lock import hold_server_lock
from storage.errors import Unavailable, UnsupportedDatabase

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")

UMASKS = [0o000, 0o022, 0o077, 0o777]


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(stat.S_IMODE(path.lstat().st_mode)) for path in sorted(folder.iterdir())}


def url(path: Path) -> str:
    return f"sqlite:///{path}"


async def used(path: Path) -> dict[str, str]:
    """The modes of the files beside a database while it is open and has been written to."""
    await migrate(url(path))
    async with Database(url(path)) as database:
        async with database.write() as transaction:
            await transaction.connection.exec_driver_sql("CREATE TABLE written (x)")
        async with database.snapshot():
            return modes(path.parent)


@pytest.mark.parametrize("mask", UMASKS, ids=oct)
def test_a_new_database_is_its_owners_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "made" / "data" / "reprise.db"
    with umask(mask):
        create_private_folder(path.parent)
        with hold_server_lock(url(path)):
            found = asyncio.run(used(path))

    assert found.keys() >= {"reprise.db", "reprise.db-wal", "reprise.db-shm", "reprise.db.serving"}
    assert set(found.values()) == {"0o600"}
    assert modes(tmp_path) == {"made": "0o700"}
    assert modes(tmp_path / "made") == {"data": "0o700"}


@pytest.mark.parametrize("mode", [0o644, 0o666, 0o660, 0o604, 0o777])
def test_files_of_an_earlier_version_are_put_right_and_the_log_says_so(
    tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "reprise.db"
    asyncio.run(migrate(url(path)))
    with closing(sqlite3.connect(path)) as left_open:
        # So that -wal and -shm are there.
        left_open.execute("CREATE TABLE left_open (x)")
        Path(f"{path}.serving").touch()
        for file in tmp_path.iterdir():
            file.chmod(mode)
        with caplog.at_level(logging.INFO), hold_server_lock(url(path)):
            asyncio.run(migrate(url(path)))
        found = modes(tmp_path)

    assert found.keys() == {"reprise.db", "reprise.db-wal", "reprise.db-shm", "reprise.db.serving"}
    assert set(found.values()) == {"0o600"}
    logged = {Path(vars(record)["path"]).name: vars(record)["permissions"] for record in caplog.records}
    assert logged == dict.fromkeys(found, f"{mode:04o}")


def test_a_consistent_database_is_not_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "reprise.db"
    with caplog.at_level(logging.DEBUG, "reprise"):
        for _ in range(2):
            with hold_server_lock(url(path)):
                asyncio.run(migrate(url(path)))

    assert caplog.records == []


def test_a_folder_that_was_there_and_other_files_in_it_are_left_as_they_are(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "other.db-wal").touch(0o644)
    before = modes(shared)
    create_private_folder(shared)
    asyncio.run(migrate(url(shared / "reprise.db")))

    assert modes(tmp_path) == {"shared": "0o1777"}
    assert modes(shared) == {**before, "reprise.db": "0o600"}


def test_a_link_leads_to_the_files_that_are_made_private(tmp_path: Path) -> None:
    data, links = tmp_path / "data", tmp_path / "links"
    data.mkdir()
    links.mkdir()
    (links / "reprise.db").symlink_to(data / "real.db")
    with umask(0o000):
        asyncio.run(used(links / "reprise.db"))
        assert modes(data)["real.db"] == "0o600"
        (data / "real.db").chmod(0o644)
        with closing(sqlite3.connect(data / "real.db")) as left_open:
            left_open.execute("CREATE TABLE left_open (x)")
            asyncio.run(migrate(url(links / "reprise.db")))
            assert modes(data) == dict.fromkeys(("real.db", "real.db-shm", "real.db-wal"), "0o600")


def test_a_link_beside_the_database_is_not_followed(tmp_path: Path) -> None:
    for name in ("reprise.db-wal", "reprise.db.serving"):
        (tmp_path / f"owners-{name}").touch(0o644)
        (tmp_path / name).symlink_to(tmp_path / f"owners-{name}")
    restrict_database(tmp_path / "reprise.db")
    with pytest.raises(OSError, match="Not a regular file"), hold_server_lock(url(tmp_path / "reprise.db")):
        pass

    found = modes(tmp_path)
    assert found["owners-reprise.db-wal"] == found["owners-reprise.db.serving"] == "0o644"


@pytest.mark.parametrize("kind", ["folder", "fifo"])
def test_what_is_no_file_is_refused_and_not_touched(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "reprise.db"
    if kind == "folder":
        path.mkdir(0o755)
    else:
        os.mkfifo(path, 0o644)
    before = modes(tmp_path)
    with pytest.raises(OSError, match="Not a regular file"):
        asyncio.run(migrate(url(path)))

    assert modes(tmp_path) == before


def test_the_file_of_another_program_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    path.chmod(0o644)
    with pytest.raises(UnsupportedDatabase):
        asyncio.run(migrate(url(path)))

    assert modes(tmp_path)["other.db"] == "0o644"


def test_a_file_of_another_owner_is_reported_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "reprise.db"
    asyncio.run(migrate(url(path)))
    path.chmod(0o666)

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refused)
    asyncio.run(migrate(url(path)))

    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert str(path) in {vars(record)["path"] for record in caplog.records}
    assert {vars(record)["reason"] for record in caplog.records} == {"Operation not permitted"}


@pytest.mark.parametrize("mode", [0o000, 0o200, 0o400])
def test_a_file_that_may_not_be_read_and_written_is_refused(tmp_path: Path, mode: int) -> None:
    # Where only others may enter, so that root can become one of them.
    path = tmp_path / "reprise.db"
    path.touch()
    path.chmod(mode)
    with not_root(path), pytest.raises(PermissionError, match="No permission to read and write"):
        refuse_inaccessible_file(Path(path.name))


@contextmanager
def not_root(path: Path) -> Iterator[None]:
    """In the folder of a file, as its owner, who is not root."""
    before = Path.cwd(), os.geteuid()
    if before[1] == 0:
        os.chown(path, 65534, 65534)
    os.chdir(path.parent)
    try:
        if before[1] == 0:
            path.parent.chmod(0o755)
            os.seteuid(65534)
        yield
    finally:
        os.seteuid(before[1])
        os.chdir(before[0])


async def test_only_a_migration_creates_a_file(tmp_path: Path) -> None:
    async with Database(url(tmp_path / "missing.db")) as database:
        with pytest.raises(Unavailable):
            async with database.snapshot():
                pass
        with pytest.raises(Unavailable):
            async with database.write():
                pass
    assert modes(tmp_path) == {}
