"""Sessions with messages in both of OpenCode's stores, the older and that of its newer API."""

import sqlite3
from pathlib import Path
from typing import Any

import orjson
import pytest

from storage.records.token_usage import TokenUsage
from tests.support.format_checks import check, shown
from tests.support.opencode_sessions import FORMAT, stored

SHELL_CALLS = [
    'call bash: {"command":"cat prices.txt","description":"Run a command"}',
    "result toolu_000000000001: Mint tea 2\n\nCommand exited with code 0.",
    'call bash: {"command":"cat nothing.txt","description":"Run a command"}',
    "failed toolu_000000000002: cat: nothing.txt: No such file or directory\n\nCommand exited with code 1.",
]


@pytest.fixture
def two_stores(tmp_path: Path) -> Path:
    """Two sessions whose prompts were sent by turns to the newer API and by `opencode run`, written by 1.18.33."""
    home = tmp_path / "two"
    home.mkdir()
    connection = sqlite3.connect(home / "opencode.db")
    connection.executescript((Path(__file__).parent / "two_stores.sql").read_text())
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


@pytest.mark.parametrize(("is_of_newer", "live"), [(True, 9), (False, 5)])
def test_an_undo_of_the_newer_api_takes_nothing_back_until_it_is_committed(
    is_of_newer: bool, live: int, two_stores: Path
) -> None:
    with sqlite3.connect(two_stores / "opencode.db") as connection:
        table = "session_message WHERE type = 'user'" if is_of_newer else "message WHERE data->>'role' = 'user'"
        [session_id] = connection.execute("SELECT session_id FROM session_message WHERE seq = 44").fetchone()
        statement = f"SELECT id FROM {table} AND session_id = ? ORDER BY id"
        message_id = connection.execute(statement, (session_id,)).fetchone()[0]
        revert = orjson.dumps({"messageID": message_id}).decode()
        connection.execute("UPDATE session SET revert = ? WHERE id = ?", (revert, session_id))
    connection.close()
    session = FORMAT.derive([one for one in stored(two_stores) if FORMAT.session_id(one) == session_id])
    check(session)
    assert session is not None
    assert len(session.live) == live


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
