"""The content blocks of stored JSON values. No content is an error: an unknown or malformed block is an OtherBlock."""

from storage.json_codec import dump, type_name
from storage.records.content_block import (
    CompactionBlock,
    ContentBlock,
    ImageBlock,
    OtherBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)

COMPACTION_MARK = "[compaction summary]"
"""The beginning of the system message with which CodeWhale replaces compacted messages."""


def read_blocks(content: object) -> list[ContentBlock]:
    """The blocks of a stored content: those of a list, or one text block for a string."""
    if isinstance(content, str):
        return [TextBlock(0, content, content)]
    if not isinstance(content, list):
        return [OtherBlock(0, type_name(content), content)]
    return [read_block(position, raw) for position, raw in enumerate(content)]


def result_images(block: ToolResultBlock) -> list[ImageBlock]:
    """The images in a tool result."""
    if block.images is not None:
        return block.images
    return [image for image in read_blocks(block.raw.get("content")) if isinstance(image, ImageBlock)]


def message_blocks(role: str, content: object) -> list[ContentBlock]:
    """The blocks of a stored message by its role: in a SYSTEM message a text may be the summary of a compaction."""
    return [message_block(role, block) for block in read_blocks(content)]


def message_block(role: str, block: ContentBlock) -> ContentBlock:
    """A block by the role of its message."""
    if role == "SYSTEM" and isinstance(block, TextBlock) and block.text.startswith(COMPACTION_MARK):
        return CompactionBlock(block.position, block.text.removeprefix(COMPACTION_MARK).strip(), block.raw)
    return block


def read_block(position: int, raw: object) -> ContentBlock:
    """The block that is an item of a stored list."""
    if not isinstance(raw, dict):
        return OtherBlock(position, type_name(raw), raw)
    kind = raw.get("type")
    block: ContentBlock | None = None
    if kind == "text":
        text = raw.get("text")
        block = TextBlock(position, text, raw) if isinstance(text, str) else None
    elif kind == "thinking":
        thinking = raw.get("thinking")
        block = ThinkingBlock(position, thinking) if isinstance(thinking, str) else None
    elif kind == "tool_use" or kind == "server_tool_use":
        tool_use_id, name = raw.get("id"), raw.get("name")
        if isinstance(tool_use_id, str) and isinstance(name, str):
            block = ToolUseBlock(position, tool_use_id, name, raw.get("input"))
    elif kind == "image_url" or kind == "image":
        url = _image_url(raw)
        block = None if url is None else ImageBlock(position, url, raw)
    elif kind == "compaction":
        summary = raw.get("summary")
        block = CompactionBlock(position, summary, raw) if isinstance(summary, str) else None
    elif isinstance(kind, str) and is_tool_result(kind):
        tool_use_id = raw.get("tool_use_id")
        if isinstance(tool_use_id, str):
            text = result_text(raw.get("content"))
            block = ToolResultBlock(position, tool_use_id, text, raw.get("is_error") is True, raw)
    if block is not None:
        return block
    return OtherBlock(position, kind if isinstance(kind, str) else type_name(raw), raw)


def _image_url(raw: dict[str, object]) -> str | None:
    match raw:
        case {"type": "image_url", "image_url": {"url": str(url)} | str(url)}:
            return url
        case {"type": "image", "source": {"type": "url", "url": str(url)}}:
            return url
        case {"type": "image", "source": {"type": "base64", "media_type": str(media_type), "data": str(data)}}:
            return f"data:{media_type};base64,{data}"
    return None


def is_tool_result(kind: str) -> bool:
    """Whether a block kind is a tool result: `tool_result`, or that of a server tool."""
    return kind == "tool_result" or kind.endswith("_tool_result")


def is_file(block: ContentBlock) -> bool:
    """Whether a block in a tool result is an image or another file in base64, such as a document."""
    match block:
        case ImageBlock() | OtherBlock(raw={"source": {"type": "base64", "data": str()}}):
            return True
    return False


def result_text(content: object) -> str:
    """The text of a tool result: a string itself, the joined texts of text blocks, else compact JSON; no files."""
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if isinstance(content, list):
        blocks = [block for block in read_blocks(content) if not is_file(block)]
        texts = [block.text for block in blocks if isinstance(block, TextBlock)]
        if len(texts) == len(blocks):
            return "\n".join(texts)
        return dump([content[block.position] for block in blocks])
    return dump(content)


def joined_text(blocks: list[ContentBlock]) -> str:
    """The texts of the text blocks joined by newlines."""
    return "\n".join(block.text for block in blocks if isinstance(block, TextBlock))
