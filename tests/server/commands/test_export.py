"""`reprise export` prints sessions as the documents that their agents wrote."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import main
from tests.support.documents import user, zagens
from tests.support.sessions import strictly


@pytest.fixture(autouse=True)
def _database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRISE_DATABASE_URL", database_url)


def reprise(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_documents_are_printed_one_after_another(tmp_path: Path) -> None:
    documents = [zagens("a", "Ünïcode 漢字", messages=[user("x")]), zagens("b")]
    for document in documents:
        path = tmp_path / f"{document['metadata']['id']}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
    assert reprise("import", tmp_path).exit_code == 0

    result = reprise("export", " a ", "b")

    assert result.exit_code == 0
    first, end = json.JSONDecoder().raw_decode(result.stdout)
    assert strictly([first, json.loads(result.stdout[end:])]) == strictly(documents)
    assert "Ünïcode 漢字" in result.stdout


def test_documents_are_utf_8_whatever_the_encoding_of_the_console(tmp_path: Path) -> None:
    document = zagens("a", "Ünïcode 漢字 👍")
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert reprise("import", path).exit_code == 0

    result = CliRunner(charset="latin-1").invoke(main, ["export", "a"])

    assert result.exit_code == 0
    assert strictly(json.loads(result.stdout_bytes.decode("utf-8"))) == strictly(document)


def test_an_unknown_session_is_named_and_the_rest_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(zagens("a")), encoding="utf-8")
    assert reprise("import", path).exit_code == 0

    result = reprise("export", "missing", "a")

    assert result.exit_code == 1
    assert "missing: no such session" in result.stderr
    assert json.loads(result.stdout) == zagens("a")


def test_a_session_is_found_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    for id in ("0123456789-a", "0123456789-b"):
        (tmp_path / f"{id}.json").write_text(json.dumps(zagens(id)), encoding="utf-8")
    assert reprise("import", tmp_path).exit_code == 0

    result = reprise("export", "01234567", "0123456789-b", "0123456", "0123456789-")

    assert result.exit_code == 1
    assert json.loads(result.stdout) == zagens("0123456789-b")
    assert result.stderr.splitlines() == [
        "01234567: The ids of several sessions begin with 01234567; give more of it.",
        "0123456: no such session",
        "0123456789-: The ids of several sessions begin with 0123456789-; give more of it.",
    ]
    (tmp_path / "other.json").write_text(json.dumps(zagens("abcdefgh-1")), encoding="utf-8")
    assert reprise("import", tmp_path / "other.json").exit_code == 0
    assert json.loads(reprise("export", "abcdefgh").stdout) == zagens("abcdefgh-1")


def test_an_invalid_id_is_refused() -> None:
    result = reprise("export", "../a")

    assert result.exit_code == 1
    assert "An id has 1 to 200" in result.stderr
