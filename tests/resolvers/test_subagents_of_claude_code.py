"""Subagents of Claude Code whose transcripts say less of them than others do."""

from typing import Any

import pytest

from tests.support.claude_code import OTHER_SESSION, SESSION, Lines, text
from tests.support.server import Served

TASK = "Count the stock"
IMPORT = "mutation ($text: String!) { importSession(input: { text: $text }) { session { id } userErrors { message } } }"
GIVEN_BACK = "query ($id: ID!) { session(id: $id) { handoff(to: CLAUDE_CODE) { commands } } }"
LISTED = "{ sessions { nodes { id } } }"
SESSION_OF = """query ($id: ID!) { session(id: $id) {
  kind title firstPrompt promptCount parent { id } children(kinds: [SUBAGENT]) { nodes { id } }
} }"""


def of_lead() -> str:
    made = Lines()
    made.user("Ask an agent")
    made.assistant(text("I ask."))
    return made.data().decode()


def of_agent() -> str:
    """An agent of a team, which runs in a terminal of its own and is named by the team alone."""
    made = Lines(OTHER_SESSION)
    told = f'<teammate-message teammate_id="team-lead">\n{TASK}\n</teammate-message>'
    made.user(told, teamName=f"session-{SESSION[:8]}", agentName="scout")
    made.assistant(text("Three."), teamName=f"session-{SESSION[:8]}", agentName="scout")
    return made.data().decode()


@pytest.mark.parametrize("is_lead_first", [True, False])
async def test_an_agent_in_a_terminal_of_its_own_is_a_subagent(server: Served, is_lead_first: bool) -> None:
    written = [of_lead(), of_agent()] if is_lead_first else [of_agent(), of_lead()]
    for each in written:
        assert (await server.client.data(IMPORT, text=each))["importSession"]["userErrors"] == []

    agent, lead = [(await server.client.data(SESSION_OF, id=id))["session"] for id in (OTHER_SESSION, SESSION)]
    assert agent == {
        "kind": "SUBAGENT",
        "title": TASK,
        "firstPrompt": TASK,
        "promptCount": 1,
        "parent": {"id": SESSION},
        "children": {"nodes": []},
    }
    assert (lead["kind"], lead["children"]["nodes"]) == ("MAIN", [{"id": OTHER_SESSION}])
    assert (await server.client.data(LISTED))["sessions"]["nodes"] == [{"id": SESSION}]
    # Unlike other subagents it has a session that can be resumed.
    given_back = (await server.client.data(GIVEN_BACK, id=OTHER_SESSION))["session"]["handoff"]
    assert given_back == {"commands": [["claude", "--resume", OTHER_SESSION]]}


async def test_a_subagent_that_a_skill_began_is_named_by_what_the_skill_says(server: Served) -> None:
    made = Lines()
    marks: dict[str, Any] = {"isSidechain": True, "agentId": "a1"}
    made.user(f"Base directory for this skill: /home/dev/.claude/skills/stock\n\n{TASK}\n", isMeta=True, **marks)
    made.assistant(text("Three."), **marks)
    made.user("Go on.", isMeta=True, **marks)

    payload = (await server.client.data(IMPORT, text=made.data().decode()))["importSession"]

    assert payload["userErrors"] == []
    session = (await server.client.data(SESSION_OF, id=payload["session"]["id"]))["session"]
    assert (session["kind"], session["title"], session["firstPrompt"], session["promptCount"]) == (
        *("SUBAGENT", TASK, TASK),
        1,
    )
