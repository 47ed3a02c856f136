"""Sessions of pi whose ids a person chose by `--session-id`: such an id is unique in a directory only."""

from pathlib import Path
from typing import Any

import pytest

from storage.database.database import Database
from storage.documents.formats.pi.pi_format import PiFormat
from storage.handoff.archived_files import archived_files
from storage.handoff.target import json_lines
from tests.support.archived import take
from tests.support.pi_entries import Entries, text
from tests.support.server import Served

SESSIONS = """{ sessions(first: 10) { nodes {
  id kind workspace metadata parent { firstPrompt } messages(first: 10) { nodes { text } }
} } }"""


def write(home: Path, directory: str, id: str, words: str, **header: Any) -> Path:
    """Write a session of a directory, as the program does."""
    entries = Entries(id=id, cwd=directory, **header).say("user", "e1", [text(words)])
    folder = home / "sessions" / f"--{directory.strip('/').replace('/', '-')}--"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"2026-11-28T06-00-00-000Z_{id}.jsonl"
    file.write_text(json_lines(entries.records), encoding="utf-8")
    return file


async def imported(server: Served, database_url: str, home: Path) -> dict[str, dict[str, Any]]:
    """The sessions of a home by their texts."""
    async with Database(database_url) as database:
        assert set((await take(database, PiFormat(), home)).values()) == {"CREATED"}
    nodes = (await server.client.data(SESSIONS))["sessions"]["nodes"]
    return {"|".join(one["text"] for one in node["messages"]["nodes"]): node for node in nodes}


async def test_one_id_in_two_directories_is_that_of_two_sessions(
    server: Served, database_url: str, tmp_path: Path
) -> None:
    for directory, id in (("/srv/shop", "nightly"), ("/srv/till", "nightly"), ("/srv/shop", "night.ly")):
        write(tmp_path, directory, id, f"{id} in {directory}")

    sessions = await imported(server, database_url, tmp_path)

    assert sessions.keys() == {"nightly in /srv/shop", "nightly in /srv/till", "night.ly in /srv/shop"}
    assert len({one["id"] for one in sessions.values()}) == 3
    for words, one in sessions.items():
        assert words == f"{one['metadata']['id']} in {one['workspace']}"
    assert sessions["nightly in /srv/shop"]["id"].startswith("nightly-")


@pytest.mark.parametrize("directory", ["/srv/shop", "/srv/till"])
async def test_a_fork_has_the_session_of_a_chosen_id_as_its_parent(
    server: Served, database_url: str, tmp_path: Path, directory: str
) -> None:
    source = write(tmp_path, "/srv/shop", "fix_login.v1", "The source")
    write(tmp_path, "/srv/till", "fix_login.v1", "Another one")
    write(tmp_path, directory, "branch_2", "The fork", parentSession=str(source))

    sessions = await imported(server, database_url, tmp_path)

    assert sessions["The fork"]["parent"] == {"firstPrompt": "The source"}


async def test_the_program_finds_a_session_that_is_given_back_by_its_own_id(
    server: Served, database_url: str, tmp_path: Path
) -> None:
    write(tmp_path, "/srv/shop", "fix_login.v1", "The session")
    [session] = (await imported(server, database_url, tmp_path)).values()

    async with Database(database_url) as database:
        files = await archived_files(database, session["id"])

    assert files is not None
    assert files.commands == [["pi", "--session", "fix_login.v1"]]


async def test_sessions_of_a_folder_of_the_persons_own_are_found(
    server: Served, database_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    source = write(tmp_path, "/srv/shop", "fix_login.v1", "The source").rename(
        folder / "2026-11-28T06-00-00-000Z_fix_login.v1.jsonl"
    )
    write(tmp_path, "/srv/shop", "branch_2", "The fork", parentSession=str(source)).rename(
        folder / "2026-11-28T06-00-01-000Z_branch_2.jsonl"
    )

    sessions = await imported(server, database_url, folder)

    assert sessions["The fork"]["parent"] == {"firstPrompt": "The source"}
