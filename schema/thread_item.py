"""ThreadItem, the interface of the items of a turn, with its types and ThreadItemConnection."""

from enum import Enum

import strawberry

from schema.connection import Connection, Edge
from schema.node import Node
from schema.scalars import JSON
from schema.turn_status import TurnStatus


@strawberry.enum(description="What sort of tool call an item is.")
class ToolCallKind(Enum):
    COMMAND_EXECUTION = strawberry.enum_value("COMMAND_EXECUTION", description="A shell command.")
    FILE_CHANGE = strawberry.enum_value("FILE_CHANGE", description="An edit, patch or write of files.")
    TOOL_CALL = strawberry.enum_value("TOOL_CALL", description="Any other tool.")


@strawberry.interface(description="Something that happened in a turn. New kinds may be added: keep a fallback.")
class ThreadItem(Node):
    id: strawberry.ID = strawberry.field(description="The item's id.")
    position: int = strawberry.field(description="Place in the turn, from 0.")
    status: TurnStatus = strawberry.field(description="Where the item stands.")
    summary: str = strawberry.field(description="One line for a list, at most 280 code points.")


@strawberry.type(description="What the person said.")
class UserMessageItem(ThreadItem):
    text: str = strawberry.field(description="The text.")


@strawberry.type(description="What the model said.")
class AgentMessageItem(ThreadItem):
    text: str = strawberry.field(description="The text.")


@strawberry.type(description="What the model thought aloud.")
class ReasoningItem(ThreadItem):
    text: str = strawberry.field(description="The reasoning.")


@strawberry.type(description="A tool call with its answer.")
class ToolCallItem(ThreadItem):
    status: TurnStatus = strawberry.field(
        description="Where the item stands: FAILED when the tool failed, INTERRUPTED when no answer was saved."
    )
    kind: ToolCallKind = strawberry.field(description="What sort of call it is.")
    name: str = strawberry.field(description="Name of the tool.")
    tool_use_id: strawberry.ID = strawberry.field(description="Links the item to the transcript's call.")
    input: JSON | None = strawberry.field(description="Arguments.")
    output: str | None = strawberry.field(description="The answer as text; null when none was saved.")


@strawberry.type(description="Anything else the transcript holds: system notes, pictures, blocks of unknown kinds.")
class OtherItem(ThreadItem):
    block_kind: str = strawberry.field(description="The kind of block it came from.")
    raw: JSON = strawberry.field(description="The block as stored.")


THREAD_ITEMS = (UserMessageItem, AgentMessageItem, ReasoningItem, ToolCallItem, OtherItem)


@strawberry.type(description="A thread item in a page.")
class ThreadItemEdge(Edge):
    node: ThreadItem = strawberry.field(description="The item.")


@strawberry.type(description="A page of thread items.")
class ThreadItemConnection(Connection[ThreadItemEdge, ThreadItem]):
    pass
