"""The common content blocks, parsed straight into objects: a fraction of the work of `stored_blocks.read_blocks`.

Nearly all blocks of transcripts have one of these shapes. A content with any other is left to `read_blocks`.
"""

import msgspec

_NULL = msgspec.Raw(b"null")
_decode_value = msgspec.json.Decoder().decode


class CommonText(msgspec.Struct, tag="text", gc=False):
    """A TextBlock. Like the other classes here, it has no position."""

    text: str
    is_injected: bool = False


class CommonThinking(msgspec.Struct, tag="thinking", gc=False):
    """A ThinkingBlock."""

    thinking: str


class CommonToolUse(msgspec.Struct, tag="tool_use", gc=False):
    """A ToolUseBlock, its input as JSON text in UTF-8."""

    name: str
    tool_use_id: str = msgspec.field(name="id")
    input: msgspec.Raw = _NULL

    @property
    def input_value(self) -> object:
        """The value of the input."""
        return _decode_value(self.input)

    @property
    def input_text(self) -> str | None:
        """The input as JSON text; None if it is null."""
        return None if self.input == _NULL else bytes(self.input).decode()


class CommonToolResult(msgspec.Struct, tag="tool_result", gc=False):
    """A ToolResultBlock whose content is a text."""

    tool_use_id: str
    text: str = msgspec.field(name="content")
    is_error: bool = False


CommonBlock = CommonText | CommonThinking | CommonToolUse | CommonToolResult

TYPENAMES: dict[type[CommonBlock], str] = {
    CommonText: "TextBlock",
    CommonThinking: "ThinkingBlock",
    CommonToolUse: "ToolUseBlock",
    CommonToolResult: "ToolResultBlock",
}
"""The names of their GraphQL types."""

_decode = msgspec.json.Decoder(list[CommonBlock]).decode


def common_blocks(role: str, content: str) -> list[CommonBlock] | None:
    """The blocks of a message, or None unless all of them are common: then `message_blocks` has to read them."""
    # A text of the system may be the summary of a compaction.
    return None if role == "SYSTEM" else common_stored_blocks(content)


def common_stored_blocks(content: str) -> list[CommonBlock] | None:
    """The blocks of a content, or None unless all of them are common: then `read_blocks` has to read them."""
    try:
        return _decode(content)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None
