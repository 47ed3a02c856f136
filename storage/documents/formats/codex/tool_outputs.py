"""Outputs of tools, which have had several forms: text with a head of lines, JSON in a string, and lists of parts."""

import re

from storage.documents.formats.blocks import Block
from storage.documents.formats.codex.content_parts import content_block
from storage.documents.formats.codex.mcp_results import whole_content
from storage.documents.formats.json_values import as_object, as_text, json_text, parse_json

_EXIT_CODE = re.compile(r"^(?:Exit code:|Process exited with code) (-?\d+)\b", re.MULTILINE)
_HEAD_LENGTH = 400
"""Characters in which the head of an output ends."""
_OUTPUT = "Output:\n"
_STILL_RUNNING = "Process running with session ID"
_FAILED_SCRIPT = "Script failed\n"
"""How the first part begins when a script, by which the newest models call the other tools, ended in an error."""
_NOT_RUN = re.compile(
    r"unsupported (?:custom tool )?call: \S+$"
    r"|(?:Command|Tool call) blocked by PreToolUse hook: "
    r"|approval policy is Never; reject command"
    r"|request_user_input is unavailable in "
    r"|failed to parse function arguments: "
    r"|apply_patch verification failed: "
    r"|(?:exec_command|write_stdin) failed(?: for|:) "
    r"|unable to (?:locate|read|process) image\b"
    r"|image path `[^`\n]*` is not a file$"
)
"""How the program answers a call itself: one that a hook or a policy refuses, one of a tool that it does not have, and
one that cannot be carried out, such as a patch that does not fit its file. What its tools put out has other beginnings.
"""
_REFUSED_BY_AGENTS = re.compile(
    r"live agent path `[^`\n]*` not found$"
    r"|(?:agent_name|(?:absolute|relative) agent paths?) (?:must |`root` is reserved$)"
    r"|agent ids must be non-empty$"
    r"|unknown agent_type '"
    r"|Empty message can't be sent to an agent$"
    r"|Follow-up tasks can't target the root agent$"
    r"|root is not a spawned agent$"
    r"|fork_turns must be "
    r"|Unknown model `[^`\n]*` for spawn_agent\. "
)
"""How the tools for other agents refuse a call; what they carry out, they answer with JSON, or with nothing."""
_ABORTED = ("aborted", "aborted by user")
_REJECTED = re.compile(r"\bRejected\(.{0,200}by user", re.DOTALL)


def output_block(payload: dict[str, object], event: dict[str, object] | None, *, is_failure: bool) -> Block:
    """The result of a tool call. `event` is on the same call, and may have more of what was printed or answered."""
    content, is_error = _content(payload.get("output", payload.get("tools")))
    if event is not None and event.get("type") == "McpToolCall":
        content = whole_content(content, event)
    elif isinstance(content, str):
        content = _fuller(content, as_text(as_object(event).get("aggregated_output")))
    block: Block = {
        "type": "tool_result",
        "tool_use_id": as_text(payload.get("call_id")),
        "content": content,
    }
    return {**block, "is_error": True} if is_error or is_failure else block


def _content(output: object) -> tuple[str | list[Block], bool]:
    """The content of a result, and whether it tells of an error."""
    if isinstance(output, list):
        if all(isinstance(part, dict) and "type" in part for part in output):
            parts = [as_object(part) for part in output]
            is_error = bool(parts) and as_text(parts[0].get("text")).startswith(_FAILED_SCRIPT)
            return [content_block(part) for part in parts], is_error
        return json_text(output), False
    if isinstance(output, dict):
        content, is_error = _content(output.get("content"))
        return content, is_error or output.get("success") is False
    if not isinstance(output, str):
        return ("" if output is None else json_text(output)), False
    if output.startswith("{"):
        wrapped = as_object(parse_json(output.encode(errors="replace")))
        code = as_object(wrapped.get("metadata")).get("exit_code")
        if isinstance(wrapped.get("output"), str) and "metadata" in wrapped:
            return as_text(wrapped["output"]), isinstance(code, int) and code != 0
    return output, _is_error(output)


def _is_error(output: str) -> bool:
    head = output[:_HEAD_LENGTH].split(_OUTPUT, 1)[0]
    code = _EXIT_CODE.search(head)
    if code is not None:
        return int(code[1]) != 0
    if _NOT_RUN.match(output) or _REFUSED_BY_AGENTS.match(output):
        return True
    return output.strip().rsplit("\n", 1)[-1] in _ABORTED or _REJECTED.search(output[:_HEAD_LENGTH]) is not None


def _fuller(output: str, printed: str) -> str:
    """The output with all that the event has of what was printed, where the item was cut."""
    head, mark, body = output.partition(_OUTPUT)
    if not mark:
        return output
    if len(printed) <= len(body) or len(head) > _HEAD_LENGTH or _STILL_RUNNING in head:
        return output
    return head + mark + printed
