"""The blocks of one record of Gemini CLI: what was said, and the results of its calls."""

from storage.documents.formats.blocks import Block, call_block, other_block, thinking_block
from storage.documents.formats.google_content import (
    blocks_of,
    is_injected_text,
    is_response,
    is_thought,
    joined_text,
    parts_of,
    response_blocks,
    user_blocks,
)
from storage.documents.formats.json_values import as_list, as_object, as_text

USER = "user"
MODEL = "gemini"
NOTICES = ("info", "error", "warning")

COMMAND_MARKS = ("/", "?")
"""How a prompt begins that is a command to the program, which does not send it to the model."""

_CUSTOM_COMMAND = "/"
_CONTEXT = "<session_context>"


def speech_of(record: dict[str, object]) -> list[Block]:
    """The blocks of a record without the results that are recorded beside its calls."""
    kind = record.get("type")
    parts = parts_of(record.get("content"))
    if kind == MODEL:
        return _model_blocks(record, parts)
    if kind == USER:
        return user_blocks(parts, parts_of(record.get("displayContent")))
    if kind in NOTICES:
        return blocks_of(parts)
    return [other_block(record)]


def typed_command(record: dict[str, object]) -> str:
    """The command that a person typed, in whose place a record has the text that it stands for; else empty."""
    typed = joined_text(parts_of(record.get("displayContent"))).strip()
    return typed if record.get("type") == USER and typed.startswith(_CUSTOM_COMMAND) else ""


def compaction_block(record: dict[str, object]) -> Block:
    """The summary that a compression leaves in place of what it left out."""
    return {"type": "compaction", "summary": joined_text(parts_of(record.get("content")))}


def results_of(record: dict[str, object]) -> list[Block]:
    """The results that are recorded beside the calls of a reply."""
    if record.get("type") != MODEL:
        return []
    return [
        block
        for call in map(as_object, as_list(record.get("toolCalls")))
        for block in _call_results(call)
        if block["type"] != "text"
    ]


def is_result_record(record: dict[str, object]) -> bool:
    """Whether a record of the user's holds the results of tools."""
    return record.get("type") == USER and any(map(is_response, parts_of(record.get("content"))))


def is_sent(record: dict[str, object]) -> bool:
    """Whether the program sends a record to the model. It sends neither its own notices nor commands to itself."""
    if record.get("type") != USER:
        return record.get("type") == MODEL
    text = joined_text(parts_of(record.get("content"))).strip()
    return is_result_record(record) or (bool(speech_of(record)) and not text.startswith(COMMAND_MARKS))


def is_context(record: dict[str, object]) -> bool:
    """Whether a record is the program's note on its context, which it puts first into a session."""
    return record.get("type") == USER and joined_text(parts_of(record.get("content"))).lstrip().startswith(_CONTEXT)


def is_talk(record: dict[str, object]) -> bool:
    """Whether a record is a part of the talk, and not only the program's note on its context."""
    return is_sent(record) and not is_injected_text(joined_text(parts_of(record.get("content"))))


def _model_blocks(record: dict[str, object], parts: list[object]) -> list[Block]:
    blocks = blocks_of(parts)
    if not any(map(is_thought, parts)):
        blocks = [*_thoughts(record), *blocks]
    called = {block.get("id") for block in blocks if block["type"] == "tool_use"}
    calls = map(as_object, as_list(record.get("toolCalls")))
    recorded = (call_block(call.get("id"), call.get("name"), call.get("args")) for call in calls if call)
    return [*blocks, *(block for block in recorded if block["id"] not in called)]


def _thoughts(record: dict[str, object]) -> list[Block]:
    blocks: list[Block] = []
    for thought in map(as_object, as_list(record.get("thoughts"))):
        subject, description = as_text(thought.get("subject")), as_text(thought.get("description"))
        text = f"**{subject}** {description}" if subject else description
        if text:
            blocks.append(thinking_block(text))
    return blocks


def _call_results(call: dict[str, object]) -> list[Block]:
    result = call.get("result")
    call_id, name = call.get("id"), call.get("name")
    if result is None:
        return []
    if isinstance(result, str):
        return response_blocks({"id": call_id, "name": name, "response": {_outcome(call): result}})
    blocks = blocks_of(parts_of(result))
    for block in blocks:
        if block["type"] == "tool_result" and call.get("status") == "error":
            block["is_error"] = True
    return blocks


def _outcome(call: dict[str, object]) -> str:
    return "error" if call.get("status") == "error" else "output"
