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
    ],
)
def test_a_call_that_did_not_run_has_failed(output: str, is_error: bool) -> None:
    call = item("function_call", name="exec_command", call_id="c1", arguments="{}")
    given = item("function_call_output", call_id="c1", output=output)

    [_, (_, [block])] = contents(derive(rollout(header(), said("user", "Go."), call, given)))[1:]

    assert (block["content"], block.get("is_error", False)) == (output, is_error)
