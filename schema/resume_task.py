"""ResumeTask, which seeds a thread from a session, with ResumeState, ResumeError and ResumeTaskConnection."""

from datetime import datetime
from enum import Enum

import strawberry

import resolvers.resume_task
from schema.connection import Connection, Edge
from schema.field import Info, field
from schema.lazy import LazySession
from schema.node import Node
from schema.scalars import BigInt
from schema.thread import Thread


@strawberry.enum(description="Where a resume task stands. `READY`, `ERROR` and `CANCELED` are final.")
class ResumeState(Enum):
    QUEUED = strawberry.enum_value("QUEUED", description="Accepted; waiting for the seed gate.")
    SEEDING = strawberry.enum_value("SEEDING", description="Writing turns and items into the thread.")
    READY = strawberry.enum_value("READY", description="The thread holds the whole session.")
    ERROR = strawberry.enum_value("ERROR", description="Stopped by an error; see `error`.")
    CANCELED = strawberry.enum_value("CANCELED", description="Called off.")


@strawberry.enum(description="Why a resume task failed. More may be added.")
class ResumeErrorCode(Enum):
    SESSION_DELETED = strawberry.enum_value(
        "SESSION_DELETED", description="The session was deleted before all of it was read."
    )
    SESSION_CHANGED = strawberry.enum_value(
        "SESSION_CHANGED",
        description="The session was replaced by another import before all of it was read; resume it again.",
    )
    SESSION_UNREADABLE = strawberry.enum_value(
        "SESSION_UNREADABLE", description="The session's stored form could not be understood."
    )
    INTERNAL = strawberry.enum_value(
        "INTERNAL", description="A fault in the server; the log has it under the thread's id."
    )


@strawberry.type(description="Why a resume task failed.")
class ResumeError:
    code: ResumeErrorCode = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="For people. Holds no paths and no internals.")


@strawberry.type(description="Seeding a thread from a saved session, in the background. A task is known by its thread.")
class ResumeTask(Node):
    id: strawberry.ID = strawberry.field(description="The task's id, `tsk_` and a UUID's hex digits.")
    thread_id: strawberry.ID = strawberry.field(description="The id of the thread being seeded.")
    session_id: strawberry.ID = strawberry.field(description="The id of the session being resumed.")
    state: ResumeState = strawberry.field(description="Where the task stands.")
    items_written: int = strawberry.field(description="Thread items written so far; never falls within one attempt.")
    items_total: int = strawberry.field(description="Thread items to write in all.")
    progress: float = strawberry.field(description="From 0 to 1; 1 when there is nothing to write.")
    error: ResumeError | None = strawberry.field(description="Why it failed; set exactly when `state` is `ERROR`.")
    attempt: int = strawberry.field(description="Which attempt this is, from 1.")
    revision: BigInt = strawberry.field(description="Rises by one with every change; compare to drop stale updates.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    started_at: datetime | None = strawberry.field(description="When an attempt first began.")
    finished_at: datetime | None = strawberry.field(description="When it reached a final state.")

    @field(Thread, "The thread being seeded.", needs=("thread_id",))
    @staticmethod
    def thread(row: strawberry.Parent[resolvers.resume_task.ResumeTaskRow], info: Info) -> object:
        return resolvers.resume_task.thread(info.context, row)

    @field(LazySession | None, "The session being resumed; null once that is deleted.", needs=("seeded_session_id",))
    @staticmethod
    def session(row: strawberry.Parent[resolvers.resume_task.ResumeTaskRow], info: Info) -> object:
        return resolvers.resume_task.session(info.context, row)

    @field(int | None, "How many tasks are ahead of it; null unless `state` is `QUEUED`.", needs=("thread_id", "state"))
    @staticmethod
    def queue_position(row: strawberry.Parent[resolvers.resume_task.ResumeTaskRow], info: Info) -> object:
        return resolvers.resume_task.queue_position(info.context, row)


@strawberry.type(description="A resume task in a page.")
class ResumeTaskEdge(Edge):
    node: ResumeTask = strawberry.field(description="The task.")


@strawberry.type(description="A page of resume tasks.")
class ResumeTaskConnection(Connection[ResumeTaskEdge, ResumeTask]):
    pass
