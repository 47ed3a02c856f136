"""What the log says: one object a line, under the request's id, and nothing that anybody wrote."""

import asyncio
import io
import json
import logging
import os
import re
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import resolvers.session
from resolvers.readiness import DatabaseStatus
from server.observability.logs import ConsoleFormatter, JsonFormatter, configure
from storage.database.database import Database
from tests.conftest import Serve
from tests.server.conftest import Lines
from tests.support.client import PATIENCE, Client
from tests.support.documents import assistant, user, zagens
from tests.support.resumes import WATCH, cancel, follow, read, resumed, save

SECRET = "xyzzy-hunter2"
DOCUMENT = zagens("s1", messages=[user(f"One {SECRET} é"), assistant("Two"), user("Three")])


def named(lines: Lines, message: str) -> list[dict[str, Any]]:
    return [line for line in lines() if line["message"] == message]


async def post(client: Client, query: str, **headers: str) -> Any:
    return await client.http.post("/graphql", json={"query": query}, headers=headers)


async def test_each_request_is_one_line(serve: Serve, lines: Lines) -> None:
    client = (await serve(seed=False)).client

    response = await post(client, "query Titles { sessions { nodes { title } } }")
    [line] = named(lines, "request")

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("timestamp"))
    assert line.pop("milliseconds") > 0
    assert line == {
        "level": "INFO",
        "logger": "reprise.http",
        "message": "request",
        "request_id": response.headers["x-request-id"],
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "bytes": len(response.content),
        "kind": "query",
        "operation": "Titles",
    }


async def test_a_request_that_is_refused_is_logged_with_its_codes(serve: Serve, lines: Lines) -> None:
    client = (await serve(seed=False)).client

    await post(client, "{ nope }")
    await client.http.post("/graphql", content=b"query", headers={"content-type": "text/plain"})
    await client.http.get("/nowhere")

    entries = [(line["path"], line["status"], line.get("codes")) for line in named(lines, "request")]
    assert entries == [
        ("/graphql", 200, ["GRAPHQL_VALIDATION_FAILED"]),
        ("/graphql", 415, ["BAD_REQUEST"]),
        ("/nowhere", 404, ["NOT_FOUND"]),
    ]


@pytest.mark.parametrize("id", ["a", "A-b_c.9", "x" * 64])
async def test_a_well_formed_request_id_is_kept(serve: Serve, lines: Lines, id: str) -> None:
    client = (await serve(seed=False)).client

    response = await post(client, "{ __typename }", **{"x-request-id": id})

    assert response.headers["x-request-id"] == id
    assert [line["request_id"] for line in named(lines, "request")] == [id]


@pytest.mark.parametrize("id", ["", "x" * 65, "a b", 'a"b', "a,b", "é"])
async def test_any_other_request_id_is_replaced(serve: Serve, lines: Lines, id: str) -> None:
    client = (await serve(seed=False)).client

    response = await client.http.post(
        "/graphql", json={"query": "{ __typename }"}, headers=[(b"x-request-id", id.encode())]
    )

    assert re.fullmatch("[0-9a-f]{32}", response.headers["x-request-id"])
    assert [line["request_id"] for line in named(lines, "request")] == [response.headers["x-request-id"]]


async def test_every_line_within_a_request_has_its_id(
    serve: Serve, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = (await serve(seed=False)).client

    async def broken(*_args: object, **_kwargs: object) -> object:
        raise RuntimeError("broken")

    monkeypatch.setattr(resolvers.session, "session_page", broken)
    response = await post(client, "{ sessions { totalCount } }", **{"x-request-id": "mine"})
    [error] = response.json()["errors"]
    [fault] = [line for line in lines() if line["level"] == "ERROR"]

    assert error["extensions"]["errorId"] in fault["message"]
    assert fault["request_id"] == "mine"
    assert "RuntimeError: broken" in fault["exception"]


async def test_a_fault_outside_of_operations_is_logged_under_the_id_that_its_answer_has(
    serve: Serve, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    http = (await serve(seed=False)).client.http

    async def broken(_: object) -> bool:
        raise RuntimeError("broken")

    monkeypatch.setattr(DatabaseStatus, "is_ready", broken)
    response = await http.get("/readyz")

    assert (response.status_code, response.json()["errors"][0]["message"]) == (500, "Internal server error.")
    entries = [line for line in lines() if line.get("request_id") == response.headers["x-request-id"]]
    assert [(line["level"], line["message"].strip()) for line in entries] == [
        ("WARNING", "request"),
        ("ERROR", "Exception in ASGI application"),
    ]
    assert "RuntimeError: broken" in entries[1]["exception"]
    assert (entries[0]["status"], entries[0]["codes"]) == (500, ["INTERNAL_SERVER_ERROR"])


async def test_operations_of_a_websocket_have_lines_of_their_own(serve: Serve, lines: Lines) -> None:
    client = (await serve()).client
    task = await resumed(client, await save(client, DOCUMENT))

    async with aclosing(client.subscribe(WATCH, {"threadId": task["threadId"]})) as states:
        async for _ in states:
            pass
    async with asyncio.timeout(PATIENCE):
        while not named(lines, "websocket"):
            await client.http.get("/healthz")
    [operation], [socket] = named(lines, "operation"), named(lines, "websocket")

    assert operation["kind"] == "subscription"
    assert operation["request_id"] == f"{socket['request_id']}-1"
    assert (socket["path"], socket["operations"]) == ("/graphql", 1)
    assert socket["bytes"] > 0


async def test_nothing_that_anybody_wrote_is_logged(
    serve: Serve, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = (await serve(token=SECRET)).client
    session_id = await save(client, DOCUMENT)
    task = await resumed(client, session_id, model=SECRET)
    await follow(client, task["threadId"])
    await client.data("query ($q: String!) { search(query: $q) { totalCount } }", q=SECRET)
    await post(client, f'{{ session(id: "{SECRET}") {{ nope }} }}')
    await client.http.get("/graphql", params={"query": f'{{ session(id: "{SECRET}") {{ id }} }}'})
    await post(client, "{ __typename }", authorization=f"Bearer {SECRET}wrong")

    async def fails(database: Database, *_: object) -> None:
        async with database.snapshot() as connection:
            await connection.execute(sa.text("SELECT 1 FROM nowhere WHERE x = :x"), {"x": SECRET})

    monkeypatch.setattr(resolvers.session, "session_page", fails)
    await post(client, "{ sessions { totalCount } }")

    assert len(named(lines, "request")) > 5
    assert [line for line in lines() if line["level"] == "ERROR"] != []
    assert [line for line in lines() if "xyzzy" in json.dumps(line)] == []


async def test_probes_that_find_all_well_are_not_logged(serve: Serve, lines: Lines) -> None:
    http = (await serve(seed=False)).client.http

    for path in ("/healthz", "/readyz", "/metrics"):
        await http.get(path)
        await http.post(path)

    assert [(line["path"], line["status"]) for line in named(lines, "request")] == [
        ("/healthz", 405),
        ("/readyz", 405),
        ("/metrics", 405),
    ]


async def test_a_resume_is_logged_from_its_acceptance_to_its_end(serve: Serve, lines: Lines) -> None:
    client = (await serve()).client
    session_id = await save(client, DOCUMENT)
    task = await resumed(client, session_id)
    await follow(client, task["threadId"])
    await resumed(client, session_id)

    story = [line for line in lines() if line["message"].startswith(("resume ", "seeding "))]
    messages = [line["message"] for line in story]
    assert sorted(messages) == ["resume accepted", "resume reused", "seeding ended", "seeding started"]
    assert messages[-1] == "resume reused"
    assert {line["thread_id"] for line in story} == {task["threadId"]}
    by_message = {line["message"]: line for line in story}
    assert by_message["resume accepted"].items() >= {"items": task["itemsTotal"], "messages": 3, "attempt": 1}.items()
    assert by_message["resume reused"]["state"] == "READY"
    ended = by_message["seeding ended"]
    assert ended["seconds"] > 0
    contents = [json.dumps(message["content"], ensure_ascii=False, separators=(",", ":")) for message in messages_of()]
    assert (
        ended.items()
        >= {
            "outcome": "READY",
            "attempt": 1,
            "items": task["itemsTotal"],
            "items_written": task["itemsTotal"],
            "messages": 3,
            "batches": 1,
            "bytes": sum(len(content.encode()) for content in contents),
        }.items()
    )


def messages_of() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = DOCUMENT["messages"]
    return found


async def test_a_resume_that_is_called_off_is_logged(serve: Serve, lines: Lines) -> None:
    client = (await serve(seed=False)).client
    task = await resumed(client, await save(client, DOCUMENT))
    await cancel(client, task["threadId"])
    await cancel(client, task["threadId"])

    assert (await read(client, task["threadId"]))["state"] == "CANCELED"
    assert [line["thread_id"] for line in named(lines, "resume canceled")] == [task["threadId"]]


def record(message: str, **fields: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "reprise.x", "levelname": "INFO", "msg": message, "created": 0.5})
    vars(made).update(fields)
    return made


def test_any_value_can_be_logged() -> None:
    line = json.loads(JsonFormatter().format(record("m", path="\ud800\n", size=2**70, place=Path("a"))))

    assert line["timestamp"] == "1970-01-01T00:00:00.500Z"
    assert (line["path"], line["size"], line["place"]) == ("\ud800\n", 2**70, "a")


def test_a_line_for_people_stays_one_line_whatever_a_client_sends() -> None:
    line = ConsoleFormatter().format(record("request", path="/a\n\x1b[31m\x9b", status=404))

    assert line.endswith(r'INFO    reprise.x request path="/a\n\u001b[31m\u009b" status=404')


@pytest.mark.parametrize(
    ("form", "is_terminal", "is_json"),
    [("auto", True, False), ("auto", False, True), ("json", True, True), ("console", False, False)],
)
def test_the_form_goes_by_the_setting_and_by_the_terminal(
    lines: Lines, form: Any, is_terminal: bool, is_json: bool
) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return is_terminal

    stream = Stream()
    configure(form, stream=stream)
    logging.getLogger("reprise.x").info("said")

    assert stream.getvalue().startswith('{"timestamp"') == is_json
    assert "said" in stream.getvalue()
    assert lines() == []


async def test_requests_are_logged_as_far_as_the_level_says(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    client = (await serve(seed=False)).client
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    levels = {name: logging.getLogger(name).level for name in ("", "alembic", "uvicorn", "watchfiles")}
    said = {}
    try:
        for level in ("info", "warning", "error"):
            stream = io.StringIO()
            configure("json", level, stream)
            await post(client, "{ __typename }")
            log = logging.getLogger("reprise.x")
            log.warning("warned")
            log.error("failed")
            said[level] = {json.loads(line)["message"] for line in stream.getvalue().splitlines()}
    finally:
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)

    assert said["info"] >= {"request", "warned", "failed"}
    assert said["warning"] == {"warned", "failed"}
    assert said["error"] == {"failed"}


def test_a_line_for_people_commands_no_terminal() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(ConsoleFormatter())
    logger = logging.getLogger("reprise.x")
    logger.addHandler(handler)
    try:
        raise ValueError("\x1b[2Jraised\nsecond")
    except ValueError:
        logger.exception("said \x9b31m %s", "\rname", extra={"field": "\x1b]0;"})
    finally:
        logger.removeHandler(handler)

    said = stream.getvalue()
    assert not set(said) & {*"\x1b\x9b\r"}
    assert "said \\x9b31m \\rname" in said
    assert "ValueError: \\x1b[2Jraised\nsecond\n" in said


@pytest.mark.slow
def test_a_served_process_says_nothing_but_objects(tmp_path: Path) -> None:
    environment = {**os.environ, "REPRISE_DATABASE_URL": f"sqlite:///{tmp_path / 'r.db'}", "REPRISE_PORT": "0"}
    command = [sys.executable, "-m", "app", "serve"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = [json.loads(process.stderr.readline())]
        while "Listening on http://127.0.0.1:" not in said[-1]["message"]:
            said.append(json.loads(process.stderr.readline()))
        process.terminate()
        said += [json.loads(line) for line in process.stderr]

    # Without Node.js no page is built: `/` leads to the playground, which a CDN stands in for.
    others = [line for line in said if "playground" not in line["message"]]
    assert [line for line in others if line["level"] != "INFO"] == []
    assert process.returncode == 0
