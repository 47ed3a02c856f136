"""ToolStatistics, how often a tool was called in a session."""

import strawberry

from schema.thread_item import ToolCallKind


@strawberry.type(description="How often a tool was called.")
class ToolStatistics:
    name: str = strawberry.field(description="Name of the tool.")
    kind: ToolCallKind = strawberry.field(description="What sort of call it is.")
    call_count: int = strawberry.field(description="Calls.")
    failure_count: int = strawberry.field(description="Calls that the tool answered with an error.")
