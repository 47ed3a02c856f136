"""ThreadEvent, an entry of a thread's log."""

from datetime import datetime

import strawberry

from schema.scalars import JSON, BigInt
from schema.thread_item import ThreadItem


@strawberry.type(description="An entry of a thread's log.")
class ThreadEvent:
    seq: BigInt = strawberry.field(description="Rises by one with every event of the thread, from 1, without a gap.")
    event: str = strawberry.field(
        description="What happened, such as `thread.started`, `item.completed` or `thread.updated`."
    )
    timestamp: datetime = strawberry.field(description="When.")
    turn_id: strawberry.ID | None = strawberry.field(description="The turn it is about, when it is about one.")
    item_id: strawberry.ID | None = strawberry.field(description="The item it is about, when it is about one.")
    item: ThreadItem | None = strawberry.field(description="That item as it now stands.")
    payload: JSON = strawberry.field(description="The details.")
