"""The content blocks that formats make: those of the Messages API, and others as the agent wrote them."""

from collections.abc import Sequence

from storage.documents.formats.json_values import as_text
from storage.json_codec import type_name

Block = dict[str, object]

KINDS = ("text", "thinking", "tool_use", "tool_result", "image", "compaction")


def text_block(text: str, is_injected: bool = False) -> Block:
    """A text; one that the program put in is marked."""
    return {"type": "text", "text": text, "is_injected": True} if is_injected else {"type": "text", "text": text}


def thinking_block(thinking: str, signature: object = None) -> Block:
    """The model's reasoning."""
    block: Block = {"type": "thinking", "thinking": thinking}
    return {**block, "signature": signature} if isinstance(signature, str) and signature else block


def call_block(call_id: object, name: object, arguments: object) -> Block:
    """A call of a tool. Without an id it has the tool's name for one: a result answers the nearest open call."""
    tool = as_text(name) or "tool"
    return {"type": "tool_use", "id": as_text(call_id) or tool, "name": tool, "input": arguments}


def result_block(call_id: object, text: str, others: Sequence[Block] = (), is_error: bool = False) -> Block:
    """The result of a call: its text, or a list of it and other blocks such as pictures."""
    content: object = text
    if others:
        content = [text_block(text), *others] if text else list(others)
    block: Block = {"type": "tool_result", "tool_use_id": as_text(call_id) or "tool", "content": content}
    return {**block, "is_error": True} if is_error else block


def with_whole_content(result: Block, content: object) -> Block:
    """A result with its whole content. What the model got of it stays as `sent_content`, with which handoffs go on."""
    return {**result, "content": content, "sent_content": result["content"]}


def image_block(media_type: str, data: str) -> Block:
    """A picture in base64."""
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def image_link(url: str) -> Block:
    """A picture by its address, which may be a data URL."""
    if url.startswith("data:") and ";base64," in url[:200]:
        media_type, _, data = url.removeprefix("data:").partition(";base64,")
        return image_block(media_type, data)
    return {"type": "image", "source": {"type": "url", "url": url}}


def other_block(value: object, kind: str = "") -> Block:
    """Anything else, as it is. Its type is `kind`, else its own one, and never that of one of the blocks above."""
    if not isinstance(value, dict):
        return {"type": kind or type_name(value), "value": value}
    kind = kind or as_text(value.get("type")) or "record"
    return {**value, "type": f"{kind}_part" if kind in KINDS else kind}
