"""Message, one message of a session's transcript, with MessageRole and MessageConnection."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

import resolvers.message
from resolvers.message import MAX_BLOCKS
from schema.arguments import given
from schema.connection import Connection, Edge
from schema.content_block import ContentBlock
from schema.field import CommonValues, Info, field
from schema.lazy import LazySession
from schema.node import Node
from schema.scalars import JSON
from schema.token_usage import TokenUsage


@strawberry.enum(description="Who wrote a message.")
class MessageRole(Enum):
    USER = strawberry.enum_value("USER", description="The person.")
    ASSISTANT = strawberry.enum_value("ASSISTANT", description="The model.")
    SYSTEM = strawberry.enum_value("SYSTEM", description="Instructions around the conversation.")
    TOOL = strawberry.enum_value("TOOL", description="A tool answering in its own message.")


@strawberry.type(description="One message of a transcript.")
class Message(Node):
    id: strawberry.ID = strawberry.field(description="Stable id, unique across sessions.")
    position: int = strawberry.field(description="Place in the transcript, from 0.")
    role: MessageRole = strawberry.field(description="Who wrote it.")
    raw_content: JSON = strawberry.field(
        description="The same blocks as the agent stored them, for clients that know its format."
    )
    created_at: datetime | None = strawberry.field(
        description="When it was written, where the transcript recorded that."
    )

    is_injected: bool = strawberry.field(
        description="Whether the program put it in, so that a reader may hide it: reminders, contexts, hook output, "
        "summaries."
    )
    model: str | None = strawberry.field(description="The model that said it, when the transcript recorded that.")

    @field(
        TokenUsage | None,
        "Tokens of the reply it belongs to, told once a reply; null where the transcript has none.",
        needs=("usage",),
        is_cacheable=True,
    )
    @staticmethod
    def usage(row: strawberry.Parent[resolvers.message.MessageRow]) -> object:
        return resolvers.message.usage(row)

    @field(LazySession, "The session it belongs to.", needs=("session_id",), is_cacheable=True)
    @staticmethod
    def session(row: strawberry.Parent[resolvers.message.MessageRow], info: Info) -> object:
        return resolvers.message.session(info.context, row)

    @field(
        list[ContentBlock],
        "What it says, block by block.",
        needs=("blocks",),
        is_heavy=True,
        common=CommonValues(resolvers.message.common_contents, resolvers.message.COMMON_TYPENAMES),
        is_cacheable=True,
    )
    @staticmethod
    def content(
        row: strawberry.Parent[resolvers.message.MessageRow],
        first: Annotated[
            int, strawberry.argument(description="How many blocks, held within 1 to 1,000. Most messages have fewer.")
        ] = MAX_BLOCKS,
        from_: Annotated[int, strawberry.argument(name="from", description="Start at this position.")] = 0,
    ) -> object:
        return resolvers.message.content(row, first=first, from_=from_)

    @field(
        str,
        "The text blocks joined by newlines; empty when there are none.",
        needs=("text",),
        is_heavy=True,
        is_cacheable=True,
    )
    @staticmethod
    def text(
        row: strawberry.Parent[resolvers.message.MessageRow],
        max_length: Annotated[
            int | None, strawberry.argument(description="At most so many code points; all when omitted.")
        ] = strawberry.UNSET,
    ) -> object:
        return resolvers.message.text(row, given(max_length))

    @field(str, "The first words, for a list.", needs=("blocks",), is_heavy=True, is_cacheable=True)
    @staticmethod
    def summary(
        row: strawberry.Parent[resolvers.message.MessageRow],
        max_length: Annotated[
            int, strawberry.argument(description="At most so many code points, held within 1 to 2,000.")
        ] = 280,
    ) -> object:
        return resolvers.message.summary(row, max_length)


@strawberry.type(description="A message in a page.")
class MessageEdge(Edge):
    node: Message = strawberry.field(description="The message.")


@strawberry.type(description="A page of messages.")
class MessageConnection(Connection[MessageEdge, Message]):
    pass
