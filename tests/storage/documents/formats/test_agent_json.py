"""What makes a document a session is told key by key."""

from typing import Any

import pytest

from storage.documents.formats import read_document
from storage.documents.formats.agent_json import derived_title
from storage.errors import InvalidDocument
from tests.support.documents import assistant, codewhale, user, zagens


@pytest.mark.parametrize(
    ("change", "path", "named"),
    [
        ({"messages": None}, ("messages",), "messages must be a list, and is missing or null"),
        ({"messages": {}}, ("messages",), "messages must be a list, and is an object"),
        ({"messages": [user("a"), "b"]}, ("messages", "1"), "messages[1]"),
        ({"messages": [{"role": 1, "content": []}]}, ("messages", "0", "role"), "messages[0].role"),
        ({"messages": [{"role": "user"}]}, ("messages", "0", "content"), "messages[0].content"),
        ({"messages": [{"role": "user", "content": {}}]}, ("messages", "0", "content"), "messages[0].content"),
        ({"schema_version": "1"}, ("schema_version",), "schema_version"),
        ({"schema_version": True}, ("schema_version",), "schema_version"),
        ({"schema_version": 1.0}, ("schema_version",), "schema_version"),
        ({"schema_version": -1}, ("schema_version",), "schema_version"),
        ({"schema_version": 2}, ("schema_version",), "schema_version 2 is newer than 1"),
        ({"metadata": []}, ("metadata",), "metadata"),
    ],
)
def test_the_refusal_of_a_document_names_the_key_at_fault(
    change: dict[str, Any], path: tuple[str, ...], named: str
) -> None:
    with pytest.raises(InvalidDocument) as refusal:
        read_document({**zagens("s"), **change})

    assert refusal.value.path == path
    assert named in str(refusal.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", 7),
        ("id", None),
        ("title", 7),
        ("model", []),
        ("workspace", False),
        ("mode", {}),
        ("total_tokens", -1),
        ("total_tokens", 2**53),
        ("total_tokens", 1.5),
        ("total_tokens", True),
        ("total_tokens", "many"),
        ("updated_at", None),
        ("updated_at", "2026-06-11T08:03:44"),
        ("updated_at", "2026-02-30T08:03:44Z"),
        ("updated_at", "0001-01-01T00:00:00+01:00"),
        ("updated_at", 1781164000),
    ],
)
def test_the_refusal_of_metadata_names_the_key_at_fault(key: str, value: object) -> None:
    document = zagens("s")
    document["metadata"][key] = value

    with pytest.raises(InvalidDocument) as refusal:
        read_document(document)

    assert refusal.value.path == ("metadata", key)
    assert f"metadata.{key}" in str(refusal.value)


def test_what_an_agent_left_out_is_empty() -> None:
    document = read_document(
        {
            "metadata": {
                "id": "s",
                "created_at": "2026-06-11T07:52:10Z",
                "updated_at": "2026-06-11T07:52:10Z",
            },
            "messages": [],
        }
    )

    assert (document.title, document.workspace, document.model) == ("New Session", "", "")
    assert (document.mode, document.system_prompt, document.total_tokens) == (None, None, 0)
    assert not document.is_archived


@pytest.mark.parametrize(
    ("document", "source"),
    [
        (zagens("s"), "ZAGENS"),
        (codewhale("s"), "CODEWHALE"),
        ({**zagens("s"), "journal": []}, "CODEWHALE"),
        (zagens("s", archived=False), "CODEWHALE"),
        (codewhale("s", runtime_thread_id="thr_1"), "ZAGENS"),
    ],
)
def test_the_agent_is_told_from_keys_of_its_own(document: dict[str, Any], source: str) -> None:
    assert read_document(document).source == source
    assert read_document(document, "ZAGENS").source == "ZAGENS"


def test_an_agent_whose_documents_cannot_be_read_is_refused_by_name() -> None:
    with pytest.raises(InvalidDocument, match="CODEX") as refusal:
        read_document(zagens("s"), "CODEX")

    assert refusal.value.path == ("source",)


@pytest.mark.parametrize(("tokens", "stored"), [("18422", 18422), (None, 0), (2**53 - 1, 2**53 - 1)])
def test_tokens_may_be_written_as_digits(tokens: object, stored: int) -> None:
    assert read_document(zagens("s", total_tokens=tokens)).total_tokens == stored


@pytest.mark.parametrize(
    ("messages", "title"),
    [
        ([user("What is in the box?")], "What is in the box?"),
        ([user(" "), assistant("Hello."), user("\n  Why?  \nmore")], "Why?"),
        ([assistant("Hello.")], "New Session"),
        ([user("x" * 50)], "x" * 50),
        ([user("x" * 51)], "x" * 47 + "..."),
    ],
)
def test_a_session_without_a_title_takes_the_first_words_of_the_person(
    messages: list[dict[str, object]], title: str
) -> None:
    assert derived_title(messages) == title
    assert read_document(zagens("s", "  ", messages=messages)).title == title


@pytest.mark.parametrize("parent", ["../up", 7, None, "", "a b"])
def test_a_parent_that_is_no_id_is_no_parent(parent: object) -> None:
    assert read_document(codewhale("s", parent_session_id=parent)).parent_id is None
