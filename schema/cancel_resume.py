"""Input and payload of the mutation `cancelResume`."""

import strawberry

from schema.payload import Payload
from schema.resume_task import ResumeTask


@strawberry.input(description="What to call off.")
class CancelResumeInput:
    thread_id: strawberry.ID = strawberry.field(description="The thread being seeded.")


@strawberry.type(description="The outcome of `cancelResume`.")
class CancelResumePayload(Payload):
    resume_task: ResumeTask | None = strawberry.field(description="The task as it now stands; null when there is none.")
