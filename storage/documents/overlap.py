"""The overlap of two windows: the messages that a compaction keeps end the one and follow the summary in the other."""

from collections.abc import Sequence


def overlap_length(before: Sequence[object], after: Sequence[object]) -> int:
    """The largest number of items that end `before` and begin `after`, in linear time.

    It is the failure function of Knuth, Morris and Pratt.
    """
    # For each item of `after`, how many items before it begin `after` too.
    failures = [0]
    for item in after[1:]:
        failures.append(_longest(after, failures, failures[-1], item))
    length = 0
    for item in before[max(0, len(before) - len(after)) :]:
        length = _longest(after, failures, length, item)
    return length


def _longest(pattern: Sequence[object], failures: Sequence[int], length: int, item: object) -> int:
    """How many items begin the pattern and end with `item`, if `length` items before it begin the pattern."""
    while length and (length == len(pattern) or pattern[length] != item):
        length = failures[length - 1]
    return length + (length < len(pattern) and pattern[length] == item)
