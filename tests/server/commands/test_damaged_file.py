"""`reprise doctor` on a damaged SQLite file: a report in words, and a new file with what can be read."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import main
from storage.database.change_numbers import ChangeNumbers, change_numbers
from storage.database.database import Database
from storage.doctor.doctor import examine
from storage.documents.exports import export_document
from tests.support.databases import SqliteDatabases
from tests.support.documents import Document, assistant, user, zagens
from tests.support.seeding import save, seeded

PAGE = 4096
COUNT = 16


def document(number: int) -> Document:
    texts = [user(f"needle{number}a " + "x" * 900), assistant(f"needle{number}b " + "y" * 900)]
    # As large as a page, so that few sessions share one.
    return zagens(f"s{number}", f"Title {number}", messages=texts * 8, system_prompt="z" * 5000)


@pytest.fixture(scope="module")
def original(sqlite_databases: SqliteDatabases) -> Iterator[str]:
    async def fill(url: str) -> None:
        async with Database(url) as database:
            for number in range(COUNT):
                await (seeded if number == 3 else save)(database, document(number))

    with sqlite_databases.copy() as url:
        asyncio.run(fill(url))
        yield url


@pytest.fixture
def path(sqlite_databases: SqliteDatabases, original: str) -> Iterator[Path]:
    with sqlite_databases.copy(original) as url:
        copied = Path(url.removeprefix("sqlite:///"))
        # As the server leaves it: a file that others may read is put right, with a line in the log.
        copied.chmod(0o600)
        yield copied


def reprise(path: Path, *arguments: object) -> Result:
    return CliRunner(env={"REPRISE_DATABASE_URL": f"sqlite:///{path}"}).invoke(main, list(map(str, arguments)))


def damage(path: Path, needle: str) -> None:
    """Overwrite all pages that contain a text."""
    data = path.read_bytes()
    pages = [data[start : start + PAGE] for start in range(0, len(data), PAGE)]
    path.write_bytes(b"".join(b"\xff" * PAGE if needle.encode() in page else page for page in pages))


def exported(path: Path) -> dict[str, object]:
    async def read() -> dict[str, object]:
        async with Database(f"sqlite:///{path}") as database:
            assert [finding async for finding in examine(database)] == []
            ids = [f"s{number}" for number in range(COUNT)]
            return {id: found for id in ids if (found := await export_document(database, id)) is not None}

    return asyncio.run(read())


@pytest.mark.slow
@pytest.mark.parametrize("needle", ["needle7a", "Title 7", "needle15b"])
def test_what_can_be_read_is_saved_and_the_rest_is_imported_again(path: Path, needle: str, tmp_path: Path) -> None:
    before = exported(path)
    damage(path, needle)

    report = reprise(path, "doctor")
    assert (report.exit_code, report.stderr.count("Traceback")) == (1, 0)
    assert "The database file is damaged: " in report.stdout

    repaired = reprise(path, "doctor", "--repair")
    assert repaired.exit_code == 1
    assert "Import it again." in repaired.stdout
    saved = exported(path)
    assert saved.items() <= before.items()
    assert len(saved) >= COUNT // 2
    assert path.with_name(f"{path.name}.damaged1").exists()

    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(COUNT):
        (folder / f"{number}.json").write_text(json.dumps(document(number)), "utf-8")
    assert reprise(path, "import", folder).exit_code == 0
    assert exported(path) == before
    assert reprise(path, "doctor").exit_code == 0


def test_changes_before_a_file_was_rebuilt_are_not_known(path: Path) -> None:
    async def numbers() -> ChangeNumbers:
        async with Database(f"sqlite:///{path}") as database:
            return await change_numbers(database)

    before = asyncio.run(numbers())
    damage(path, "needle7a")
    assert reprise(path, "doctor", "--repair").exit_code == 1

    after = asyncio.run(numbers())
    assert before.first == 0
    # Repairs of the index have taken further numbers.
    assert after.last > after.first == before.last + 1


@pytest.mark.slow
@pytest.mark.parametrize("command", [["migrate"], ["serve", "--port", "0"]], ids=["migrate", "serve"])
def test_a_file_whose_first_page_is_damaged_is_refused_in_words(path: Path, command: list[str]) -> None:
    data = bytearray(path.read_bytes())
    data[100:PAGE] = b"\xff" * (PAGE - 100)
    path.write_bytes(data)

    refused = reprise(path, *command)
    assert refused.exit_code == 1
    assert "The database file is damaged" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1

    repaired = reprise(path, "doctor", "--repair")
    assert repaired.exit_code in {0, 1}
    assert "Saved 0 sessions" in repaired.stdout
    assert reprise(path, "doctor").exit_code == 0
