"""What a person asked, where programs and other agents write into the same conversation."""

from collections.abc import Callable
from typing import Any

import pytest

from storage.json_codec import dump
from tests.support import claude_code, gemini_records, qwen_lines
from tests.support.resumes import follow, resumed, turns
from tests.support.rollouts import completed, header, item, record, said
from tests.support.server import Served

ASKED = "Which tea is it?"
IMPORT = "mutation ($text: String!) { importSession(input: { text: $text }) { session { id } userErrors { message } } }"
SESSION = """query ($id: ID!) { session(id: $id) {
  title firstPrompt promptCount
  usage { outputTokens }
  messages(first: 50) { nodes { role isInjected content { ... on ToolUseBlock { result { text images { url } } } } } }
} }"""


def lines(*records: object) -> str:
    return "".join(dump(record) + "\n" for record in records)


def of_claude_code() -> str:
    """A team: one agent reports, and another receives a task."""
    made = claude_code.Lines()
    made.user(ASKED)
    made.assistant(claude_code.text("I ask."))
    made.user("Another Claude session sent a message:\n<teammate-message>Mint</teammate-message>\n\nNot your user.")
    made.assistant(claude_code.text("Mint."))
    return made.data().decode()


def of_claude_codes_fork() -> str:
    """A subagent that continues its parent's conversation."""
    made = claude_code.Lines()
    made.meta(type="fork-context-ref", agentId="a1", parentSessionId=claude_code.SESSION)
    marks: dict[str, Any] = {"isSidechain": True, "agentId": "a1"}
    made.assistant(claude_code.call("c1", "Agent"), **marks)
    rules = f"<fork-boilerplate>\nYou are a fork.\n</fork-boilerplate>\n\nYour directive: {ASKED}"
    made.user([claude_code.result("c1"), claude_code.text(rules)], **marks)
    made.assistant(claude_code.text("Let me see."), **marks)
    made.assistant(claude_code.text("Mint."), **marks)
    return made.data().decode()


def of_claude_codes_plan() -> str:
    """A plan that was approved for a session of its own."""
    made = claude_code.Lines()
    place = "If you need specific details from before exiting plan mode, read the full transcript at: /home/dev/1.jsonl"
    made.user(f"Implement the following plan:\n\n{ASKED}\n\n\n{place}", planContent=f"{ASKED}\n")
    made.assistant(claude_code.text("I look."))
    made.assistant(claude_code.text("Mint."))
    return made.data().decode()


def of_claude_codes_goal() -> str:
    """A goal that a person set."""
    made = claude_code.Lines()
    made.user(f"<command-name>/goal</command-name>\n<command-args>{ASKED}</command-args>")
    made.add("system", subtype="local_command", content=f"<local-command-stdout>{ASKED}</local-command-stdout>")
    hook = (
        f'A session-scoped Stop hook is now active with condition: "{ASKED}". Briefly acknowledge the goal, then work.'
    )
    made.user(hook, isMeta=True)
    made.assistant(claude_code.text("I ask."))
    made.user("Stop hook feedback:\n- not known", isMeta=True)
    made.assistant(claude_code.text("Mint."))
    return made.data().decode()


def of_gemini() -> str:
    """A hook that runs at the start."""
    prompt = f"<hook_context>Be brief.</hook_context>\n\n{ASKED}"
    reply = gemini_records.model("g1", "Mint.", tokens={"input": 5, "output": 80})
    return lines(gemini_records.HEADER, gemini_records.user("u1", [{"text": prompt}]), reply)


def of_qwen() -> str:
    """A subagent that ends in the background."""
    made = qwen_lines.Lines().add("user", "u1", [qwen_lines.text(ASKED)])
    usage = {"promptTokenCount": 5, "candidatesTokenCount": 40, "totalTokenCount": 45}
    made.add("assistant", "a1", [qwen_lines.text("I ask.")], usageMetadata=usage)
    made.add("user", "u2", [qwen_lines.text("<task-notification/>")], subtype="notification", provenance="system")
    made.add("assistant", "a2", [qwen_lines.text("Mint.")], usageMetadata=usage)
    return lines(*made.records)


def of_qwens_goal() -> str:
    """A goal, which the program repeats when a turn has ended and when a person pauses it."""
    usage = {"promptTokenCount": 5, "candidatesTokenCount": 40, "totalTokenCount": 45}
    made = qwen_lines.Lines()

    def state(cause: str, count: int) -> None:
        goal = {"goalId": "g1", "objective": ASKED, "turnCount": count}
        payload = {"v": 2, "cause": cause, "snapshot": {"v": 2, "goal": goal}}
        made.system(f"s{count}{cause}", "goal_state", payload, provenance="goal_control")

    state("create", 0)
    for count, words in enumerate(("I ask.", "Mint."), 1):
        pursuit = qwen_lines.text(f"Continue working on the active Goal. {ASKED}")
        made.add("user", f"u{count}", [pursuit], subtype="goal_runtime", provenance="goal_runtime")
        made.add("assistant", f"a{count}", [qwen_lines.text(words)], usageMetadata=usage)
        state("turn_finished", count)
    state("pause", 2)
    return lines(*made.records)


@pytest.mark.parametrize(
    "written",
    [
        of_claude_code,
        of_claude_codes_fork,
        of_claude_codes_plan,
        of_claude_codes_goal,
        of_gemini,
        of_qwen,
        of_qwens_goal,
    ],
)
async def test_only_what_a_person_asked_is_a_prompt(server: Served, written: Callable[[], str]) -> None:
    payload = (await server.client.data(IMPORT, text=written()))["importSession"]
    assert payload["userErrors"] == []
    id = payload["session"]["id"]

    session = (await server.client.data(SESSION, id=id))["session"]
    assert (session["title"], session["firstPrompt"], session["promptCount"]) == (ASKED, ASKED, 1)
    assert session["usage"]["outputTokens"] == 80
    task = await resumed(server.client, id)
    assert (await follow(server.client, task["threadId"]))[-1]["state"] == "READY"
    prompts = [
        one["text"].strip()
        for turn in await turns(server.client, task["threadId"])
        for one in turn["items"]["nodes"]
        if one["__typename"] == "UserMessageItem"
    ]
    assert prompts == [ASKED]


def command_of_gemini() -> str:
    """A command of the person's own, and the text that it stands for."""
    command = [{"text": "/brew green tea"}]
    prompt = gemini_records.user("u1", [{"text": "Brew the tea.\n\n/brew green tea"}], displayContent=command)
    return lines(gemini_records.HEADER, prompt, gemini_records.model("g1", "Brewed."))


def command_of_qwen() -> str:
    """The same in Qwen Code, which records it before that text."""
    made = qwen_lines.Lines()
    for phase in ("invocation", "result"):
        made.system(phase, "slash_command", {"phase": phase, "rawCommand": "/brew green tea", "sentToModel": True})
    made.add("user", "u1", [qwen_lines.text("Brew the tea.")]).add("assistant", "a1", [qwen_lines.text("Brewed.")])
    return lines(*made.records)


@pytest.mark.parametrize("written", [command_of_gemini, command_of_qwen])
async def test_a_session_that_a_command_began_is_named_by_what_was_typed(
    server: Served, written: Callable[[], str]
) -> None:
    payload = (await server.client.data(IMPORT, text=written()))["importSession"]
    assert payload["userErrors"] == []

    session = (await server.client.data(SESSION, id=payload["session"]["id"]))["session"]

    assert (session["title"], session["firstPrompt"]) == ("/brew green tea", "/brew green tea")
    assert session["promptCount"] == 1


async def test_an_answer_of_a_server_has_what_the_model_did_not_get(server: Served) -> None:
    picture = {"type": "image", "data": "AAAA", "mimeType": "image/png"}
    answer = {"content": [{"type": "text", "text": "It is mint"}, picture], "structuredContent": {"euros": 2}}
    given = 'Wall time: 0.01 seconds\nOutput:\n{"euros":2}'
    rollout = lines(
        header(),
        said("user", ASKED),
        item("function_call", name="price", namespace="mcp__till", call_id="c1", arguments="{}"),
        completed("McpToolCall", id="c1", server="till", tool="price", status="completed", result=answer),
        item("function_call_output", call_id="c1", output=given),
    )
    payload = (await server.client.data(IMPORT, text=rollout))["importSession"]
    assert payload["userErrors"] == []

    session = (await server.client.data(SESSION, id=payload["session"]["id"]))["session"]
    [result] = [block["result"] for one in session["messages"]["nodes"] for block in one["content"] if block]
    assert result == {"text": f"{given}\nIt is mint", "images": [{"url": "data:image/png;base64,AAAA"}]}
    search = "query ($words: String!) { search(query: $words) { nodes { session { id } } } }"
    assert (await server.client.data(search, words='"is mint"'))["search"]["nodes"]


async def test_what_a_person_answered_to_a_question_is_shown_once(server: Served) -> None:
    question = {"id": "tea", "question": ASKED, "options": [{"label": "Mint", "description": "green"}]}
    kept = {"question": f"{ASKED}\nMint: green", "answer": "Mint\nand honey"}
    rollout = lines(
        header(),
        said("user", "Ask me."),
        item("function_call", name="request_user_input", call_id="c1", arguments=dump({"questions": [question]})),
        record("retained_context", {"type": "verified_answer", "call_id": "c1", "questions": [kept]}),
        item("function_call_output", call_id="c1", output='{"answers":{"tea":{"answers":["Mint","and honey"]}}}'),
        said("assistant", "With honey."),
    )
    payload = (await server.client.data(IMPORT, text=rollout))["importSession"]
    assert payload["userErrors"] == []

    session = (await server.client.data(SESSION, id=payload["session"]["id"]))["session"]
    assert [one["role"] for one in session["messages"]["nodes"]] == ["USER", "ASSISTANT", "TOOL", "ASSISTANT"]
    search = "query ($words: String!) { search(query: $words) { totalCount } }"
    assert (await server.client.data(search, words='"and honey"'))["search"]["totalCount"] == 1
