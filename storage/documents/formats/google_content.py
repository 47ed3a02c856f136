"""The parts of a message in Google's GenAI form, which Gemini CLI and Qwen Code record, as content blocks."""

import re
from collections.abc import Sequence

from storage.documents.formats.blocks import (
    Block,
    call_block,
    image_block,
    image_link,
    other_block,
    result_block,
    text_block,
    thinking_block,
)
from storage.documents.formats.json_values import as_list, as_object, as_text, json_text

INJECTED_OPENINGS = (
    "<session_context>",
    "<loaded_context>",
    "<hook_context>",
    "<qwen:user-prompt-submit-context>",
    "<system-reminder>",
    # To a model that makes the same call again and again.
    "System: Potential loop detected. Details: ",
    # To a subagent whose command in the background has ended.
    "Background execution update:\n<background_output>",
)
"""How texts begin that the program puts into a person's message."""

_HOOK_CONTEXT = re.compile(r"(?:\s*<hook_context>.*?</hook_context>)+\s*", re.DOTALL)
"""What hooks add at the start of a session: it stands before the person's words in one text."""
_COMMAND_OF_PERSON = re.compile(
    r"I ran the following shell command:\n```sh\n.*\n```\n\nThis produced the following result:\n```\n.*```\s*",
    re.DOTALL,
)
"""The message to the model about a command that the person ran with an exclamation mark: it is not a request."""
_STEERING = re.compile(
    r"(?P<before>User (?:steering update|hints):\n<user_input>\n)(?P<typed>.*?)"
    r"(?P<after>\n</user_input>\n+Internal instruction: .*)",
    re.DOTALL,
)
"""What a person typed while the model worked, between words of the program."""
_COMMAND_ENDED = "<output> [Background command completed "
"""How a text begins that the program puts there when a command in the background has ended."""
_LAST_CHANCE = re.compile(r"You have [^.\n]{1,60}\. You have one final chance to complete the task\b")
"""The message to a subagent that reached a limit before it completed its task."""

_FILES_BEGIN = "--- Content from referenced files ---"
_CONTEXT_BEGINS = "--- Content from referenced context ---"
"""Stands before the texts that an editor sent with a prompt."""
_FILES_END = "--- End of content ---"
_SHELL = "run_shell_command"
_EXIT_CODE = re.compile(r"^Exit Code: (-?\d+)$", re.MULTILINE)


def parts_of(content: object) -> list[object]:
    """The parts of a content, which may be one part, a list of them, or a string."""
    if content is None or content == "":
        return []
    return list(content) if isinstance(content, list) else [content]


def is_response(part: object) -> bool:
    """Whether a part is the response of a tool."""
    return isinstance(part, dict) and isinstance(part.get("functionResponse"), dict)


def is_call(part: object) -> bool:
    """Whether a part is a call of a tool."""
    return isinstance(part, dict) and isinstance(part.get("functionCall"), dict)


def is_thought(part: object) -> bool:
    """Whether a part is a thought of the model."""
    return isinstance(part, dict) and part.get("thought") is True and isinstance(part.get("text"), str)


def is_injected_text(text: str) -> bool:
    """Whether the program wrote a text under the person's role."""
    own = text[len(_hook_context(text)) :].lstrip()
    if not own:
        return bool(text.strip())
    return own.startswith(INJECTED_OPENINGS) or bool(_LAST_CHANCE.match(own) or _COMMAND_OF_PERSON.fullmatch(own))


def _hook_context(text: str) -> str:
    """What hooks added before the person's words."""
    found = _HOOK_CONTEXT.match(text)
    return found[0] if found else ""


def joined_text(parts: Sequence[object]) -> str:
    """The texts of the parts that are not thoughts, joined."""
    texts = (part if isinstance(part, str) else as_text(as_object(part).get("text")) for part in parts)
    return "".join(text for part, text in zip(parts, texts, strict=True) if not is_thought(part))


def blocks_of(parts: Sequence[object]) -> list[Block]:
    """The blocks of a message. A picture that follows a response belongs to it."""
    blocks: list[Block] = []
    place = 0
    while place < len(parts):
        part = parts[place]
        place += 1
        if not is_response(part):
            blocks.extend(_part_blocks(part))
            continue
        attached: list[Block] = []
        while place < len(parts) and _is_attachment(parts[place]):
            attached.extend(_part_blocks(parts[place]))
            place += 1
        blocks.extend(response_blocks(as_object(as_object(part)["functionResponse"]), attached))
    return blocks


def user_blocks(parts: Sequence[object], typed: Sequence[object]) -> list[Block]:
    """The blocks of a person's message. Of an expanded prompt, only the parts that were typed are the person's.

    Where that was not recorded, the files that the prompt mentions are known by the marks around them.
    """
    blocks = _split(blocks_of(parts))
    own = {block["text"] for block in _split(blocks_of(typed)) if block["type"] == "text"}
    own &= {block["text"] for block in blocks if block["type"] == "text"}
    is_file = is_of_editor = False
    for block in blocks:
        if block["type"] != "text":
            continue
        text = as_text(block["text"])
        is_of_editor = is_of_editor or text.strip() == _CONTEXT_BEGINS
        is_file = is_file or is_of_editor or text.strip() == _FILES_BEGIN
        if is_of_editor:
            block["is_from_editor"] = True
        if is_file or is_injected_text(text) or (own and text not in own):
            block["is_injected"] = True
        is_file = is_file and text.strip() != _FILES_END
        is_of_editor = is_of_editor and is_file
    return blocks


def _split(blocks: Sequence[Block]) -> list[Block]:
    """The blocks, with what the program put around the person's words as blocks of their own."""
    split: list[Block] = []
    for block in blocks:
        text = as_text(block["text"]) if block["type"] == "text" else ""
        added = _hook_context(text)
        if added and len(added) < len(text):
            split += [text_block(added, is_injected=True), text_block(text[len(added) :])]
        elif steering := _STEERING.fullmatch(text):
            is_injected = steering["typed"].startswith(_COMMAND_ENDED)
            split.append(text_block(steering["before"], is_injected=True))
            split.append(text_block(steering["typed"], is_injected))
            split.append(text_block(steering["after"], is_injected=True))
        else:
            split.append(block)
    return split


def _is_attachment(part: object) -> bool:
    return isinstance(part, dict) and ("inlineData" in part or "fileData" in part)


def _part_blocks(part: object) -> list[Block]:
    if isinstance(part, str):
        part = {"text": part}
    if not isinstance(part, dict):
        return [other_block(part)]
    text = part.get("text")
    if isinstance(text, str):
        return _text_blocks(part, text)
    if is_call(part):
        call = as_object(part["functionCall"])
        return [call_block(call.get("id"), call.get("name"), call.get("args"))]
    return [_image(part) or other_block(part, "" if "type" in part else next(iter(part), "part"))]


def _text_blocks(part: Block, text: str) -> list[Block]:
    if not text:
        return []
    return [thinking_block(text, part.get("thoughtSignature")) if is_thought(part) else text_block(text)]


def _image(part: Block) -> Block | None:
    inline, file = as_object(part.get("inlineData")), as_object(part.get("fileData"))
    media_type = as_text(inline.get("mimeType") or file.get("mimeType"))
    if not media_type.startswith("image/"):
        return None
    if isinstance(inline.get("data"), str):
        return image_block(media_type, as_text(inline["data"]))
    return image_link(as_text(file["fileUri"])) if isinstance(file.get("fileUri"), str) else None


def response_blocks(response: Block, attached: Sequence[Block] = ()) -> list[Block]:
    """The response of a tool with the pictures that are attached to it, and other media behind it.

    A result is text and pictures.
    """
    text, is_error = _response_text(response.get("response"))
    # A command that failed is a call that succeeded, with the exit code after the output.
    if response.get("name") == _SHELL and (codes := _EXIT_CODE.findall(text)) and codes[-1] != "0":
        is_error = True
    media = [block for part in as_list(response.get("parts")) for block in _part_blocks(part)]
    media += attached
    shown = [block for block in media if block["type"] in ("image", "text")]
    result = result_block(response.get("id") or response.get("name"), text, shown, is_error)
    return [result, *(block for block in media if block["type"] not in ("image", "text"))]


def _response_text(value: object) -> tuple[str, bool]:
    if isinstance(value, str):
        return value, False
    if not isinstance(value, dict):
        return ("" if value is None else json_text(value)), False
    is_error = value.get("error") not in (None, "", False)
    if len(value) == 1:
        only = next(iter(value.values()))
        if isinstance(only, str):
            return only, is_error
    return (json_text(value) if value else ""), is_error
