"""OpenCode's sessions: from its database and from the JSON files of older versions."""

import pickle
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from storage.documents.derived_session import FORK, MAIN, SUBAGENT, DerivedSession
from storage.documents.formats.opencode.database import read_database
from storage.documents.formats.opencode.opencode_format import OpenCodeFormat
from storage.records.token_usage import TokenUsage
from tests.support.format_checks import check, check_mutations, shown
from tests.support.stored_transcript import StoredTranscript

FIXTURES = Path(__file__).parent / "opencode"
SESSION_ID = "ses_ddf2cd0aaffeJh9chseJaTFwHs"
EXPORT = orjson.loads((FIXTURES / "export.json").read_bytes())
FORMAT = OpenCodeFormat()

SHELL_CALLS = [
    'call bash: {"command":"cat prices.txt","description":"Run a command"}',
    "result toolu_000000000001: Mint tea 2\n\nCommand exited with code 0.",
    'call bash: {"command":"cat nothing.txt","description":"Run a command"}',
    "failed toolu_000000000002: cat: nothing.txt: No such file or directory\n\nCommand exited with code 1.",
]


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


def stored(home: Path) -> list[StoredTranscript]:
    return [StoredTranscript.found(found) for found in FORMAT.find(home).transcripts]


def text(text: str, **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **fields}


def tool(call_id: str, status: str, tool_name: str = "bash", **state: Any) -> dict[str, Any]:
    values = {"status": status, "input": {"command": "ls"}, **state}
    return {"type": "tool", "tool": tool_name, "callID": call_id, "state": values}


def user(message_id: str, *parts: dict[str, Any], **info: Any) -> dict[str, Any]:
    values = {"role": "user", "time": {"created": 1795847040000}, "agent": "plan", "id": message_id, **info}
    return {"info": values, "parts": list(parts)}


def assistant(message_id: str, *parts: dict[str, Any], **info: Any) -> dict[str, Any]:
    values = {
        "role": "assistant",
        "time": {"created": 1795847041000},
        "modelID": "m",
        "providerID": "p",
        "finish": "stop",
        "id": message_id,
        **info,
    }
    return {"info": values, "parts": list(parts)}


def derive(*messages: dict[str, Any], **info: Any) -> DerivedSession:
    values = {"id": "ses_1", "title": "Tea", "directory": "/home/dev/shop", "time": {"created": 1795847040000}, **info}
    session = FORMAT.derive([StoredTranscript.of("opencode.db/ses_1", {"info": values, "messages": list(messages)})])
    check(session)
    assert session is not None
    return session


def live(session: DerivedSession) -> list[str]:
    return [
        str(block.get("text") or block.get("summary") or block["type"])
        for index in session.live
        for block in session.messages[index].build()
    ]


def test_a_session_of_the_database(home: Path) -> None:
    [transcript] = stored(home)
    assert FORMAT.session_id(transcript) == SESSION_ID
    session = FORMAT.derive([transcript])
    check(session)
    assert shown(session) == [
        ("USER", ['text: "What is in this folder?"']),
        (
            "ASSISTANT",
            [
                "thinking: I should list the folder first.",
                "text: Let me look.",
                'call bash: {"command":"ls","description":"List files"}',
                "result call_0_bash: README.md\nprices.csv\n",
            ],
        ),
        ("ASSISTANT", ["text: There is a price list and a readme."]),
        ("USER", ['text: "What is the cheapest tea?"']),
        (
            "ASSISTANT",
            [
                "thinking: Read the price list.",
                'call read: {"filePath":"/home/dev/shop/prices.csv"}',
                "result call_0_read: <path>/home/dev/shop/prices.csv</path>\n<type>file</type>\n<content>\n"
                "1: tea,price\n2: mint,2\n3: black,3\n\n(End of file - total 3 lines)\n</content>",
            ],
        ),
        ("ASSISTANT", ["text: Mint tea is the cheapest, at 2 a cup."]),
    ]
    assert session is not None
    assert (session.id, session.workspace, session.title) == (SESSION_ID, "/home/dev/shop", "Tea shop chores")
    assert (session.kind, session.parent_id, session.model, session.mode) == (MAIN, None, "mock/mock", "build")
    assert (session.agent_version, session.is_archived, session.recorded_cost) == ("1.18.33", False, 0.0)
    assert session.usage == TokenUsage(input=400, output=80)
    assert session.first_prompt == '"What is in this folder?"'
    assert session.created_at == datetime(2026, 11, 28, 6, 24, 0, 853000, UTC)
    assert session.updated_at == datetime(2026, 11, 28, 6, 24, 6, 586000, UTC)
    assert list(session.live) == list(range(6))
    assert session.metadata["projectID"] == "global"


def test_a_session_is_read_in_the_form_of_the_export(home: Path) -> None:
    [found] = FORMAT.find(home).transcripts
    assert found.read is not None
    data = found.read()
    assert b"\n" not in data
    assert orjson.loads(data) == EXPORT
    document = StoredTranscript(found.name, (FIXTURES / "export.json").read_bytes())
    assert FORMAT.session_id(document) == SESSION_ID
    assert shown(FORMAT.derive([document])) == shown(FORMAT.derive([StoredTranscript.found(found)]))


def test_reading_writes_nothing_below_the_home(home: Path) -> None:
    before = sorted(path.name for path in home.iterdir())
    assert before == ["opencode.db"]
    assert len(stored(home)) == 1
    assert sorted(path.name for path in home.iterdir()) == before


def test_rows_that_are_only_in_the_log_are_read(home: Path, writer: sqlite3.Connection) -> None:
    assert (home / "opencode.db-wal").stat().st_size == 0
    old = FORMAT.find(home).transcripts[0].fingerprint
    writer.execute("UPDATE session SET title = 'Renamed', time_updated = time_updated + 1")
    assert (home / "opencode.db-wal").stat().st_size > 0
    session = FORMAT.derive(stored(home))
    assert session is not None
    assert session.title == "Renamed"
    assert FORMAT.find(home).transcripts[0].fingerprint != old


def test_a_log_without_its_index_is_read_from_a_copy(home: Path, writer: sqlite3.Connection, tmp_path: Path) -> None:
    writer.execute("UPDATE session SET title = 'Renamed'")
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("opencode.db", "opencode.db-wal"):
        (copy / name).write_bytes((home / name).read_bytes())
    session = FORMAT.derive(stored(copy))
    assert session is not None
    assert session.title == "Renamed"
    assert sorted(path.name for path in copy.iterdir()) == ["opencode.db", "opencode.db-wal"]


def test_a_database_that_is_opened_while_it_is_read_is_read_again(home: Path) -> None:
    titles: list[str] = []
    writers: list[sqlite3.Connection] = []

    def read(connection: sqlite3.Connection) -> None:
        if not writers:
            writers.append(sqlite3.connect(home / "opencode.db", isolation_level=None))
            writers[0].execute("UPDATE session SET title = 'Renamed'")
        titles.append(connection.execute("SELECT title FROM session").fetchone()[0])

    read_database(home / "opencode.db", read)
    assert titles == ["Tea shop chores", "Renamed"]
    writers[0].close()


def test_a_writer_is_not_held_up(home: Path, writer: sqlite3.Connection) -> None:
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE session SET title = 'Not yet'")
    session = FORMAT.derive(stored(home))
    assert session is not None
    assert session.title == "Tea shop chores"
    writer.execute("COMMIT")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE part SET time_updated = time_updated + 1 WHERE rowid = 1",
        "UPDATE message SET time_updated = time_updated + 1 WHERE rowid = 1",
        "UPDATE session SET time_updated = time_updated + 1",
        "DELETE FROM part WHERE rowid = 3",
        "DELETE FROM message WHERE rowid = 6",
    ],
)
def test_each_change_has_another_fingerprint(home: Path, writer: sqlite3.Connection, change: str) -> None:
    [before] = FORMAT.find(home).transcripts
    writer.execute(change)
    [after] = FORMAT.find(home).transcripts
    assert before.fingerprint != after.fingerprint
    assert FORMAT.find(home).transcripts[0].fingerprint == after.fingerprint


def test_columns_that_a_version_does_not_have(home: Path, writer: sqlite3.Connection) -> None:
    for column in ("cost", "tokens_input", "metadata", "agent", "model", "path", "time_archived"):
        writer.execute(f"ALTER TABLE session DROP COLUMN {column}")
    session = FORMAT.derive(stored(home))
    check(session)
    assert session is not None
    assert (session.mode, session.model, session.recorded_cost) == ("build", "mock/mock", 0.0)


def test_passes_over_what_is_no_database_of_sessions(home: Path) -> None:
    (home / "auth.json").write_text("{}")
    (home / "opencode-broken.db").write_bytes(b"not a database" * 100)
    sqlite3.connect(home / "opencode-empty.db").close()
    (home / "opencode-link.db").symlink_to(home / "opencode.db")
    (home / "opencode-next.db").write_bytes((home / "opencode.db").read_bytes())
    found = FORMAT.find(home)
    assert [transcript.name for transcript in found.transcripts] == [f"opencode.db/{SESSION_ID}"]
    assert found.passed_over == 3
    assert FORMAT.find(home / "none").transcripts == []


def test_a_database_that_is_locked_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.documents.formats.opencode.database._BUSY_SECONDS", 0)
    [found] = FORMAT.find(home).transcripts
    locker = sqlite3.connect(home / "opencode.db", isolation_level=None)
    locker.execute("PRAGMA locking_mode = EXCLUSIVE")
    locker.execute("UPDATE session SET title = 'Mine'")
    (home / "opencode.db-shm").touch()
    assert found.read is not None
    with pytest.raises(OSError, match="locked"):
        found.read()
    home_with_lock = FORMAT.find(home)
    assert home_with_lock.transcripts == []
    assert home_with_lock.refused == [(home / "opencode.db", "database is locked")]
    locker.close()


def test_a_damaged_database_is_an_error_when_it_is_read(home: Path) -> None:
    [found] = FORMAT.find(home).transcripts
    (home / "opencode.db").write_bytes(b"not a database" * 100)
    assert found.read is not None
    with pytest.raises(OSError, match="not a database"):
        found.read()


def test_a_session_that_was_deleted_meanwhile_is_none(home: Path, writer: sqlite3.Connection) -> None:
    [found] = FORMAT.find(home).transcripts
    writer.execute("DELETE FROM session")
    writer.execute("DELETE FROM message")
    assert FORMAT.derive([StoredTranscript.found(found)]) is None


def test_what_was_found_can_be_sent_to_another_process(home: Path) -> None:
    [found] = FORMAT.find(home).transcripts
    assert found.read is not None
    read = pickle.loads(pickle.dumps(found.read))
    assert orjson.loads(read()) == EXPORT
    assert pickle.loads(pickle.dumps(FORMAT)).find(home).transcripts[0].fingerprint == found.fingerprint


def test_homes() -> None:
    assert FORMAT.homes({}, Path("/home/dev")) == [Path("/home/dev/.local/share/opencode")]
    data = {"XDG_DATA_HOME": "/data"}
    assert FORMAT.homes(data, Path("/home/dev")) == [Path("/data/opencode")]
    for named, more in {
        "": [],
        ":memory:": [],
        "opencode-next.db": [],
        "work.db": [Path("/data/opencode/work.db")],
        "/tea/opencode.db": [Path("/tea/opencode.db")],
    }.items():
        assert FORMAT.homes({**data, "OPENCODE_DB": named}, Path("/home/dev")) == [Path("/data/opencode"), *more]


def write_files(home: Path, session_id: str) -> None:
    files = {
        f"session/global/{session_id}": {
            "title": "Old",
            "directory": "/home/dev/shop",
            "time": {"created": 1795847040000},
        },
        f"message/{session_id}/msg_2": {"role": "assistant", "time": {"created": 1795847042000}, "modelID": "m"},
        f"message/{session_id}/msg_1": {"role": "user", "time": {"created": 1795847041000}},
        "part/msg_1/prt_1": text("Hi"),
        "part/msg_2/prt_3": text("there"),
        "part/msg_2/prt_2": text("Hello"),
    }
    for name, value in files.items():
        path = home / "storage" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(value))


def test_files_of_older_versions(tmp_path: Path) -> None:
    write_files(tmp_path, "ses_old")
    [found] = FORMAT.find(tmp_path).transcripts
    assert found.name == "storage/session/global/ses_old.json"
    session = FORMAT.derive([StoredTranscript.found(found)])
    assert shown(session) == [("USER", ["text: Hi"]), ("ASSISTANT", ["text: Hello", "text: there"])]
    assert session is not None
    assert (session.id, session.title) == ("ses_old", "Old")
    assert FORMAT.find(tmp_path).transcripts[0].fingerprint == found.fingerprint
    (tmp_path / "storage" / "part" / "msg_2" / "prt_4.json").write_bytes(orjson.dumps(text("!")))
    assert FORMAT.find(tmp_path).transcripts[0].fingerprint != found.fingerprint


def test_the_database_wins_over_the_files_of_the_same_session(home: Path) -> None:
    write_files(home, SESSION_ID)
    assert [found.name for found in FORMAT.find(home).transcripts] == [f"opencode.db/{SESSION_ID}"]


def test_strange_values_derive(home: Path) -> None:
    check_mutations(FORMAT, stored(home)[0])


def test_states_of_calls() -> None:
    picture = {"type": "file", "mime": "image/png", "url": "data:image/png;base64,AAAA"}
    session = derive(
        user("m1", text("Go")),
        assistant(
            "m2",
            tool("c1", "completed", output="seen", attachments=[picture], metadata={"exit": 3}),
            tool("c2", "error", error="denied"),
            tool("c3", "error", error="aborted", metadata={"interrupted": True, "output": "half"}),
            tool("c4", "running"),
            tool("c5", "pending", input={}, raw='{"comm'),
            tool("c6", "completed", "invalid", input={"tool": "bsah", "error": "unknown tool"}, output="No such tool"),
        ),
    )
    assert shown(session)[1] == (
        "ASSISTANT",
        [
            'call bash: {"command":"ls"}',
            "failed c1: ['seen', 'image']",
            'call bash: {"command":"ls"}',
            "failed c2: denied",
            'call bash: {"command":"ls"}',
            "failed c3: half",
            'call bash: {"command":"ls"}',
            'call bash: "{\\"comm"',
            'call bsah: {"tool":"bsah","error":"unknown tool"}',
            "failed c6: No such tool",
        ],
    )
    assert session.messages[1].build()[1]["exit_code"] == 3


def test_injected_texts_and_other_parts() -> None:
    session = derive(
        user("m1", text("Go"), text("Read called", synthetic=True), {"type": "file", "mime": "text/plain", "url": "a"}),
        user("m2", text("Continue", synthetic=True)),
        user("m3", {"type": "subtask", "prompt": "Look", "agent": "explore"}, {"type": "agent", "name": "explore"}),
        assistant("m4", {"type": "step-start"}, {"type": "snapshot"}, {"type": "patch"}, {"type": "new"}),
        assistant("m5", {"type": "step-start"}),
    )  # fmt: skip
    assert [message.is_injected for message in session.messages] == [False, True, False, False]
    assert [block["type"] for message in session.messages for block in message.build()] == [
        "text", "text", "file", "text", "subtask", "agent", "patch", "new",
    ]  # fmt: skip
    assert session.first_prompt == "Go"
    assert session.messages[0].build()[1]["is_injected"] is True


def test_what_was_reverted_is_not_live() -> None:
    messages = [
        user("m1", text("One")),
        assistant("m2", text("First")),
        user("m3", text("Two")),
        assistant("m4", text("B")),
    ]
    assert live(derive(*messages, revert={"messageID": "m3"})) == ["One", "First"]
    assert live(derive(*messages, revert={"messageID": "m3", "partID": "p"})) == ["One", "First", "Two"]
    assert len(derive(*messages, revert={"messageID": "m3"}).messages) == 4
    assert live(derive(*messages, revert={"messageID": "gone"})) == ["One", "First", "Two", "B"]


def compacted(tail: str | None, **summary: Any) -> DerivedSession:
    part = {"type": "compaction", "auto": True, **({"tail_start_id": tail} if tail else {})}
    return derive(
        user("m1", text("One")),
        assistant("m2", text("First")),
        user("m3", text("Two")),
        assistant("m4", text("Second")),
        user("m5", part),
        assistant("m6", text("All so far"), **{"summary": True, "parentID": "m5", **summary}),
        user("m7", text("Three")),
    )


def test_after_a_compaction_its_summary_replaces_what_was_before() -> None:
    session = compacted(None)
    assert live(session) == ["compaction_part", "All so far", "Three"]
    assert session.messages[5].build() == [{"type": "compaction", "summary": "All so far"}]
    assert [message.is_injected for message in session.messages[4:]] == [True, True, False]
    assert live(compacted("m3")) == ["compaction_part", "All so far", "Two", "Second", "Three"]


def test_a_compaction_that_failed_replaces_nothing() -> None:
    assert live(compacted(None, finish=None))[0] == "One"
    assert live(compacted(None, error={"name": "APIError"}))[0] == "One"


def test_a_failed_reply_is_not_sent_again() -> None:
    aborted = {"name": "MessageAbortedError", "data": {"message": "aborted"}}
    session = derive(
        user("m1", text("One")),
        assistant("m2", text("Half"), error={"name": "APIError", "data": {"message": "overloaded"}}),
        assistant("m3", text("Half"), error=aborted),
        assistant("m4", {"type": "reasoning", "text": "Hm"}, error=aborted),
    )
    assert list(session.live) == [0, 2]
    assert [block["type"] for block in session.messages[1].build()] == ["text", "error"]


def test_tokens_are_the_sum_of_the_steps() -> None:
    step = {"input": 10, "output": 5, "reasoning": 2, "cache": {"read": 3, "write": 4}}
    finish = {"type": "step-finish", "tokens": step, "cost": 0.25}
    session = derive(
        user("m1", text("One")),
        assistant("m2", finish, text("a"), finish, tokens=step, cost=0.5),
        assistant("m3", text("b"), tokens=step, cost=0.25),
    )
    assert session.usage == TokenUsage(input=30, cache_read=9, cache_write=12, output=15, reasoning=6)
    assert session.recorded_cost == 0.75
    assert derive(user("m1", text("One")), cost=2.5).recorded_cost == 2.5
    assert derive(user("m1", text("One"))).recorded_cost is None


def test_a_fork_counts_only_its_own_replies() -> None:
    step = {"input": 10, "output": 5, "reasoning": 0, "cache": {"read": 0, "write": 0}}
    before = {"time": {"created": 1795847030000}, "tokens": step, "cost": 0.5}
    session = derive(
        user("m1", text("One"), time={"created": 1795847029000}),
        assistant("m2", text("First"), **before),
        user("m3", text("Two")),
        assistant("m4", text("Second"), tokens=step, cost=0.25),
        cost=0.75,
    )
    assert (session.kind, session.parent_id) == (FORK, None)
    assert (session.usage, session.recorded_cost) == (TokenUsage(input=10, output=5), 0.25)
    assert [message.usage for message in session.messages] == [None, None, None, session.usage]
    assert len(session.live) == 4


def test_kinds_titles_and_archive() -> None:
    child = derive(user("m1", text("One")), parentID="ses_0", title="Child session - 2026-11-28T06:24:00.853Z")
    assert (child.kind, child.parent_id, child.title, child.first_prompt) == (SUBAGENT, "ses_0", None, "One")
    fork = derive(user("m1", text("One")), title="Tea (fork #1)", time={"created": 1, "archived": 1795847050000})
    assert (fork.kind, fork.parent_id, fork.is_archived) == (FORK, None, True)
    assert fork.metadata["time_archived"] == 1795847050000


def test_a_session_without_messages_is_none() -> None:
    assert FORMAT.derive([StoredTranscript.of("opencode.db/ses_1", {"info": {"id": "ses_1"}, "messages": []})]) is None
    assert FORMAT.derive([]) is None
    assert FORMAT.session_id(StoredTranscript("opencode.db/ses_1", b"")) is None


def test_a_run_from_the_command_line_is_automated(home: Path) -> None:
    rules = EXPORT["info"]["permission"]
    asked = [{**rule, "action": "ask"} for rule in rules]

    assert FORMAT.derive(stored(home)).is_automated  # type: ignore[union-attr] # The test fails then.
    assert derive(user("m1", text("One.")), permission=rules).is_automated
    assert not derive(user("m1", text("One."))).is_automated
    assert not derive(user("m1", text("One.")), permission=asked).is_automated
    assert not derive(user("m1", text("One.")), permission=[None, {"permission": "task"}]).is_automated


@pytest.fixture
def two_stores(tmp_path: Path) -> Path:
    """Two sessions whose prompts were sent by turns to the newer API and by `opencode run`, written by 1.18.33."""
    home = tmp_path / "two"
    home.mkdir()
    connection = sqlite3.connect(home / "opencode.db")
    connection.executescript((FIXTURES / "two_stores.sql").read_text())
    connection.close()
    return home


def test_messages_of_both_stores_are_one_conversation(two_stores: Path) -> None:
    newer, older = sorted(
        filter(None, map(FORMAT.derive, [[one] for one in stored(two_stores)])), key=lambda one: one.created_at
    )
    check(newer)
    assert shown(newer) == [
        ("USER", ["text: What does mint tea cost?"]),
        ("ASSISTANT", ["thinking: Look first", "text: Let me look.", *SHELL_CALLS]),
        ("ASSISTANT", ["text: Mint tea costs 2."]),
        ("USER", ["text: And black tea?", "image"]),
        ("ASSISTANT", ["text: The list does not say."]),
        ("USER", ['text: "And the dearest?"']),
        ("ASSISTANT", ["text: A plain answer."]),
        ("USER", ["text: And then?"]),
        ("ASSISTANT", ["text: A summary of all."]),
    ]
    assert list(newer.live) == list(range(9))
    assert newer.usage == TokenUsage(input=1000, cache_read=5000, output=170)
    assert (newer.model, newer.mode, newer.workspace) == ("scripted/model", "build", "/home/dev/shop")
    assert [blocks for _, blocks in shown(older)] == [
        ['text: "Old prompt?"'], ["text: Old answer."], ["text: New prompt?"], ["text: New answer."],
    ]  # fmt: skip


def test_rows_of_the_newer_store_change_the_fingerprint(two_stores: Path) -> None:
    before = {one.name: one.fingerprint for one in FORMAT.find(two_stores).transcripts}
    with sqlite3.connect(two_stores / "opencode.db") as connection:
        connection.execute("UPDATE session_message SET time_updated = time_updated + 1 WHERE seq = 44")
    connection.close()
    after = {one.name: one.fingerprint for one in FORMAT.find(two_stores).transcripts}
    assert sum(before[name] != after[name] for name in before) == 1


def test_other_messages_of_the_newer_store(two_stores: Path) -> None:
    call = {"type": "tool", "name": "bash", "time": {"created": 1}}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("model-switched", {"model": {"id": "m2", "providerID": "p"}}),
        ("novelty", {"x": 1}),
        ("shell", {"callID": "c1", "command": "ls", "output": "prices.txt"}),
        ("synthetic", {"text": "Noted"}),
        ("compaction", {"reason": "auto", "summary": "Sum", "recent": "Last words"}),
        ("assistant", {"agent": "build", "model": {"id": "m2", "providerID": "p"}, "cost": 0.5, "content": [
            {**call, "id": "c2", "state": {"status": "pending", "input": '{"a'}},
            {**call, "id": "c3", "state": {"status": "error", "input": {}, "content": [], "error": {"message": "no"}}},
        ]}),
    ]  # fmt: skip
    with sqlite3.connect(two_stores / "opencode.db") as connection:
        [session_id] = connection.execute("SELECT session_id FROM session_message WHERE seq = 44").fetchone()
        for number, (kind, data) in enumerate(rows):
            time = 1795900300000 + number
            values = (f"msg_x{number}", session_id, kind, 50 + number, time, time)
            body = orjson.dumps({"time": {"created": time}, **data}).decode()
            connection.execute("INSERT INTO session_message VALUES (?, ?, ?, ?, ?, ?, ?)", (*values, body))
    connection.close()
    session = FORMAT.derive([one for one in stored(two_stores) if FORMAT.session_id(one) == session_id])
    check(session)
    assert session is not None
    added = session.messages[9:]
    assert [block["type"] for message in added for block in message.build()] == [
        "novelty", "tool_use", "tool_result", "text", "compaction_part", "compaction",
        "tool_use", "tool_use", "tool_result",
    ]  # fmt: skip
    assert [message.is_injected for message in added] == [False, False, True, True, True, False]
    assert [session.messages[index].build()[0]["type"] for index in session.live] == [
        "compaction_part",
        "compaction",
        "tool_use",
    ]
    assert added[4].build()[0]["summary"] == "Sum\nLast words"
    assert (session.model, session.recorded_cost) == ("p/m2", 0.5)
