"""Intervals begin as clocks show them, also where clocks are changed at midnight, or by half an hour."""

from datetime import datetime

import pytest

from storage.errors import InvalidInterval
from storage.records.time_intervals import DAY, HOUR, MONTH, WEEK, time_zone, whole_intervals


def begins(start: str, until: str, interval: str, zone: str) -> list[str]:
    """Local times at which intervals begin, and at which the last one ends."""
    found = whole_intervals(datetime.fromisoformat(start), datetime.fromisoformat(until), interval, time_zone(zone))
    return [f"{moment.astimezone(time_zone(zone)):%m-%d %H:%M}" for moment in found]


def test_a_day_whose_midnight_is_skipped_begins_when_the_clocks_are_put_forward() -> None:
    found = begins("2018-11-03T00:00-03:00", "2018-11-06T00:00-02:00", DAY, "America/Sao_Paulo")
    assert found == ["11-03 00:00", "11-04 01:00", "11-05 00:00", "11-06 00:00"]


def test_an_hour_that_is_shown_twice_begins_twice_and_one_that_is_skipped_never() -> None:
    found = begins("2026-10-25T00:00+02:00", "2026-10-25T04:00+01:00", HOUR, "Europe/Berlin")
    assert found == ["10-25 00:00", "10-25 01:00", "10-25 02:00", "10-25 02:00", "10-25 03:00", "10-25 04:00"]
    found = begins("2026-03-29T01:00+01:00", "2026-03-29T04:00+02:00", HOUR, "Europe/Berlin")
    assert found == ["03-29 01:00", "03-29 03:00", "03-29 04:00"]


def test_full_hours_stay_full_hours_where_clocks_are_changed_by_half_an_hour() -> None:
    found = begins("2026-04-05T00:00+11:00", "2026-04-05T04:00+10:30", HOUR, "Australia/Lord_Howe")
    assert found[0] == "04-05 00:00"
    assert found[-1] == "04-05 04:00"
    assert all(one.endswith(":00") for one in found)
    found = begins("2026-10-04T00:00+10:30", "2026-10-04T05:00+11:00", HOUR, "Australia/Lord_Howe")
    # From 2:00 the clocks are put forward to 2:30.
    assert found == ["10-04 00:00", "10-04 01:00", "10-04 03:00", "10-04 04:00", "10-04 05:00"]


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    found = begins("2026-03-01T00:00+01:00", "2026-04-20T00:00+02:00", WEEK, "Europe/Berlin")
    assert found == ["03-02 00:00", "03-09 00:00", "03-16 00:00", "03-23 00:00", "03-30 00:00", "04-06 00:00",
                     "04-13 00:00", "04-20 00:00"]  # fmt: skip
    found = begins("2025-12-31T23:00-05:00", "2026-03-31T23:00-04:00", MONTH, "America/New_York")
    assert found == ["01-01 00:00", "02-01 00:00", "03-01 00:00"]


@pytest.mark.parametrize(("hours", "is_allowed"), [(1000, True), (1001, False)])
def test_a_thousand_intervals_are_the_most(hours: int, is_allowed: bool) -> None:
    until = datetime.fromtimestamp(1_700_000_000 // 3600 * 3600 + 3600 * hours).astimezone()
    start = datetime.fromtimestamp(1_700_000_000 // 3600 * 3600).astimezone()
    if is_allowed:
        assert len(whole_intervals(start, until, HOUR, time_zone("UTC"))) == hours + 1
    else:
        with pytest.raises(InvalidInterval):
            whole_intervals(start, until, HOUR, time_zone("UTC"))
