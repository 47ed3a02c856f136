"""Calls that the program answered itself, without running a tool."""

import pytest

from tests.support.rollouts import contents, derive, header, item, rollout, said


@pytest.mark.parametrize(
    ("output", "is_error"),
    [
        ("unsupported call: mcp__till__price", True),
        ("unsupported custom tool call: till", True),
        ("unsupported call: mcp__till__price is what it said", False),
        ("Command blocked by PreToolUse hook: not on main. Command: git push", True),
        ("Tool call blocked by PreToolUse hook: no\npatches. Tool: apply_patch", True),
        ("The log says: Command blocked by PreToolUse hook: not on main", False),
        ("approval policy is Never; reject command — you cannot ask for escalated permissions", True),
        ("request_user_input is unavailable in Default mode", True),
        ("failed to parse function arguments: missing field `cmd` at line 1 column 16", True),
        ("apply_patch verification failed: Failed to find expected lines in /home/dev/shop/a.txt:\nzzz", True),
        ("exec_command failed for `ls`: CreateProcess", True),
        ("write_stdin failed: Unknown process id 99", True),
        ("unable to locate image at `/nope.png`: No such file or directory (os error 2)", True),
        ("unable to process image: invalid or unsupported image data", True),
        ("image path `/home/dev/shop` is not a file", True),
        ("live agent path `/root/list` not found", True),
        ("live agent path `/root/list` not found, says the log", False),
        ("agent_name must use only lowercase letters, digits, and underscores", True),
        ("agent_name `root` is reserved", True),
        ("absolute agent paths must start with `/root` or be `/morpheus`", True),
        ("agent ids must be non-empty", True),
        ("unknown agent_type 'nobody'", True),
        ("Empty message can't be sent to an agent", True),
        ("Follow-up tasks can't target the root agent", True),
        ("root is not a spawned agent", True),
        ("fork_turns must be `none` or `all`", True),
        ("Unknown model `none` for spawn_agent. Available models: gpt-6.2-sol", True),
        ('{"agents":[{"agent_name":"/root","agent_status":"running"}]}', False),
        ("Chunk ID: 1\nProcess exited with code 0\nOutput:\napply_patch verification failed: as the log says", False),
    ],
)
def test_a_call_that_did_not_run_has_failed(output: str, is_error: bool) -> None:
    call = item("function_call", name="exec_command", call_id="c1", arguments="{}")
    given = item("function_call_output", call_id="c1", output=output)

    [_, (_, [block])] = contents(derive(rollout(header(), said("user", "Go."), call, given)))[1:]

    assert (block["content"], block.get("is_error", False)) == (output, is_error)
