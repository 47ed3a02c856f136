"""ActivityPoint, what happened in an interval of time, with ActivityInterval."""

from datetime import datetime
from enum import Enum

import strawberry

from schema.token_usage import TokenUsage


@strawberry.enum(description="Length of an interval of `activity`.")
class ActivityInterval(Enum):
    HOUR = strawberry.enum_value("HOUR", description="An hour.")
    DAY = strawberry.enum_value("DAY", description="A day.")
    WEEK = strawberry.enum_value("WEEK", description="A week, from Monday.")
    MONTH = strawberry.enum_value("MONTH", description="A month.")


@strawberry.type(description="What went on in one interval.")
class ActivityPoint:
    start: datetime = strawberry.field(description="When the interval begins.")
    session_count: int = strawberry.field(description="Sessions in which something was said.")
    message_count: int = strawberry.field(description="Messages whose time is known to lie in it.")
    usage: TokenUsage = strawberry.field(description="Tokens spent in it.")
