"""Gemini CLI's transcripts: what a session says after records were replaced, restated and taken back."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from storage.documents.derived_session import FORK, MAIN, SUBAGENT, DerivedSession
from storage.documents.formats.gemini.gemini_format import GeminiFormat
from storage.records.token_usage import TokenUsage
from tests.support.format_checks import check, check_every_prefix, check_mutations, shown
from tests.support.stored_transcript import StoredTranscript

HOME = Path(__file__).parent / "gemini" / "home"
FORMAT = GeminiFormat()
NAME = "tmp/shop/chats/session-2026-11-28T06-23-5e551011.jsonl"
HEADER = {
    "sessionId": "5e551011-0000-4000-8000-000000000001",
    "projectHash": "e828acfc792e3bbcd2a6c6c35323cb44b7b438741c168c8ec59aefe347f193bb",
    "startTime": "2026-11-28T06:00:00.000Z",
    "lastUpdated": "2026-11-28T06:00:00.000Z",
    "kind": "main",
}


def fixtures() -> dict[str, StoredTranscript]:
    found = FORMAT.find(HOME).transcripts
    return {transcript.name[-14:-6]: StoredTranscript.found(transcript) for transcript in found}


def user(record_id: str, content: Any, **fields: Any) -> dict[str, Any]:
    return {"id": record_id, "timestamp": "2026-11-28T06:00:01.000Z", "type": "user", "content": content, **fields}


def model(record_id: str, content: Any = "", **fields: Any) -> dict[str, Any]:
    return {"id": record_id, "timestamp": "2026-11-28T06:00:02.000Z", "type": "gemini", "content": content, **fields}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def call(call_id: str, output: Any = None, status: str = "success", **fields: Any) -> dict[str, Any]:
    result = None if output is None else [response(call_id, output)]
    return {"id": call_id, "name": "read_file", "args": {"path": "a"}, "status": status, "result": result, **fields}


def response(call_id: str, output: Any) -> dict[str, Any]:
    value = output if isinstance(output, dict) else {"output": output}
    return {"functionResponse": {"id": call_id, "name": "read_file", "response": value}}


def derive(*records: Any, name: str = NAME, **companions: bytes) -> DerivedSession:
    session = FORMAT.derive([StoredTranscript.of(name, HEADER, *records, **companions)])
    check(session)
    assert session is not None
    return session


def live(session: DerivedSession) -> list[str]:
    texts = []
    for index in session.live:
        texts += [str(block.get("text", block["type"])) for block in session.messages[index].build()]
    return texts


def test_a_session_of_one_run() -> None:
    session = FORMAT.derive([fixtures()["7aecce86"]])
    assert session is not None
    assert shown(session) == [
        ("USER", ["text: What is in this folder?"]),
        (
            "ASSISTANT",
            [
                "thinking: I should list the folder first.",
                "text: Let me look.",
                'call list_directory: {"dir_path":"."}',
            ],
        ),
        (
            "TOOL",
            [
                "result list_directory__list_directory_1795847017366_0: "
                "Directory listing for /home/dev/shop:\nprices.csv (25 bytes)\nREADME.md (11 bytes)"
            ],
        ),
        ("ASSISTANT", ["text: There is a price list and a readme."]),
    ]
    assert session.id == "7aecce86-f772-40ff-8f4e-42111096f6e0"
    assert session.workspace == "/home/dev/shop"
    assert (session.title, session.first_prompt) == (None, "What is in this folder?")
    assert (session.kind, session.parent_id, session.model) == (MAIN, None, "gemini-3.8-flash")
    assert session.usage == TokenUsage(input=200, output=40)
    assert session.created_at == datetime(2026, 11, 28, 6, 23, 37, 307000, UTC)
    assert session.updated_at == datetime(2026, 11, 28, 6, 23, 37, 592000, UTC)
    assert [message.is_injected for message in session.messages] == [True, False, False, False, False]
    assert list(session.live) == [0, 1, 2, 3, 4]


def test_a_history_that_is_written_again_is_counted_once() -> None:
    session = FORMAT.derive([fixtures()["1c7d6b83"]])
    assert session is not None
    assert shown(session) == [
        ("USER", ["text: What is the cheapest tea?"]),
        ("ASSISTANT", ["thinking: Read the price list.", 'call read_file: {"file_path":"prices.csv"}']),
        ("TOOL", ["result read_file__read_file_1795847018738_0: tea,price\nmint,2\nblack,3\n"]),
        ("ASSISTANT", ["text: Mint tea is the cheapest, at 2 a cup."]),
        ("USER", ["text: Thanks, that is all."]),
        ("ASSISTANT", ["text: You are welcome."]),
    ]
    assert session.usage == TokenUsage(input=300, output=60)
    assert [message.model for message in session.messages if message.role == "ASSISTANT"] == ["gemini-3.8-flash"] * 3
    assert len(session.live) == 7


def test_digests_of_a_history_that_is_written_again_stay() -> None:
    transcript = fixtures()["1c7d6b83"]
    whole = FORMAT.derive([transcript])
    before = FORMAT.derive([transcript.cut(transcript.data.index(b'{"$set":{"sessionId"'))])
    assert whole is not None
    assert before is not None
    assert [message.digest for message in whole.messages[:5]] == [message.digest for message in before.messages]


@pytest.mark.parametrize("name", ["7aecce86", "1c7d6b83"])
def test_any_whole_lines_and_strange_values_derive(name: str) -> None:
    check_every_prefix(FORMAT, fixtures()[name])
    check_mutations(FORMAT, fixtures()[name])


def test_homes() -> None:
    assert FORMAT.homes({}, Path("/home/dev")) == [Path("/home/dev/.gemini")]
    assert FORMAT.homes({"GEMINI_CLI_HOME": "/srv"}, Path("/home/dev")) == [Path("/srv/.gemini")]


def test_finds_sessions_and_passes_over_all_else(tmp_path: Path) -> None:
    home = tmp_path / ".gemini"
    shutil.copytree(HOME, home)
    chats = home / "tmp" / "shop" / "chats"
    (chats / "7aecce86-f772-40ff-8f4e-42111096f6e0").mkdir()
    (chats / "7aecce86-f772-40ff-8f4e-42111096f6e0" / "agent-1.jsonl").write_text("{}\n")
    (chats / "session-2025-01-01T00-00-aaaaaaaa.json").write_text("{}")
    (chats / "notes.jsonl").write_text("{}\n")
    (home / "oauth_creds.json").write_text("{}")
    (home / "tmp" / "shop" / "logs.json").write_text("[]")
    (chats / "session-link.jsonl").symlink_to(home / "oauth_creds.json")
    (home / "tmp" / "linked").symlink_to(home / "tmp" / "shop")
    found = FORMAT.find(home)
    assert [(transcript.name[9:], transcript.is_rewritten) for transcript in found.transcripts] == [
        ("chats/7aecce86-f772-40ff-8f4e-42111096f6e0/agent-1.jsonl", False),
        ("chats/session-2025-01-01T00-00-aaaaaaaa.json", True),
        ("chats/session-2026-11-28T06-23-1c7d6b83.jsonl", False),
        ("chats/session-2026-11-28T06-23-7aecce86.jsonl", False),
    ]
    assert found.passed_over == 5
    assert list(found.transcripts[0].companions) == ["tmp/shop/.project_root"]
    assert found.transcripts[0].excerpts == {}
    part = FORMAT.find(home / "tmp" / "shop")
    assert part.transcripts == found.transcripts
    assert FORMAT.find(tmp_path / "none").transcripts == []
    (home / "tmp" / "shop" / ".project_root").unlink()
    (home / "projects.json").write_text('{"projects":{"/home/dev/shop":"shop","/home/dev/other":"other"}}')
    by_list = FORMAT.find(home).transcripts[2]
    assert (dict(by_list.companions), dict(by_list.excerpts)) == (
        {},
        {"projects.json": b'{"projects":{"/home/dev/shop":"shop"}}'},
    )
    session = FORMAT.derive([StoredTranscript.found(by_list)])
    assert session is not None
    assert session.workspace == "/home/dev/shop"


def test_workspace_by_the_list_of_projects_and_by_the_hash() -> None:
    assert derive(user("u1", "Hi")).workspace == ""
    transcript = StoredTranscript(
        NAME, orjson.dumps({**HEADER, "messages": [user("u1", "Hi")]}) + b"\n", {"projects.json": b""}
    )
    by_list = StoredTranscript(NAME, transcript.data, {"projects.json": b'{"projects":{"/srv/shop":"shop"}}'})
    session = FORMAT.derive([by_list])
    assert session is not None
    assert session.workspace == "/srv/shop"
    by_hash = StoredTranscript(
        NAME.replace("shop", str(HEADER["projectHash"])),
        transcript.data,
        {"projects.json": b'{"projects":{"/a":"a","/home/dev/shop":"shop-1"}}'},
    )
    session = FORMAT.derive([by_hash])
    assert session is not None
    assert session.workspace == "/home/dev/shop"
    context = "<session_context>\n- **Workspace Directories:**\n  - /tmp\n  - /home/dev/shop\n</session_context>"
    assert derive(user("c", context), user("u1", "Hi")).workspace == "/home/dev/shop"


def test_a_rewind_leaves_a_branch() -> None:
    session = derive(
        user("u1", "One"), model("g1", "First"), user("u2", "Two"), model("g2", "Second"), {"$rewindTo": "u2"},
        user("u3", "Three"), model("g3", "Third"),
    )  # fmt: skip
    assert live(session) == ["One", "First", "Three", "Third"]
    assert len(session.messages) == 6
    assert session.metadata["rewinds"] == [{"to": "u2", "removed": ["u2", "g2"]}]


def test_a_rewind_to_an_unknown_record_takes_back_all() -> None:
    session = derive(user("u1", "One"), model("g1", "First"), {"$rewindTo": "gone"}, user("u2", "Two"))
    assert live(session) == ["Two"]


def test_what_a_compression_drops_is_an_earlier_window() -> None:
    kept = model("g2", [{"text": "Second"}])
    session = derive(
        user("u1", "One"), model("g1", "First"), user("u2", "Two"), model("g2", "Second"),
        {"$set": {"messages": [user("s", "<state_snapshot>all</state_snapshot>"), user("u2", "Two"), kept]}},
        user("u3", "Three"),
    )  # fmt: skip
    assert live(session) == ["<state_snapshot>all</state_snapshot>", "Two", "Second", "Three"]
    assert [message.role for message in session.messages] == [
        "USER", "ASSISTANT", "USER", "ASSISTANT", "USER", "USER",
    ]  # fmt: skip


def test_a_compression_is_a_block_and_repeats_nothing_that_it_keeps() -> None:
    thanks = model("t", [{"text": "Got it. Thanks for the additional context!"}], tokens=None)
    summary = user("s", [{"text": "<state_snapshot>all</state_snapshot>"}])
    kept = [{**record, "id": f"new-{record['id']}", "tokens": None} for record in CHECKPOINT[1:]]
    said = user("c", "<session_context>here</session_context>")

    session = derive(
        *TALK[:5],
        {"$set": {"messages": [said, summary, thanks, *kept]}},
        user("u3", "Three"),
        {"$set": {"messages": [said, summary, thanks, *kept, user("u3", "Three")]}},
    )

    assert [(message.role, message.build()) for message in session.messages[5:7]] == [
        ("SYSTEM", [{"type": "compaction", "summary": "<state_snapshot>all</state_snapshot>"}]),
        ("ASSISTANT", [{**text("Got it. Thanks for the additional context!"), "is_injected": True}]),
    ]
    assert [message.is_injected for message in session.messages[5:]] == [True, True, False]
    assert list(session.live) == [0, 5, 6, 2, 3, 4, 7]
    assert session.first_prompt == "One"


def test_of_equal_messages_a_compression_keeps_the_last() -> None:
    thanks = model("t", [{"text": "Got it. Thanks for the additional context!"}], tokens=None)
    kept = [user("n1", [{"text": "Yes"}]), model("n2", [{"text": "Done"}], tokens=None)]
    replies = {"model": "gemini-3", "tokens": {"input": 5, "output": 2}}

    session = derive(
        user("u1", "Yes"), model("g1", "Done", **replies), user("u2", "Yes"), model("g2", "Done", **replies),
        {"$set": {"messages": [user("s", "All"), thanks, *kept]}},
    )  # fmt: skip

    assert list(session.live) == [4, 5, 2, 3]


def test_a_masked_output_stays_readable_in_full() -> None:
    session = derive(
        user("u1", "Read"), model("g1", "I read.", toolCalls=[call("c1", "long output")]),
        {"$set": {"messages": [user("u1", "Read"), model("g1", "I read.", toolCalls=[call("c1", "masked")])]}},
    )  # fmt: skip
    assert [row for row in shown(session) if row[0] == "TOOL"] == [
        ("TOOL", ["result c1: long output"]),
        ("TOOL", ["result c1: masked"]),
    ]
    assert [session.messages[index].role for index in session.live] == ["USER", "ASSISTANT", "TOOL"]
    assert session.live[-1] == 3


SUMMARY = {"$set": {"summary": "Greeting", "memoryScratchpad": {"version": 1}}}


def test_title_is_the_summary() -> None:
    session = derive(
        user("u1", "/help"), user("u2", "Hi"), {"$set": {"summary": "Greeting", "memoryScratchpad": {"version": 1}}}
    )
    assert (session.title, session.first_prompt) == ("Greeting", "Hi")
    assert session.metadata["memoryScratchpad"] == {"version": 1}
    assert live(session) == ["Hi"]


def test_thoughts_notices_errors_and_pictures() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    session = derive(
        user("u1", [{"text": "Look"}, picture, {"text": "<hook_context>note</hook_context>"}]),
        model(
            "g1",
            "",
            thoughts=[{"subject": "Plan", "description": "Look first."}],
            toolCalls=[
                call("c1", {"error": "no file"}, "error"),
                call("c2", None, "executing"),
                {**call("c3"), "result": [response("c3", "seen"), picture]},
            ],
        ),
        {"id": "i1", "timestamp": "2026-11-28T06:00:03.000Z", "type": "info", "content": "Switched."},
        {"id": "x1", "timestamp": "2026-11-28T06:00:03.000Z", "type": "novelty", "content": "?"},
        {"strange": 1},
    )
    assert shown(session) == [
        ("USER", ["text: Look", "image", "text: <hook_context>note</hook_context>"]),
        (
            "ASSISTANT",
            [
                "thinking: **Plan** Look first.",
                'call read_file: {"path":"a"}',
                'call read_file: {"path":"a"}',
                'call read_file: {"path":"a"}',
            ],
        ),
        ("TOOL", ["failed c1: no file", "result c3: ['seen', 'image']"]),
        ("SYSTEM", ["text: Switched."]),
        ("SYSTEM", ["novelty"]),
        ("SYSTEM", ["record"]),
    ]
    assert session.first_prompt == "Look"
    assert len(session.live) == 3


def test_tokens_in_classes_that_do_not_overlap() -> None:
    tokens = {"input": 1000, "output": 50, "cached": 900, "thoughts": 30, "tool": 7, "total": 1087}
    session = derive(user("u1", "Hi"), model("g1", "Hello", tokens=tokens), model("g1", "Hello!", tokens=tokens))
    assert session.usage == TokenUsage(input=107, cache_read=900, output=50, reasoning=30)


def test_a_subagent_is_a_session_of_its_own() -> None:
    name = f"tmp/shop/chats/{HEADER['sessionId']}/helper-1.jsonl"
    transcript = StoredTranscript.of(name, {**HEADER, "sessionId": "helper-1", "kind": "subagent"}, user("u1", "Go"))
    assert FORMAT.session_id(transcript) == f"{HEADER['sessionId']}-helper-1"
    session = FORMAT.derive([transcript])
    assert session is not None
    assert (session.kind, session.parent_id) == (SUBAGENT, HEADER["sessionId"])


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


def stated_again(*records: dict[str, Any]) -> list[dict[str, Any]]:
    """What resuming a checkpoint appends: its records under new ids, and the conversation of just these."""
    copies = [{**record, "id": f"new-{record['id']}", "tokens": None} for record in records]
    return [*copies, {"$set": {"messages": copies}}]


CHECKPOINT = [
    user("u1", [{"text": "<session_context>here</session_context>"}, {"text": "One"}]),
    model("g1", [{"text": "First"}, {"functionCall": {"id": "c1", "name": "read_file", "args": {"path": "a"}}}]),
    user("r1", [response("c1", "out")]),
    model("g2", [{"text": "Second"}]),
]
TALK = [
    user("c", "<session_context>here</session_context>"),
    user("u1", "One"),
    model("g1", "First", toolCalls=[call("c1", "out")], model="gemini-3", tokens={"input": 5, "output": 2}),
    user("r1", [response("c1", "out")]),
    model("g2", "Second", model="gemini-3", tokens={"input": 5, "output": 2}),
    user("u2", "Two"),
    model("g3", "Third", model="gemini-3", tokens={"input": 5, "output": 2}),
]


def test_a_checkpoint_that_is_resumed_says_nothing_twice() -> None:
    session = derive(*TALK, *stated_again(*CHECKPOINT), user("u3", "Elsewhere"))

    assert live(session) == ["One", "First", "tool_use", "tool_result", "Second", "Elsewhere"]
    assert [row[0] for row in shown(session)] == [
        *("USER", "ASSISTANT", "TOOL", "ASSISTANT"),
        *("USER", "ASSISTANT", "USER"),
    ]
    assert session.usage.output == 6


def test_a_checkpoint_is_restored_to_before_the_answer_of_its_last_call() -> None:
    session = derive(*TALK, *stated_again(*CHECKPOINT[:2]), user("u3", "Elsewhere"))

    assert live(session) == ["One", "First", "tool_use", "Elsewhere"]
    assert list(session.live) == [1, 7, 8]


def test_what_comes_after_a_resumed_checkpoint_is_stated_by_the_new_ids() -> None:
    again = stated_again(*CHECKPOINT)
    resumed = [{**record, "content": record["content"]} for record in again[1:4]]

    session = derive(
        *TALK, *again, user("u3", "Elsewhere"), {"$set": {"messages": [*resumed, user("u3", "Elsewhere")]}}
    )

    assert live(session) == ["First", "tool_use", "tool_result", "Second", "Elsewhere"]
    assert len(session.messages) == 8


def test_a_prompt_that_is_sent_again_after_a_rewind_is_another_message() -> None:
    session = derive(
        *TALK,
        {"$rewindTo": "u2"},
        user("u3", "Two"),
        model("g4", "Third", model="gemini-3", tokens={"input": 5, "output": 2}),
        {"$set": {"messages": [user("u3", "Two"), model("g4", "Third")]}},
    )

    assert live(session) == ["Two", "Third"]
    assert len(session.messages) == 9


def test_an_expanded_prompt_is_the_persons_only_in_what_was_typed() -> None:
    session = derive(
        user("u1", [{"text": "Read @a.txt"}, {"text": "--- Content of a.txt ---"}], displayContent="Read @a.txt")
    )
    assert session.first_prompt == "Read @a.txt"
    assert [block.get("is_injected", False) for block in session.messages[0].build()] == [False, True]


def test_files_that_a_prompt_mentions_are_not_the_persons_words() -> None:
    marks = "\n--- Content from referenced files ---", "\n--- End of content ---"
    texts = ["Read @a.txt", marks[0], "\nContent from @a.txt:\n", "Mint tea 2", marks[1], "Quickly."]

    session = derive(user("u1", [{"text": words} for words in texts]))

    assert session.first_prompt == "Read @a.txt\nQuickly."
    assert [block.get("is_injected", False) for block in session.messages[0].build()] == [False, *[True] * 4, False]
    assert live(session) == texts


def test_a_file_without_messages_is_no_session() -> None:
    assert FORMAT.derive([StoredTranscript.of(NAME, HEADER)]) is None
    assert FORMAT.session_id(StoredTranscript.of(NAME, {"a": 1})) is None
    assert FORMAT.derive([]) is None


def test_results_in_other_forms() -> None:
    file = {"fileData": {"mimeType": "image/png", "fileUri": "https://example.org/a.png"}}
    picture = {"inlineData": {"mimeType": "image/png", "data": "A"}}
    nested = {"functionResponse": {"name": "shot", "response": {}, "parts": [picture]}}
    session = derive(
        user("u1", ["Look", file, {"inlineData": {"mimeType": "image/png"}}, 5]),
        model("g1", [{"functionCall": {"name": "shot", "args": "all"}}], toolCalls=[{**call("c1"), "result": "plain"}]),
        user("r1", [nested, {"text": "[context]"}]),
        user("r2", [{"functionResponse": {"id": "c2", "response": {"content": [1], "error": None}}}]),
        user("r3", [{"functionResponse": {"id": "c3", "response": "text"}}]),
    )  # fmt: skip
    assert shown(session) == [
        ("USER", ["text: Look", "image", "inlineData", "number"]),
        ("ASSISTANT", ['call shot: "all"', 'call read_file: {"path":"a"}']),
        ("TOOL", ["result c1: plain"]),
        ("TOOL", ["result shot: ['image']", "text: [context]"]),
        ("TOOL", ['result c2: {"content":[1],"error":null}']),
        ("TOOL", ["result c3: text"]),
    ]
    assert session.messages[0].build()[1]["source"] == {"type": "url", "url": "https://example.org/a.png"}
    failed = derive(user("u1", "Go"), model("g1", toolCalls=[{**call("c1", None, "error"), "result": "no such file"}]))
    assert shown(failed)[2] == ("TOOL", ["failed c1: no such file"])


@pytest.mark.parametrize(
    ("name", "output", "is_error"),
    [
        ("run_shell_command", "Output: (empty)\nExit Code: 1\nProcess Group PGID: 7", True),
        ("run_shell_command", "Output: Exit Code: 1\nExit Code: 1\nExit Code: 0", False),
        ("run_shell_command", "Output: seen\nProcess Group PGID: 7", False),
        ("read_file", "Exit Code: 1", False),
    ],
)
def test_a_command_that_exits_with_another_code_than_0_has_failed(name: str, output: str, is_error: bool) -> None:
    response = {"functionResponse": {"id": "c1", "name": name, "response": {"output": output}}}
    done = {"id": "c1", "name": name, "args": {}, "status": "success", "result": [response]}
    session = derive(user("u1", "Go"), model("g1", toolCalls=[done]))
    [result] = [block for one in session.messages for block in one.build() if block["type"] == "tool_result"]
    assert (result["content"], result.get("is_error", False)) == (output, is_error)
