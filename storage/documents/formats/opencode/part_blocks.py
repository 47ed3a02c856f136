"""The parts of OpenCode's messages as content blocks."""

import re
from collections.abc import Sequence

from storage.documents.formats.blocks import (
    Block,
    call_block,
    image_link,
    other_block,
    result_block,
    text_block,
    thinking_block,
    with_whole_content,
)
from storage.documents.formats.json_values import as_list, as_object, as_text, without
from storage.documents.formats.named_files import Companion
from storage.documents.formats.opencode.long_outputs import whole_output

_BOOKKEEPING = ("step-start", "step-finish", "snapshot")
_IDS = ("id", "sessionID", "messageID")
_INVALID = "invalid"
"""The tool that the program calls in place of one that the model called with unknown name or wrong arguments."""
_FILE_OF_EDITOR = re.compile(r"\[(?:/|[A-Za-z]:/|[a-z][a-z0-9+.-]*:)[^\n]*\]\n")
"""How a text begins that an editor sends with a prompt, such as a file that is not saved: by its path or address."""


def message_blocks(message: Block, companion: Companion) -> list[Block]:
    """The blocks of a message. The result of a call follows the call, as the program records both in one part.

    `companion` has the files with long outputs.
    """
    info = as_object(message.get("info"))
    parts = [as_object(part) for part in as_list(message.get("parts"))]
    added = _texts_of_editor(parts) if info.get("role") == "user" else []
    blocks = [
        block for part in parts for block in ([_editor_block(part)] if part in added else _part_blocks(part, companion))
    ]
    if is_summary(info):
        text = "\n".join(as_text(block["text"]) for block in blocks if block["type"] == "text")
        rest = [block for block in blocks if block["type"] != "text"]
        blocks = [*rest, {"type": "compaction", "summary": text}] if text else rest
    error = info.get("error")
    return [*blocks, other_block(error, "error")] if isinstance(error, dict) else blocks


def is_summary(info: Block) -> bool:
    """Whether a message is the summary of a compaction."""
    return info.get("role") == "assistant" and info.get("summary") is True


def is_ignored(part: Block) -> bool:
    """Whether a part of a person's message is shown, and not sent to the model."""
    return part.get("type") == "text" and part.get("ignored") is True


def _editor_block(part: Block) -> Block:
    return {**text_block(as_text(part["text"]), is_injected=True), "is_from_editor": True}


def _texts_of_editor(parts: Sequence[Block]) -> list[Block]:
    """The parts with texts that an editor sent beside what the person said."""
    texts = [part for part in parts if part.get("type") == "text" and part.get("synthetic") is not True]
    files = [part for part in texts if _FILE_OF_EDITOR.match(as_text(part.get("text")))]
    return files if len(files) < len(texts) else []


def _part_blocks(part: Block, companion: Companion) -> list[Block]:
    kind = part.get("type")
    text = part.get("text")
    if kind in _BOOKKEEPING:
        return []
    if kind == "text" and isinstance(text, str):
        is_injected = part.get("synthetic") is True or is_ignored(part)
        return [text_block(text, is_injected)] if text else []
    if kind == "reasoning" and isinstance(text, str):
        return [thinking_block(text)] if text else []
    if kind == "tool" and isinstance(part.get("state"), dict):
        return _tool_blocks(part, as_object(part["state"]), companion)
    if kind == "file":
        return [_file_block(part)]
    if kind == "subtask":
        return _subtask_blocks(part)
    return [other_block(without(part, *_IDS))]


def _subtask_blocks(part: Block) -> list[Block]:
    """What a person gave to a subagent: a command, without the arguments that the program does not record, or a task.

    The call that follows has the other fields.
    """
    command, prompt = as_text(part.get("command")), as_text(part.get("prompt"))
    if not command:
        return [text_block(prompt)] if prompt else []
    return [text_block(f"/{command}"), *([text_block(prompt, is_injected=True)] if prompt else [])]


def _file_block(part: Block) -> Block:
    url = part.get("url")
    if as_text(part.get("mime")).startswith("image/") and isinstance(url, str):
        return image_link(url)
    return other_block(without(part, *_IDS))


def _tool_blocks(part: Block, state: Block, companion: Companion) -> list[Block]:
    arguments = state.get("input")
    name = part.get("tool")
    is_invalid = name == _INVALID
    if is_invalid:
        name = as_text(as_object(arguments).get("tool")) or name
    # While the arguments come in, they are the text so far.
    call = call_block(part.get("callID"), name, arguments or state.get("raw") or arguments)
    status, metadata = state.get("status"), as_object(state.get("metadata"))
    if status not in ("completed", "error"):
        return [call]
    if status == "error":
        text = as_text(state.get("error"))
        output = metadata.get("output")
        if metadata.get("interrupted") is True and isinstance(output, str):
            text = output
    else:
        text = as_text(state.get("output"))
    attachments = [_file_block(as_object(file)) for file in as_list(state.get("attachments")) if isinstance(file, dict)]
    exit_code = metadata.get("exit")
    # A command that failed is a call that was completed.
    is_error = status == "error" or is_invalid or (isinstance(exit_code, int) and exit_code != 0)
    result = result_block(call["id"], text, attachments, is_error)
    whole = whole_output(state, companion) if status == "completed" else None
    if whole is not None:
        result = with_whole_content(result, result_block(call["id"], whole, attachments)["content"])
    return [call, {**result, "exit_code": exit_code} if isinstance(exit_code, int) else result]
