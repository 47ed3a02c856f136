"""Records of activity, summed for many sessions, against counting their messages one by one."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from storage.records.activity import MOST_TOKENS, activity_of, first_and_last, quarter_of
from storage.records.activity_points import sum_records

_START = datetime(2026, 11, 1, tzinfo=UTC)
_MINUTES = 10 * 24 * 60
_Message = tuple[int | None, list[int] | None]

# Far fewer than MOST_TOKENS, so that the sums are exact.
_tokens = st.one_of(st.integers(0, 3), st.integers(2**32 - 2, 2**32 + 2), st.integers(0, 2**44))
_messages = st.tuples(st.none() | st.integers(0, _MINUTES), st.none() | st.lists(_tokens, min_size=5, max_size=5))
_sessions = st.lists(st.lists(_messages, max_size=8), max_size=5)
_cuts = st.lists(st.integers(0, _MINUTES // 15), min_size=2, max_size=6, unique=True).map(sorted)


@given(_sessions, _cuts)
@example([[(0, [2**32, 0, 0, 0, 1])], [(1, [1, 0, 0, 0, 2**40])]], [0, 1])
def test_records_are_summed_as_messages_are_counted(sessions: list[list[_Message]], cuts: list[int]) -> None:
    bounds = [_START + cut * timedelta(minutes=15) for cut in cuts]
    timed = [
        [(None if minute is None else _START + timedelta(minutes=minute), usage) for minute, usage in messages]
        for messages in sessions
    ]
    data = b"".join(
        activity_of((at, None if usage is None else orjson.dumps(usage).decode()) for at, usage in messages)
        for messages in timed
    )

    points = sum_records(bounds, [quarter_of(moment) for moment in bounds], data)

    expected = []
    for begin, end in pairwise(bounds):
        inside = [[one for one in messages if one[0] is not None and begin <= one[0] < end] for messages in timed]
        tokens = Counter[int]()
        for usage in (usage for messages in inside for _, usage in messages if usage):
            tokens.update(dict(enumerate(usage)))
        counts = [tokens[place] for place in range(5)]
        expected.append((begin, sum(map(bool, inside)), sum(map(len, inside)), (*counts, sum(counts))))
    assert points == expected


def test_more_tokens_than_json_holds_exactly_are_not_counted() -> None:
    data = activity_of([(_START, f"[{2**60},{2**53},{2**53 - 1},1,0]")])
    quarter = quarter_of(_START)
    [point] = sum_records([_START, _START + timedelta(hours=1)], [quarter, quarter + 4], data)
    assert point.usage[:5] == (MOST_TOKENS, MOST_TOKENS, MOST_TOKENS, 1, 0)
    assert (point.message_count, first_and_last(data)) == (1, (quarter, quarter))
