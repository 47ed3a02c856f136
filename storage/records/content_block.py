"""The content blocks of a message."""

from dataclasses import dataclass
from typing import ClassVar

from storage.json_codec import dump


@dataclass(slots=True)
class TextBlock:
    """Plain text. `raw` is the block as stored."""

    typename: ClassVar[str] = "TextBlock"

    position: int
    text: str
    raw: object


@dataclass(slots=True)
class ThinkingBlock:
    """The model's visible reasoning."""

    typename: ClassVar[str] = "ThinkingBlock"

    position: int
    thinking: str


MessagePlace = tuple[str, int]
"""The session's id and the position of a message."""


@dataclass(slots=True)
class ToolUseBlock:
    """A tool call of the model. `input` is a JSON value, `message_place` that of its message where it is known."""

    typename: ClassVar[str] = "ToolUseBlock"

    position: int
    tool_use_id: str
    name: str
    input: object
    message_place: MessagePlace | None = None

    @property
    def input_value(self) -> object:
        """The value of the input."""
        return self.input

    @property
    def input_text(self) -> str | None:
        """The input as JSON text; None if it is null."""
        return None if self.input is None else dump(self.input)


@dataclass(slots=True)
class ImageBlock:
    """An image. `raw` is the block as stored."""

    typename: ClassVar[str] = "ImageBlock"

    position: int
    url: str
    raw: dict[str, object]


@dataclass(slots=True)
class ToolResultBlock:
    """The result of a tool call. `raw` is the block as stored, `message_place` tells its message where it is known.

    `images` has the images of a block that was read in steps.
    """

    typename: ClassVar[str] = "ToolResultBlock"

    position: int
    tool_use_id: str
    text: str
    is_error: bool
    raw: dict[str, object]
    message_place: MessagePlace | None = None
    images: list[ImageBlock] | None = None


@dataclass(slots=True)
class CompactionBlock:
    """The summary by which a compaction replaced earlier messages for the model. `raw` is the block as stored."""

    typename: ClassVar[str] = "CompactionBlock"

    position: int
    summary: str
    raw: object


@dataclass(slots=True)
class OtherBlock:
    """A block of any other kind. `raw` is the block as stored."""

    typename: ClassVar[str] = "OtherBlock"

    position: int
    block_kind: str
    raw: object


ContentBlock = TextBlock | ThinkingBlock | ToolUseBlock | ToolResultBlock | ImageBlock | CompactionBlock | OtherBlock
