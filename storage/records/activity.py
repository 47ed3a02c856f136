"""The activity of a session over time: one record for each quarter of an hour with a message.

Days begin at a quarter of an hour in every time zone. The records of a session are stored as one value, so that those
of many sessions are read together by concatenating the values.
"""

import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import orjson

QUARTER_SECONDS = 900
MOST_TOKENS = 2**53 - 1
"""The most tokens that are counted in a quarter: every JSON parser reads such integers exactly."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_QUARTER = timedelta(seconds=QUARTER_SECONDS)
_RECORD = struct.Struct("<iI5I")
IS_FIRST = 1 << 31
IS_HIGH = 1 << 30
HIGH = 2**32
RECORDS = np.dtype([("quarter", "<i4"), ("messages", "<u4"), ("tokens", "<u4", 5)])
"""The form of the records. In `messages`, IS_FIRST marks the first one of a session, and IS_HIGH a second one of a
quarter with so many tokens that they take more than 32 bits: it counts no message, and multiples of HIGH tokens.
"""


def activity_of(messages: Iterable[tuple[datetime | None, str | None]]) -> bytes:
    """The records of messages, given by their times and their stored usages. Those of unknown time are left out."""
    quarters: dict[int, list[int]] = {}
    record: list[int] = []
    begin = end = _EPOCH
    for created_at, usage in messages:
        if created_at is None:
            continue
        # Most messages lie in the same quarter as the one before: checking that first takes half the time.
        if not begin <= created_at < end:
            quarter = quarter_of(created_at)
            begin = _EPOCH + quarter * _QUARTER
            end = begin + min(_QUARTER, _LAST - begin)
            record = quarters.setdefault(quarter, [0, 0, 0, 0, 0, 0])
        record[0] += 1
        if usage is not None:
            for index, tokens in enumerate(orjson.loads(usage), 1):
                record[index] += tokens
    packed = []
    mark = IS_FIRST
    for quarter, (count, *tokens) in sorted(quarters.items()):
        if max(tokens) < HIGH:
            packed.append(_RECORD.pack(quarter, count | mark, *tokens))
        else:
            halves = [divmod(min(one, MOST_TOKENS), HIGH) for one in tokens]
            packed.append(_RECORD.pack(quarter, count | mark, *(low for _, low in halves)))
            packed.append(_RECORD.pack(quarter, IS_HIGH, *(high for high, _ in halves)))
        mark = 0
    return b"".join(packed)


def quarter_of(moment: datetime) -> int:
    """The number of the quarter of an hour that a moment lies in, counted from 1970."""
    return int(moment.timestamp() // QUARTER_SECONDS)


def first_and_last(activity: bytes) -> tuple[int | None, int | None]:
    """The first and the last quarter of records; None if there is none."""
    if not activity:
        return None, None
    return _RECORD.unpack_from(activity)[0], _RECORD.unpack_from(activity, len(activity) - _RECORD.size)[0]
