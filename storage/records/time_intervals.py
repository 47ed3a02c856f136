"""Intervals of local time: hours, days, weeks and months as a time zone's clocks show them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from storage.errors import InvalidInterval

HOUR = "HOUR"
DAY = "DAY"
WEEK = "WEEK"
MONTH = "MONTH"

MOST_INTERVALS = 1_000


def time_zone(name: str) -> ZoneInfo:
    """A time zone of the IANA database. Raises InvalidInterval."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # zoneinfo raises other errors for the name of a folder or of a file that is not a time zone.
        raise InvalidInterval("There is no time zone of that name in the IANA database.") from None


def whole_intervals(start: datetime, until: datetime, interval: str, zone: ZoneInfo) -> list[datetime]:
    """The moments at which the intervals begin that lie in a span as a whole, and the end of the last one; empty for
    none.

    Raises InvalidInterval when they are more than MOST_INTERVALS.
    """
    try:
        begins = _hours(start, zone) if interval == HOUR else _dates(start, interval, zone)
        bounds = []
        for begin in islice(begins, MOST_INTERVALS + 3):
            if begin > until:
                break
            if begin >= start:
                bounds.append(begin)
    except (OverflowError, ValueError):
        raise InvalidInterval("The span reaches beyond the years that a date can have.") from None
    if len(bounds) > MOST_INTERVALS + 1:
        raise InvalidInterval(f"The span has more than {MOST_INTERVALS:,} intervals.")
    return bounds if len(bounds) > 1 else []


def _hours(start: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments at which a clock shows a full hour, from the one before `start` on, in UTC."""
    quarter = timedelta(minutes=15)
    # An hour that is shown twice begins twice. Some clocks are changed by half an hour, so that the next full hour is
    # found by looking at each quarter.
    moment = datetime.fromtimestamp(start.timestamp() // 900 * 900, UTC)
    while moment.astimezone(zone).minute >= 15:
        moment -= quarter
    while True:
        yield moment
        moment += timedelta(hours=1)
        if moment.astimezone(zone).minute >= 15:
            moment -= timedelta(minutes=45)
            while moment.astimezone(zone).minute >= 15:
                moment += quarter


def _dates(start: datetime, interval: str, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments at which days, weeks or months begin, from the one before `start` on, in UTC."""
    day = start.astimezone(zone).date()
    if interval == WEEK:
        day -= timedelta(days=day.weekday())
    elif interval == MONTH:
        day = day.replace(day=1)
    while True:
        # A midnight that the clocks skip is the moment at which they do.
        yield datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        day = _next(day, interval)


def _next(day: date, interval: str) -> date:
    if interval == MONTH:
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if interval == WEEK else 1)


def begins_of(bounds: list[datetime]) -> list[datetime]:
    """When each interval begins."""
    return [begin for begin, _ in pairwise(bounds)]
