"""Input and payload of the mutation `resumeSession`."""

import strawberry

from schema.payload import Payload
from schema.resume_task import ResumeTask
from schema.thread import TaskType


@strawberry.input(description="What to resume.")
class ResumeSessionInput:
    session_id: strawberry.ID = strawberry.field(description="The session.")
    model: str | None = strawberry.field(description="Model for the thread; the session's own when omitted or blank.")
    mode: str | None = strawberry.field(
        description="Mode for the thread; the session's own when omitted or blank, `agent` when it has none."
    )
    task_type: TaskType | None = strawberry.field(description="Kind of work; told from the workspace when omitted.")


@strawberry.type(description="The outcome of `resumeSession`.")
class ResumeSessionPayload(Payload):
    resume_task: ResumeTask | None = strawberry.field(description="The task; null when `userErrors` is not empty.")
    is_reused: bool = strawberry.field(description="Whether a thread from an earlier resume is being used again.")
    message_count: int = strawberry.field(description="Messages in the session.")
