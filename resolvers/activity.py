"""Resolver of `activity`: what happened over time."""

from resolvers.context import Context
from resolvers.errors import BadUserInput
from resolvers.session import storable_filter
from storage.records.activity_points import ActivityPoint, activity_points
from storage.records.session_filter import SessionFilter, Span
from storage.records.time_intervals import time_zone, whole_intervals


async def activity(
    context: Context, *, filter: SessionFilter | None, span: Span, interval: str, time_zone_name: str
) -> list[ActivityPoint]:
    """The intervals that lie in the span as a whole. Raises BadUserInput and InvalidInterval."""
    if span.start is None or span.until is None:
        raise BadUserInput("`span` must have `from` and `until`.")
    bounds = whole_intervals(span.start, span.until, interval, time_zone(time_zone_name))
    return await activity_points(context.database, storable_filter(filter), bounds)
