"""TurnStatus, the status of turns and of items."""

from enum import Enum

import strawberry


@strawberry.enum(description="Where a turn or an item stands.")
class TurnStatus(Enum):
    QUEUED = strawberry.enum_value("QUEUED", description="Waiting.")
    IN_PROGRESS = strawberry.enum_value("IN_PROGRESS", description="Running.")
    COMPLETED = strawberry.enum_value("COMPLETED", description="Done.")
    FAILED = strawberry.enum_value("FAILED", description="Ended by an error.")
    INTERRUPTED = strawberry.enum_value("INTERRUPTED", description="Stopped part-way.")
    CANCELED = strawberry.enum_value("CANCELED", description="Called off.")
