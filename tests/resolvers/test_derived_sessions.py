"""Sessions that were derived from transcripts, as clients see them."""

from pathlib import Path
from typing import Any

from tests.conftest import Serve
from tests.support.archived import take
from tests.support.line_format import LineFormat, line, lines
from tests.support.resumes import follow, resumed, turns
from tests.support.searches import search
from tests.support.server import Served
from tests.support.sessions import session

FORMAT = LineFormat()


def call(id: str) -> bytes:
    return line(assistant=[{"type": "tool_use", "id": id, "name": "bash", "input": {"cmd": f"run {id}"}}])


def answer(id: str) -> bytes:
    return line(tool=[{"type": "tool_result", "tool_use_id": id, "content": f"output of {id}"}])


async def taken(server: Served, home: Path) -> None:
    await take(server.app.state.database, FORMAT, home)


async def items(server: Served, id: str) -> list[tuple[str, Any]]:
    """The items of a thread that is seeded from a session, which must become READY."""
    task = await resumed(server.client, id)
    states = [state["state"] for state in await follow(server.client, task["threadId"])]
    assert states[-1] == "READY"
    return [
        (item["summary"], item.get("output"))
        for turn in await turns(server.client, task["threadId"])
        for item in turn["items"]["nodes"]
    ]


async def test_a_resume_has_each_tool_call_with_its_answer(serve: Serve, tmp_path: Path) -> None:
    server = await serve()
    (tmp_path / "a.lines").write_bytes(lines("s1", "go") + call("1") + call("2") + answer("2") + answer("1"))
    await taken(server, tmp_path)
    assert await items(server, "s1") == [
        ("go", None),
        ("bash: run 1", "output of 1"),
        ("bash: run 2", "output of 2"),
    ]


async def test_a_resume_follows_the_order_that_the_model_sees(serve: Serve, tmp_path: Path) -> None:
    server = await serve()
    first = lines("s1", "go") + call("1") + answer("1") + line(user="summary") + line(user="more")
    (tmp_path / "a.lines").write_bytes(first + line(live=[3, 1, 2, 4]))
    await taken(server, tmp_path)
    expected = [("summary", None), ("bash: run 1", "output of 1"), ("more", None)]
    assert await items(server, "s1") == expected

    with (tmp_path / "a.lines").open("ab") as file:
        file.write(line(user="last"))
    await taken(server, tmp_path)
    assert await items(server, "s1") == [*expected, ("last", None)]


async def test_a_reply_that_grows_is_found_by_all_its_words_and_by_no_others(serve: Serve, tmp_path: Path) -> None:
    server = await serve(seed=False)
    path = tmp_path / "a.lines"
    path.write_bytes(lines("s1", "hello", "quick brown"))
    await taken(server, tmp_path)
    assert len((await search(server.client, '"brown fox"'))["nodes"]) == 0
    for more, phrase in (("brown fox", '"brown fox"'), ("jumps", "quick jumps"), ("over", "brown over")):
        with path.open("ab") as file:
            file.write(line(more=more))
        await taken(server, tmp_path)
        found = (await search(server.client, phrase))["nodes"]
        assert [hit["message"]["position"] for hit in found] == [1]
    path.write_bytes(lines("s1", "hello", "lazy dog"))
    with path.open("ab") as file:
        file.write(line(user="later", at=99))
    await taken(server, tmp_path)
    # What the newer file lacks stays as an earlier window, and is found once.
    assert len((await search(server.client, "jumps"))["nodes"]) == 1
    assert len((await search(server.client, "lazy"))["nodes"]) == 1


async def test_messages_and_their_times_are_read(serve: Serve, tmp_path: Path) -> None:
    server = await serve(seed=False)
    (tmp_path / "a.lines").write_bytes(lines("s1", "one", "two", title="Title"))
    await taken(server, tmp_path)
    found = await session(server.client, "s1", "title source messageCount messages { nodes { role text } }")
    assert found == {
        "title": "Title",
        "source": "CLAUDE_CODE",
        "messageCount": 2,
        "messages": {"nodes": [{"role": "USER", "text": "one"}, {"role": "ASSISTANT", "text": "two"}]},
    }
