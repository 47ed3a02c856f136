"""The JSON format of zagens and CodeWhale: required keys, defaults, source and title."""

from typing import Any

import pytest

from storage.documents.formats import read_document
from storage.documents.formats.agent_json import derived_title
from storage.errors import InvalidDocument
from tests.support.documents import assistant, codewhale, user, zagens


@pytest.mark.parametrize(
    ("change", "path", "named"),
    [
        ({"messages": None}, ("messages",), "messages must be a list, but is missing or null"),
        ({"messages": {}}, ("messages",), "messages must be a list, but is an object"),
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
def test_an_invalid_document_is_refused_with_the_path_of_the_key(
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
def test_invalid_metadata_is_refused_with_the_path_of_the_key(key: str, value: object) -> None:
    document = zagens("s")
    document["metadata"][key] = value

    with pytest.raises(InvalidDocument) as refusal:
        read_document(document)

    assert refusal.value.path == ("metadata", key)
    assert f"metadata.{key}" in str(refusal.value)


def test_missing_metadata_has_defaults() -> None:
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
def test_the_source_is_detected_from_keys_that_only_one_agent_writes(document: dict[str, Any], source: str) -> None:
    assert read_document(document).source == source
    assert read_document(document, "ZAGENS").source == "ZAGENS"


@pytest.mark.parametrize(("tokens", "stored"), [("18422", 18422), (None, 0), (2**53 - 1, 2**53 - 1)])
def test_total_tokens_may_be_a_string_of_digits(tokens: object, stored: int) -> None:
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
def test_a_session_without_a_title_takes_the_first_line_of_the_first_prompt(
    messages: list[dict[str, object]], title: str
) -> None:
    assert derived_title(messages) == title
    assert read_document(zagens("s", "  ", messages=messages)).title == title


@pytest.mark.parametrize("parent", ["../up", 7, None, "", "a b"])
def test_a_parent_with_an_invalid_id_is_ignored(parent: object) -> None:
    assert read_document(codewhale("s", parent_session_id=parent)).parent_id is None


def test_messages_have_the_times_of_the_journal() -> None:
    def entry(minute: int, **fields: Any) -> dict[str, Any]:
        return {"created_at": f"2026-11-20T10:{minute:02}:00Z", **fields}

    first, kept, last = user("Why?"), assistant("So."), user("Fix it.")
    summary = {"role": "system", "content": [{"type": "text", "text": "[compaction summary] He asked."}]}
    entries = [
        entry(1, kind="message", message=first),
        entry(2, kind="message", message=kept),
        entry(3, kind="compaction", summary="He asked."),
        # The compaction keeps it.
        entry(3, kind="message", message=kept),
        {"kind": "message", "message": last},
    ]
    document = codewhale("s", messages=[summary, kept, last]) | {"journal": {"entries": entries}}

    read = read_document(document)

    assert [message.created_at and message.created_at.minute for message in read.transcript.messages] == [3, 2, None]
    assert [message.created_at and message.created_at.minute for message in read.earlier.messages] == [1]
    assert [row.message.created_at and row.message.created_at.minute for row in read.rows()] == [1, 3, 2, None]
