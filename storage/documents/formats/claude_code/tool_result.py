"""Results of tools, whole: with what Claude Code records beside them."""

import msgspec

from storage.documents.formats.blocks import text_block, with_whole_content
from storage.documents.formats.claude_code.outputs import MARK, SAVED, PersistedOutputs
from storage.documents.formats.json_values import as_count, as_list, as_object, as_text, json_text, parse_json
from storage.records.stored_blocks import is_tool_result

_AGENT_MARK = b'"agentId"'


def whole_result(block: dict[str, object], recorded: msgspec.Raw, outputs: PersistedOutputs) -> dict[str, object]:
    """A result with its long output in place of a preview, and with a subagent's report as the subagent wrote it."""
    content = block.get("content")
    preview = _only_text(content)
    if preview.lstrip().startswith(MARK):
        output = outputs.content(preview)
        return block if output is None else with_whole_content(block, output)
    if SAVED in preview and (pictures := outputs.pictures(preview)):
        return with_whole_content(block, [text_block(preview), *pictures])
    data = memoryview(recorded).tobytes()
    if _AGENT_MARK in data:
        report = _report(as_object(parse_json(data)))
        return {**block, "content": report} if report else block
    if not content and data not in (b"", b"null"):
        return {**block, "content": _readable(parse_json(data))}
    return block


def server_result(block: dict[str, object]) -> dict[str, object]:
    """A block of a reply; the advice of the advisor, a tool that the provider runs, and any failure of one as text."""
    if not is_tool_result(as_text(block.get("type"))):
        return block
    content = as_object(block.get("content"))
    kind = as_text(content.get("type"))
    if kind == "advisor_result" and isinstance(content.get("text"), str):
        return {**block, "content": content["text"]}
    if kind.endswith("_error") and isinstance(content.get("error_code"), str):
        return {**block, "content": content["error_code"], "is_error": True}
    return block


def _only_text(content: object) -> str:
    if isinstance(content, list) and len(content) == 1:
        content = as_object(content[0]).get("text")
    return as_text(content)


def _report(recorded: dict[str, object]) -> list[object]:
    """A subagent's report, without the notes that the program puts before and after it; empty if there is none."""
    if recorded.get("status") != "completed":
        return []
    blocks = as_list(recorded.get("content"))
    end = len(blocks) - as_count(recorded.get("harnessTailCount"))
    report = blocks[as_count(recorded.get("harnessNoteCount")) : max(end, 0)]
    return report if all(isinstance(block, dict) for block in report) else []


def _readable(recorded: object) -> str:
    """The text of a recorded result whose message has none."""
    if isinstance(recorded, str):
        return recorded
    fields = as_object(recorded)
    file = as_object(fields.get("file"))
    texts = [as_text(fields.get("stdout")), as_text(fields.get("stderr")), as_text(file.get("content"))]
    return "\n".join(filter(None, texts)) or json_text(recorded)
