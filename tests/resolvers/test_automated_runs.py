"""Runs that a program started: which sessions they are, and the filter for them."""

import json
from pathlib import Path
from typing import Any

from tests.conftest import Serve
from tests.support.archived import take
from tests.support.changes import change_seq, changes
from tests.support.claude_code import FORMAT, NAME, SESSION, Lines, text
from tests.support.documents import zagens
from tests.support.rollouts import CODEX, THREAD, header, said
from tests.support.rollouts import NAME as ROLLOUT
from tests.support.server import Served
from tests.support.sessions import imported

_SESSIONS = "query ($filter: SessionFilter) { sessions(filter: $filter) { totalCount nodes { id isAutomated } } }"


def home(folder: Path, name: str, lines: list[dict[str, Any]]) -> Path:
    """An agent's home with one transcript."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(one)}\n" for one in lines), encoding="utf-8")
    return folder


async def automated(server: Served, **filter: Any) -> dict[str, bool]:
    """Whether the sessions that pass a filter are automated runs."""
    page = (await server.client.data(_SESSIONS, filter=filter))["sessions"]
    facets = "query ($filter: SessionFilter) { sessionFacets(filter: $filter) { totalCount } }"
    total = (await server.client.data(facets, filter=filter))["sessionFacets"]["totalCount"]
    assert page["totalCount"] == len(page["nodes"]) == total
    return {one["id"]: one["isAutomated"] for one in page["nodes"]}


async def test_runs_are_automated_until_a_person_continues_them(serve: Serve, tmp_path: Path) -> None:
    server = await serve(seed=False)
    database = server.app.state.database
    lines = Lines()
    lines.user("Review the diff.", entrypoint="sdk-cli")
    lines.assistant(text("Reviewed."))
    claude = home(tmp_path / "claude", NAME, lines.lines)
    codex = home(tmp_path / "codex", ROLLOUT, [header(source="exec"), said("user", "Lint."), said("assistant", "Ok.")])
    await take(database, FORMAT, claude)
    await take(database, CODEX, codex)
    await imported(server.client, zagens("document"))

    assert await automated(server) == {SESSION: True, THREAD: True, "document": False}
    assert await automated(server, isAutomated=True) == {SESSION: True, THREAD: True}
    assert await automated(server, isAutomated=False) == {"document": False}

    seq = await change_seq(server.client)
    lines.user("Fix it, too.", entrypoint="cli")
    home(tmp_path / "claude", NAME, lines.lines)
    async with changes(server.client, since=seq, filter={"isAutomated": True}) as stream:
        await take(database, FORMAT, claude)

        assert await stream.kinds(1) == [("UPDATED", SESSION)]
    assert await automated(server, isAutomated=True) == {THREAD: True}
