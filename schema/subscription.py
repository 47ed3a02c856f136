"""Subscription, the root type of subscriptions."""

from collections.abc import AsyncIterator
from typing import Annotated

import strawberry

import resolvers.resume_task
import resolvers.session_change
import resolvers.thread
from schema.arguments import ThreadId, given
from schema.field import Info, subscription
from schema.resume_task import ResumeTask
from schema.scalars import BigInt
from schema.session_change import SessionChange
from schema.session_filter import SessionFilter
from schema.thread import FROM_START
from schema.thread_event import ThreadEvent


@strawberry.type(description="Entry points for following changes.")
class Subscription:
    @subscription(
        ResumeTask,
        "The state of one resume: as it stands now, then after every change. "
        "Completes after a final state. A client\n"
        "that reconnects subscribes again and loses nothing, since the first event is the whole state.",
    )
    async def resume_task(self, info: Info, thread_id: ThreadId) -> AsyncIterator[object]:
        return await resolvers.resume_task.task_updates(info.context, thread_id)

    @subscription(
        ThreadEvent,
        "A thread's log: every event after `sinceSeq`, then each new one as it is written, in order, "
        "none twice, none\n"
        "left out.",
    )
    async def thread_events(
        self,
        info: Info,
        thread_id: ThreadId,
        since_seq: Annotated[
            BigInt, strawberry.argument(description="Only events with a greater `seq`: what the client saw last.")
        ] = FROM_START,
    ) -> AsyncIterator[object]:
        return await resolvers.thread.thread_events(info.context, thread_id, since_seq)

    @subscription(
        SessionChange,
        "What happens to sessions: every change after `since`, then each new one as it happens, in order, "
        "none left out. Changes\n"
        "of one session that come fast may be told as one.",
    )
    async def session_changes(
        self,
        info: Info,
        since: Annotated[
            BigInt | None, strawberry.argument(description="The last `seq` that was seen; omitted: from now on.")
        ] = strawberry.UNSET,
        filter: Annotated[
            SessionFilter | None,
            strawberry.argument(description="Only sessions that pass this before or after the change."),
        ] = strawberry.UNSET,
    ) -> AsyncIterator[object]:
        return await resolvers.session_change.session_changes(
            info.context, given(since), filter.to_resolvers() if filter else None
        )
