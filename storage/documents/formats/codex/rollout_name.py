"""Names of rollout files: `rollout-<local time>-<thread id>.jsonl`, with `_<segment id>` after a revert."""

import re
from datetime import UTC, datetime
from typing import NamedTuple

COMPRESSED = ".zst"

_UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_NAME = re.compile(rf"rollout-(?P<time>.*?)-?(?P<thread>{_UUID})(?:_(?P<segment>{_UUID}))?\.jsonl")
_TIME_BITS = 16
"""Bits after the time in the first eight bytes of a UUID of version 7."""


class RolloutName(NamedTuple):
    """The ids in a file's name. After a revert, a thread continues with a segment, in a file of its own."""

    thread_id: str
    segment_id: str | None

    @property
    def key(self) -> str:
        """The id by which another rollout names this one."""
        return self.segment_id or self.thread_id


def parse_rollout_name(name: str) -> RolloutName | None:
    """The ids in the last part of a path; None when it is not the name of a rollout."""
    match = _NAME.fullmatch(name.rsplit("/", 1)[-1].removesuffix(COMPRESSED))
    return (
        None if match is None else RolloutName(match["thread"].lower(), match["segment"] and match["segment"].lower())
    )


def time_of_id(value: str) -> datetime | None:
    """When an id was made, to the millisecond, if it is a UUID of version 7."""
    digits = value.replace("-", "")
    if re.fullmatch(_UUID, value) is None or digits[12] != "7":
        return None
    try:
        return datetime.fromtimestamp((int(digits[:16], 16) >> _TIME_BITS) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
