"""Sessions that were compacted twice and resumed after each, their forks, and subagents that start subagents."""

from pathlib import Path

from storage.documents.derived_session import FORK, SUBAGENT, DerivedSession
from tests.agents.conftest import Prepare
from tests.agents.model_server.script import Call, Usage, reply
from tests.agents.model_server.server import TITLE, ModelServer
from tests.agents.programs.claude_code import ClaudeCode
from tests.agents.programs.codex import Codex
from tests.agents.reading import sessions, unsent
from tests.agents.recording import ANSWER, PROMPT, SECOND_ANSWER, SECOND_PROMPT, resumed

SUMMARIES = "They asked for a price.", "They asked for two prices."
THIRD_PROMPT, FORK_PROMPT = "And green tea?", "Go elsewhere."


def summaries(session: DerivedSession) -> list[tuple[str, bool]]:
    """The compactions in order, and whether the model still sees them."""
    return [
        (str(block["summary"]), index in session.live)
        for index, message in enumerate(session.messages)
        for block in message.build()
        if block["type"] == "compaction"
    ]


def test_claude_code_compacted_twice(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(ClaudeCode)
    models.play(reply(program.shell("cat prices.txt")), reply(ANSWER))
    program.run(PROMPT, cwd)
    [file] = program.files()
    for summary, prompt in zip(SUMMARIES, (SECOND_PROMPT, THIRD_PROMPT), strict=True):
        models.play(reply(f"<summary>{summary}</summary>"))
        program.run("/compact", cwd, resume=file.stem)
        request = resumed(program, models, file.stem, prompt, cwd)

        session = sessions(program, "CLAUDE_CODE")[file.stem]
        assert unsent(session, request) == []
        shown = summaries(session)
        assert [is_live for _, is_live in shown] == [*[False] * (len(shown) - 1), True]
        assert summary in shown[-1][0]
    assert len(shown) == 2
    texts = str([message.build() for message in session.messages])
    assert all(text in texts for text in (PROMPT, ANSWER, SECOND_PROMPT, THIRD_PROMPT))

    models.play(reply("In the fork."))
    fork = program.command("--fork-session", *program.arguments(FORK_PROMPT, file.stem), cwd=cwd)
    assert fork.status == 0, fork.errors
    [forked] = [one for id, one in sessions(program, "CLAUDE_CODE").items() if id != file.stem]
    assert (forked.kind, forked.parent_id) == (FORK, file.stem)
    assert unsent(forked, models.requests[-1]) == []
    assert summaries(forked)[-1] == shown[-1]
    assert forked.usage.output == 34


def test_codex_compacted_twice(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(Codex)
    config = program.root / "config.toml"
    config.write_text(f"model_auto_compact_token_limit = 2000\n{config.read_text('utf-8')}", "utf-8")
    full = Usage(input=200_000)
    models.play(reply(program.shell("cat prices.txt")), reply(ANSWER, usage=full))
    program.run(PROMPT, cwd)
    [file] = program.files()
    session_id = program.session_id(file)
    for prompt, usage in ((SECOND_PROMPT, full), (THIRD_PROMPT, Usage())):
        models.play(reply(SECOND_ANSWER, usage=usage))
        program.run(prompt, cwd, resume=session_id)

        session = sessions(program, "CODEX")[session_id]
        assert unsent(session, models.requests[-1]) == []
        shown = summaries(session)
        assert [is_live for _, is_live in shown] == [*[False] * (len(shown) - 1), True]
        # The request for a summary has no tools.
        assert TITLE in shown[-1][0]
    assert len(shown) == 2

    models.play(reply("In the fork."))
    fork = program.command("exec", "fork", "--skip-git-repo-check", session_id, FORK_PROMPT, cwd=cwd)
    assert fork.status == 0, fork.errors
    [forked] = [one for id, one in sessions(program, "CODEX").items() if id != session_id]
    assert (forked.kind, forked.parent_id) == (FORK, session_id)
    assert unsent(forked, models.requests[-1]) == []
    assert summaries(forked) == shown
    assert forked.usage.output == 34


def test_a_subagent_of_a_subagent_has_it_as_its_parent(prepare: Prepare, models: ModelServer, cwd: Path) -> None:
    program = prepare(ClaudeCode)
    task = {"description": "Read the list", "subagent_type": "general-purpose", "run_in_background": False}
    outer, inner = (Call("Agent", {**task, "prompt": prompt}) for prompt in ("Let the list be read.", "Read the list."))
    models.play(reply(outer), reply(inner), reply(program.shell("cat prices.txt")))
    models.play(reply("The list has mint tea."), reply("It was read."), reply(ANSWER))

    program.run(PROMPT, cwd)

    [file] = program.files()
    found = sessions(program, "CLAUDE_CODE")
    by_prompt = {session.first_prompt: session for session in found.values()}
    upper, lower = by_prompt["Let the list be read."], by_prompt["Read the list."]
    assert (upper.kind, upper.parent_id) == (SUBAGENT, file.stem)
    assert (lower.kind, lower.parent_id) == (SUBAGENT, upper.id)
    assert [session.usage.output for session in (found[file.stem], upper, lower)] == [68, 68, 68]
