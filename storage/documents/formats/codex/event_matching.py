"""Pairs the events of a turn with the items that say the same.

Every prompt and answer is in a rollout twice. Items are what the model gets; an event that has no item fills a gap.
Only what a person asked has an event of a user's message, so that events tell prompts from injected text.
"""

import itertools
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import NamedTuple

from storage.documents.formats.codex.entries import Entry, ItemKind, Marking, ResponseItem, Shown

_SAID = (ResponseItem, Shown)


class EventMatches(NamedTuple):
    """Indexes of entries: the users' items that are a program's, and the events that fill a gap."""

    injected: set[int]
    gaps: set[int]


def match_events(turn: Sequence[Entry], *, is_last: bool) -> EventMatches:
    """Pair the events of a turn. `is_last`: more lines of it may be written."""
    matches = EventMatches(set(), set())
    said = [(index, entry) for index, entry in enumerate(turn) if isinstance(entry, _SAID)]
    items: dict[ItemKind, dict[int, ResponseItem]] = defaultdict(dict)
    events: dict[ItemKind, dict[int, Shown]] = defaultdict(dict)
    for index, entry in said:
        if isinstance(entry, ResponseItem):
            items[entry.kind][index] = entry
        else:
            events[entry.kind][index] = entry
    _close_reasoning(items[ItemKind.REASONING], events[ItemKind.REASONING], matches)
    has_prompt_event = bool(events[ItemKind.USER])
    for kind in (ItemKind.USER, ItemKind.TEXT):
        _pair(items[kind], events[kind])
    _pair_neighbours(said, items, events)
    for kind in (ItemKind.USER, ItemKind.TEXT):
        matches.gaps.update(events[kind])
    for index, item in items[ItemKind.USER].items():
        # The event of a prompt is written after its item.
        is_open = is_last and index == said[-1][0]
        is_unknown = item.marking is Marking.UNKNOWN
        if item.marking is Marking.PROGRAM or (is_unknown and has_prompt_event and not is_open):
            matches.injected.add(index)
    return matches


def _pair_neighbours(
    said: Sequence[tuple[int, ResponseItem | Shown]],
    items: dict[ItemKind, dict[int, ResponseItem]],
    events: dict[ItemKind, dict[int, Shown]],
) -> None:
    """Pair an event with the item beside it: their texts differ when one leaves out a mark or a citation."""
    for (one, first), (two, second) in itertools.pairwise(said):
        if first.kind is not second.kind or type(first) is type(second):
            continue
        item, event = (one, two) if isinstance(first, ResponseItem) else (two, one)
        if event in events[first.kind] and item in items[first.kind]:
            if items[first.kind][item].marking is Marking.PROGRAM:
                continue
            del events[first.kind][event], items[first.kind][item]


def _pair(items: dict[int, ResponseItem], events: dict[int, Shown]) -> None:
    """Take out the items and events that have the same id, or the same text in the same order."""
    if not events:
        return
    by_id: dict[str, int] = {}
    by_text: dict[tuple[int, ...], deque[int]] = defaultdict(deque)
    for index, item in items.items():
        if item.id:
            by_id[item.id] = index
        by_text[item.texts].append(index)
    for index, event in list(events.items()):
        found = by_id.get(event.id) if event.id else None
        if found is None or found not in items:
            same = by_text[event.texts]
            while same and same[0] not in items:
                same.popleft()
            found = same.popleft() if same else None
        if found is not None:
            del items[found], events[index]


def _close_reasoning(items: dict[int, ResponseItem], events: dict[int, Shown], matches: EventMatches) -> None:
    """Reasoning is shown part by part or as a whole: an event fills a gap when no item has any of its texts."""
    said = {text for item in items.values() for text in item.texts}
    ids = {item.id for item in items.values() if item.id}
    for index, event in events.items():
        if event.texts and event.id not in ids and said.isdisjoint(event.texts):
            matches.gaps.add(index)
