"""ContentBlock, the interface of a message's blocks, and its types."""

import strawberry

import resolvers.message
from schema.by_typename import ByTypename
from schema.field import Info, field
from schema.lazy import LazyMessage, LazyToolResultBlock
from schema.scalars import JSON


@strawberry.interface(description="One block of a message. New kinds may be added: keep a fallback.")
class ContentBlock(ByTypename):
    position: int = strawberry.field(description="Place in the message, from 0.")


@strawberry.type(description="A picture.")
class ImageBlock(ContentBlock):
    url: str = strawberry.field(description="Where the picture is; a `data:` address when inlined.")


@strawberry.type(description="Plain text.")
class TextBlock(ContentBlock):
    text: str = strawberry.field(description="The text.")


@strawberry.type(description="The model's visible reasoning.")
class ThinkingBlock(ContentBlock):
    thinking: str = strawberry.field(description="The reasoning.")


@strawberry.type(description="The model asking for a tool to be run.")
class ToolUseBlock(ContentBlock):
    tool_use_id: strawberry.ID = strawberry.field(description="Links the call to its result.")
    name: str = strawberry.field(description="Name of the tool.")

    @field(JSON | None, "Arguments, as the model wrote them.", needs=("input",), is_cacheable=True)
    @staticmethod
    def input(row: strawberry.Parent[resolvers.message.ToolUseBlock]) -> object:
        return None if row.input is None else resolvers.message.json_fragment(row.input)

    @field(
        LazyToolResultBlock | None,
        "The answer, wherever in the session it stands; null when none was saved.",
        needs=("message_place", "position"),
        is_cacheable=True,
    )
    @staticmethod
    def result(row: strawberry.Parent[resolvers.message.ToolUseBlock], info: Info) -> object:
        return resolvers.message.result(info.context, row)


@strawberry.type(description="What a tool answered.")
class ToolResultBlock(ContentBlock):
    tool_use_id: strawberry.ID = strawberry.field(description="The call this answers.")
    text: str = strawberry.field(description="The answer as text.")
    is_error: bool = strawberry.field(description="Whether the tool failed.")

    @field(LazyMessage, "The message it stands in.", needs=("message_place",), is_cacheable=True)
    @staticmethod
    def message(row: strawberry.Parent[resolvers.message.ToolResultBlock], info: Info) -> object:
        return resolvers.message.message_of(info.context, row)

    @field(list[ImageBlock], "Pictures in the answer.", needs=("raw",), is_cacheable=True)
    @staticmethod
    def images(row: strawberry.Parent[resolvers.message.ToolResultBlock]) -> object:
        return resolvers.message.result_images(row)


@strawberry.type(
    description="Earlier messages put into fewer words for the model. They stay in the transcript.",
)
class CompactionBlock(ContentBlock):
    summary: str = strawberry.field(description="What the model goes on from.")


@strawberry.type(description="A block of a kind this server does not model.")
class OtherBlock(ContentBlock):
    block_kind: str = strawberry.field(description="The kind as stored.")

    @field(JSON, "The block as stored.", needs=("raw",), is_cacheable=True)
    @staticmethod
    def raw(row: strawberry.Parent[resolvers.message.OtherBlock]) -> object:
        return resolvers.message.json_fragment(row.raw)


CONTENT_BLOCKS = (TextBlock, ThinkingBlock, ToolUseBlock, ToolResultBlock, ImageBlock, CompactionBlock, OtherBlock)
