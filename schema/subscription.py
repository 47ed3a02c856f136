"""Subscription: where following changes starts."""

from collections.abc import AsyncIterator

import strawberry

import resolvers.resume_task
from schema.arguments import ThreadId
from schema.field import Info, subscription
from schema.resume_task import ResumeTask


@strawberry.type(description="Entry points for following changes.")
class Subscription:
    @subscription(
        ResumeTask,
        "The state of one resume: as it stands now, then after every change. "
        "Completes after a final state. A client\n"
        "that reconnects subscribes again and loses nothing, since the first event is the whole state.",
    )
    async def resume_task(self, info: Info, thread_id: ThreadId) -> AsyncIterator[object]:
        return await resolvers.resume_task.watch(info.context, thread_id)
