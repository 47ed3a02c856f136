"""Sessions' prompts: their count, and the filter for sessions that have at least so many."""

from pathlib import Path
from typing import Any

from tests.conftest import Serve
from tests.support.archived import take
from tests.support.documents import assistant, codewhale, tool_result, tool_use, user, zagens
from tests.support.line_format import LineFormat, line
from tests.support.server import Served
from tests.support.sessions import imported

_COUNTS = "query ($filter: SessionFilter) { sessions(filter: $filter) { totalCount nodes { id promptCount } } }"
RUN = [user("Build it."), assistant("Built.")]


async def prompts(server: Served, **filter: Any) -> dict[str, int]:
    """The prompt counts of the sessions that pass a filter."""
    page = (await server.client.data(_COUNTS, filter=filter))["sessions"]
    assert page["totalCount"] == len(page["nodes"])
    return {one["id"]: one["promptCount"] for one in page["nodes"]}


async def test_prompts_are_what_the_person_wrote(serve: Serve) -> None:
    server = await serve(seed=False)
    call, answer = assistant(tool_use("t1")), user(tool_result("t1", "42"))
    reminder = user("<turn_meta>2026-06-11</turn_meta>")
    await imported(
        server.client,
        zagens("none"),
        zagens("run", messages=RUN),
        codewhale("talk", messages=[user("Why?"), call, answer, assistant("So."), reminder, user("And now?")]),
    )

    assert await prompts(server) == {"none": 0, "run": 1, "talk": 2}
    assert await prompts(server, minPrompts=1) == {"run": 1, "talk": 2}
    assert await prompts(server, minPrompts=2) == {"talk": 2}
    assert await prompts(server, minPrompts=3) == {}


async def test_prompts_are_counted_again_as_a_session_grows(serve: Serve, tmp_path: Path) -> None:
    server = await serve(seed=False)
    database = server.app.state.database
    file = tmp_path / "lines.lines"
    file.write_bytes(line(session="lines") + line(user="Why?") + line(assistant="So."))
    await take(database, LineFormat(), tmp_path)
    await imported(server.client, zagens("document", messages=RUN))
    before = await prompts(server)

    file.write_bytes(file.read_bytes() + line(user="And now?"))
    await take(database, LineFormat(), tmp_path)
    await imported(server.client, zagens("document", messages=[*RUN, user("Test it."), user("Ship it.")]))

    assert before == {"lines": 1, "document": 1}
    assert await prompts(server) == {"lines": 2, "document": 3}
    assert await prompts(server, minPrompts=3) == {"document": 3}
