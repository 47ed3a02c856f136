"""A home of OpenCode with its database."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "opencode"
    home.mkdir()
    connection = sqlite3.connect(home / "opencode.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript((FIXTURES / "opencode.sql").read_text())
    connection.close()
    return home


@pytest.fixture
def writer(home: Path) -> Iterator[sqlite3.Connection]:
    """The program itself, which has the database open."""
    connection = sqlite3.connect(home / "opencode.db", isolation_level=None)
    connection.execute("SELECT count(*) FROM session").fetchall()
    yield connection
    connection.close()
