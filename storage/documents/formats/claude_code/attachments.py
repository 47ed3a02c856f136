"""What the model gets beside the conversation, in lines of the type `attachment`.

Newer versions record the text that they send as `rendered`. Lines about the program itself, such as those with its
lists of tools and skills, are nearly the same in each session: they are only archived.
"""

from collections.abc import Iterator

from storage.documents.formats.blocks import Block, image_block, other_block, text_block
from storage.documents.formats.claude_code.draft import ATTACHED, CHANGED_INPUT
from storage.documents.formats.json_values import as_list, as_object, as_text, json_text, parse_json

_TEXTS = {
    "account_memory_recall": "content",
    "async_hook_response": "response.systemMessage response.hookSpecificOutput.additionalContext",
    "diagnostics": "files.*.diagnostics.*.message",
    "directory": "content",
    "edited_text_file": "snippet",
    "file": "content.file.content",
    "hook_additional_context": "content.*",
    "hook_blocking_error": "blockingError.blockingError",
    "hook_stopped_continuation": "message",
    "hook_success": "content",
    "instructions": "files.*.content",
    "invoked_skills": "skills.*.content",
    "mcp_resource": "content.contents.*.text",
    "memory_update": "content",
    "nested_memory": "content.content",
    "opened_file_in_ide": "filename",
    "pdf_reference": "filename",
    "plan_file_reference": "planContent",
    "poll_events": "envelopes.*",
    "relevant_memories": "memories.*.content",
    "selected_lines_in_diff": "content",
    "selected_lines_in_ide": "content",
    "task_status": "description deltaSummary",
    "teammate_mailbox": "messages.*.text",
}
"""The kinds that are shown, with the paths of their texts. `*` stands for each item of a list."""
# The plain output of these hooks is sent; others have the text to send in a field of their output.
_EVENTS_WITH_OUTPUT = {"SessionStart", "UserPromptExpansion", "UserPromptSubmit"}


def shown_kind(kind: str, data: bytes) -> int | None:
    """The kind of message that a line with such an attachment is shown as; None if it has nothing to show.

    What the model received and what differs between sessions is shown.
    """
    if kind not in _TEXTS:
        return None
    line = as_object(parse_json(data))
    if attached_blocks(line):
        return ATTACHED
    return CHANGED_INPUT if changed_input_blocks(line) else None


def attached_blocks(line: dict[str, object]) -> list[Block]:
    """The blocks of a line of such a kind: texts as they were sent, else as they were recorded, and pictures.

    Empty when nothing was sent.
    """
    attachment = as_object(line.get("attachment"))
    return list(_rendered(line.get("rendered"))) or _recorded(attachment, as_text(attachment.get("type")))


def changed_input_blocks(line: dict[str, object]) -> list[Block]:
    """What a hook put in place of the input of a call; empty where it changed nothing.

    The call keeps the input that the model gave.
    """
    attachment = as_object(line.get("attachment"))
    output = as_object(parse_json(as_text(attachment.get("stdout")).encode(errors="replace")))
    changed = as_object(as_object(output.get("hookSpecificOutput")).get("updatedInput"))
    name = as_text(attachment.get("hookName"))
    return [text_block(f"{name}: {json_text(changed)}", is_injected=True)] if changed else []


def _rendered(messages: object) -> Iterator[Block]:
    for message in as_list(messages):
        content = as_object(message).get("content")
        for block in [text_block(content)] if isinstance(content, str) else as_list(content):
            if isinstance(block, dict) and isinstance(block.get("type"), str):
                yield {**block, "is_injected": True} if block["type"] == "text" else block


def _recorded(attachment: dict[str, object], kind: str) -> list[Block]:
    if kind == "hook_success" and attachment.get("hookEvent") not in _EVENTS_WITH_OUTPUT:
        return []
    paths = _TEXTS.get(kind, "").split()
    texts = [text for path in paths for text in _texts(attachment, path.split(".")) if text]
    if texts or kind != "file":
        return [text_block(text, is_injected=True) for text in texts]
    content = as_object(attachment.get("content"))
    file = as_object(content.get("file"))
    if content.get("type") == "image":
        return [image_block(as_text(file.get("type")), as_text(file.get("base64")))]
    return list(_cells(file.get("cells"))) or [other_block(attachment)]


def _cells(cells: object) -> Iterator[Block]:
    """The blocks of a notebook, whose line has no `rendered`: each cell with its outputs, in the order that is sent.

    The text of an output stands before its picture.
    """
    for cell in map(as_object, as_list(cells)):
        for part in (cell, *map(as_object, as_list(cell.get("outputs")))):
            if text := as_text(part.get("source" if part is cell else "text")):
                yield text_block(text, is_injected=True)
            image = as_object(part.get("image"))
            if data := as_text(image.get("image_data")):
                yield image_block(as_text(image.get("media_type")), data)


def _texts(value: object, path: list[str]) -> Iterator[str]:
    if not path:
        yield as_text(value)
    elif path[0] == "*":
        for item in as_list(value):
            yield from _texts(item, path[1:])
    else:
        yield from _texts(as_object(value).get(path[0]), path[1:])
