"""Subagents and forks of Gemini CLI's sessions, and sessions in several files."""

from typing import Any

import orjson
import pytest

from storage.documents.derived_session import FORK, MAIN, SUBAGENT
from storage.records.token_usage import TokenUsage
from tests.support.format_checks import shown
from tests.support.gemini_records import FORMAT, HEADER, NAME, TALK, call, derive, live, model, user
from tests.support.stored_transcript import StoredTranscript


def test_a_subagent_is_a_session_of_its_own() -> None:
    name = f"tmp/shop/chats/{HEADER['sessionId']}/helper-1.jsonl"
    header = {**HEADER, "sessionId": "helper-1", "kind": "subagent"}
    report = {"$set": {"summary": '{\n  "response": "Done."\n}'}}
    transcript = StoredTranscript.of(name, header, user("u1", "Go"), report)
    assert FORMAT.session_id(transcript) == f"{HEADER['sessionId']}-helper-1"
    session = FORMAT.derive([transcript])
    assert session is not None
    assert (session.kind, session.parent_id) == (SUBAGENT, HEADER["sessionId"])
    assert (session.title, session.first_prompt, session.metadata["summary"]) == (None, "Go", report["$set"]["summary"])


IMPORTED_AT = "2026-11-28T07:00:00.000Z"


def imported(path: str) -> dict[str, Any]:
    """What `--session-file` writes before the records of the file."""
    return {
        "id": "import-1795849200000",
        "timestamp": IMPORTED_AT,
        "type": "info",
        "content": f"Imported session from {path}",
    }


@pytest.mark.parametrize("is_known", [False, True])
def test_a_session_that_was_begun_from_a_file_is_its_fork(is_known: bool) -> None:
    origin = StoredTranscript.of(NAME.replace("5e551011", "0ther000"), {**HEADER, "sessionId": "0ther000-1"}, *TALK)
    path = f"/home/dev/.gemini/{origin.name}"
    [key] = FORMAT.keys(origin)
    new = {**HEADER, "startTime": IMPORTED_AT, "lastUpdated": IMPORTED_AT}
    reply = model(
        "g9", "Fourth", model="gemini-3", tokens={"input": 5, "output": 2}, timestamp="2026-11-28T07:00:09.000Z"
    )
    restated = [{**record, "tokens": None} for record in TALK]
    records = [new, imported(path), *TALK, {"$set": {"messages": restated}}, reply]
    fork = StoredTranscript.of(NAME, *records)

    session = FORMAT.derive([StoredTranscript(NAME, fork.data, bases={key: origin} if is_known else {})])

    assert session is not None
    assert (session.kind, session.parent_id) == (FORK, "0ther000-1" if is_known else None)
    assert session.usage == TokenUsage(input=5, output=2)
    assert [message.usage for message in session.messages if message.usage] == [session.usage]
    assert live(session)[-2:] == ["Third", "Fourth"]


def test_a_notice_about_imports_is_no_import() -> None:
    notice = {**imported("/a/session-1.jsonl"), "id": "n1"}

    session = derive(*TALK, notice)

    assert (session.kind, session.usage.output) == (MAIN, 6)


def test_an_older_document_and_its_successor_are_one_session() -> None:
    old = {**HEADER, "messages": [user("u1", "One"), model("g1", "First", toolCalls=[call("c1", "out")])]}
    document = StoredTranscript(NAME[:-1], orjson.dumps(old, option=orjson.OPT_INDENT_2))
    assert FORMAT.session_id(document) == HEADER["sessionId"]
    alone = FORMAT.derive([document])
    assert [row[0] for row in shown(alone)] == ["USER", "ASSISTANT", "TOOL"]
    successor = StoredTranscript.of(NAME, HEADER, *old["messages"], user("u2", "Two"))
    for order in ([document, successor], [successor, document]):
        session = FORMAT.derive(order)
        assert [row[0] for row in shown(session)] == ["USER", "ASSISTANT", "TOOL", "USER"]
        assert session is not None
        assert list(session.live) == [0, 1, 2, 3]


def test_a_second_file_with_the_context_only_changes_nothing() -> None:
    context = user("c", "<session_context>here</session_context>")
    only = {"$set": {"messages": [context]}}
    first = StoredTranscript.of(NAME, HEADER, only, user("u1", "One"), model("g1", "First"))
    later = {**HEADER, "lastUpdated": "2026-11-28T09:00:00.000Z"}
    second = StoredTranscript.of(NAME.replace("06-23", "09-00"), later, only)
    session = FORMAT.derive([first, second])
    assert session is not None
    assert live(session) == ["<session_context>here</session_context>", "One", "First"]


def test_a_second_file_of_another_day_changes_neither_times_nor_order() -> None:
    context = user("c", "<session_context>Saturday</session_context>")
    later_context = user("c", "<session_context>Monday</session_context>", timestamp="2026-11-30T09:00:00.000Z")
    first = StoredTranscript.of(
        NAME,
        HEADER,
        {"$set": {"messages": [context]}},
        user("u1", "One"),
        model("g1", "First"),
        {"$set": {"messages": [later_context, user("u1", "One"), model("g1", "First")]}},
        user("u2", "Two", timestamp="2026-11-30T09:00:05.000Z"),
        {"$set": {"lastUpdated": "2026-11-30T09:00:06.000Z"}},
    )
    monday = {**HEADER, "startTime": "2026-11-30T09:00:00.000Z", "lastUpdated": "2026-11-30T09:00:00.000Z"}
    second = StoredTranscript.of(NAME.replace("28T06-23", "30T09-00"), monday, {"$set": {"messages": [later_context]}})

    session = FORMAT.derive([second, first])

    assert session is not None
    assert (session.created_at.day, session.updated_at.day) == (28, 30)
    assert live(session) == ["<session_context>Monday</session_context>", "One", "First", "Two"]
    days = [(message.created_at.day, message.build()[0]["text"]) for message in session.messages if message.created_at]
    assert [day for day, text in days if "Saturday" in str(text)] == [28]
    assert [day for day, text in days if "Monday" in str(text)] == [30]
    assert list(session.live) == [3, 1, 2, 4]
