"""The directory of a session that a person moved to another one."""

from collections.abc import Callable

import pytest

from storage.json_codec import dump
from tests.support import claude_code
from tests.support.rollouts import header, record, said
from tests.support.server import Served

FIRST, SECOND, VISITED = "/home/dev/shop", "/home/dev/store", "/home/dev/shop/out"
IMPORT = """mutation ($text: String!) { importSession(input: { text: $text }) {
  session { workspace } userErrors { message }
} }"""
COUNT = "query ($workspace: String!) { sessions(filter: { workspaces: [$workspace] }) { totalCount } }"


def of_claude_code() -> str:
    """A command changes the directory, and then `/cd` does, which a later line repeats."""
    made = claude_code.Lines()
    made.user("Which tea is it?", cwd=FIRST)
    made.assistant(claude_code.text("Mint."), cwd=VISITED)
    moved = {"type": "relocated", "sessionId": claude_code.SESSION, "relocatedCwd": SECOND}
    made.meta(**{**moved, "relocatedCwd": "/home/dev"})
    made.meta(**moved)
    made.user("And here?", cwd=f"{SECOND}/out")
    made.meta(**moved)
    return made.data().decode()


def of_codex() -> str:
    """A thread that was resumed in another directory."""
    prompts = {FIRST: "Which tea is it?", SECOND: "And here?"}
    turns = [(record("turn_context", {"cwd": cwd}), said("user", prompt)) for cwd, prompt in prompts.items()]
    lines = [header(cwd=FIRST), *(line for turn in turns for line in turn)]
    return "".join(dump(line) + "\n" for line in lines)


@pytest.mark.parametrize("written", [of_claude_code, of_codex])
async def test_a_session_is_in_the_directory_that_it_was_moved_to(server: Served, written: Callable[[], str]) -> None:
    payload = (await server.client.data(IMPORT, text=written()))["importSession"]

    assert payload == {"session": {"workspace": SECOND}, "userErrors": []}
    counts = [(await server.client.data(COUNT, workspace=each))["sessions"]["totalCount"] for each in (FIRST, SECOND)]
    assert counts == [0, 1]
