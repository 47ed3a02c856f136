"""Thread, a conversation that was seeded from a session, with TaskType."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

import resolvers.thread
from schema.arguments import After, Before, First, Last, given
from schema.connection import Connection, Edge
from schema.field import Info, field
from schema.lazy import LazyResumeTask, LazySession
from schema.node import Node
from schema.scalars import BigInt
from schema.thread_event import ThreadEvent
from schema.turn import TurnConnection


@strawberry.enum(description="Kind of work.")
class TaskType(Enum):
    CODE = strawberry.enum_value("CODE", description="Programming.")
    OFFICE = strawberry.enum_value("OFFICE", description="Documents, tables and slides.")


FROM_START = BigInt(0)


@strawberry.type(description="A conversation seeded from a session, for a runtime to go on from.")
class Thread(Node):
    id: strawberry.ID = strawberry.field(description="The thread's id, `thr_` and a UUID's hex digits.")
    title: str | None = strawberry.field(description="Title, taken from the session.")
    model: str = strawberry.field(description="Model for new turns.")
    mode: str = strawberry.field(description="Agent mode for new turns.")
    task_type: TaskType = strawberry.field(description="Kind of work, which decides the tools a runtime offers.")
    workspace: str = strawberry.field(description="Directory the thread works in.")
    system_prompt: str | None = strawberry.field(description="System prompt for new turns.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it last changed.")

    @field(LazySession | None, "The session it was seeded from; null once that is deleted.", needs=("session_id",))
    @staticmethod
    def session(row: strawberry.Parent[resolvers.thread.ThreadRow], info: Info) -> object:
        return resolvers.thread.session(info.context, row)

    @field(LazyResumeTask | None, "Its resume task; null when it was not seeded from a session.", needs=("id",))
    @staticmethod
    def resume_task(row: strawberry.Parent[resolvers.thread.ThreadRow], info: Info) -> object:
        return resolvers.thread.resume_task(info.context, row)

    @field(TurnConnection | None, "Turns in order.", needs=("id",))
    @staticmethod
    def turns(
        row: strawberry.Parent[resolvers.thread.ThreadRow],
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> object:
        return resolvers.thread.turns(
            info.context, row, first=given(first), after=given(after), last=given(last), before=given(before)
        )

    @field(list[ThreadEvent], "What happened to the thread, oldest first.", needs=("id",))
    @staticmethod
    def events(
        row: strawberry.Parent[resolvers.thread.ThreadRow],
        info: Info,
        since_seq: Annotated[BigInt, strawberry.argument(description="Only events with a greater `seq`.")] = FROM_START,
        first: Annotated[int, strawberry.argument(description="How many, held within 1 to 500.")] = 50,
    ) -> object:
        return resolvers.thread.events(info.context, row, since_seq=since_seq, first=first)


@strawberry.type(description="A thread in a page.")
class ThreadEdge(Edge):
    node: Thread = strawberry.field(description="The thread.")


@strawberry.type(description="A page of threads.")
class ThreadConnection(Connection[ThreadEdge, Thread]):
    pass
