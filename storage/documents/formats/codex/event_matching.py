"""Pairs the events of each turn with the items that say the same.

Every prompt and answer stands twice in a rollout. Items are what the model gets; an event that has no item fills a
gap. Only what a person asked has an event of a user's message, so that events tell prompts from injected text.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from storage.documents.formats.codex.entries import CopiedHeader, Entry, Item, ItemKind, Marking, Shown, TurnStart


class Matches(NamedTuple):
    """Indexes of entries: the users' items that are a program's, and the events that fill a gap."""

    injected: set[int]
    gaps: set[int]


def match_events(entries: Sequence[Entry]) -> Matches:
    """Pair all events of a rollout, turn by turn."""
    matches = Matches(set(), set())
    turn = _Turn()
    for index, entry in enumerate(entries):
        if isinstance(entry, Item):
            turn.items[entry.kind].append((index, entry))
        elif isinstance(entry, Shown):
            turn.events[entry.kind].append((index, entry))
        elif isinstance(entry, TurnStart | CopiedHeader):
            turn.close(matches)
            turn = _Turn()
    turn.close(matches)
    return matches


@dataclass(slots=True)
class _Turn:
    items: dict[ItemKind, list[tuple[int, Item]]] = field(default_factory=lambda: defaultdict(list))
    events: dict[ItemKind, list[tuple[int, Shown]]] = field(default_factory=lambda: defaultdict(list))

    def close(self, matches: Matches) -> None:
        texts, shown_texts = self.items[ItemKind.TEXT], self.events[ItemKind.TEXT]
        lone_texts, lone_shown = _unpaired(texts, shown_texts)
        # An event may leave out a part of its item's text.
        matches.gaps.update(lone_shown[len(lone_texts) :])
        self._close_prompts(matches)
        self._close_reasoning(matches)

    def _close_prompts(self, matches: Matches) -> None:
        prompts, events = self.items[ItemKind.USER], self.events[ItemKind.USER]
        lone, lone_events = _unpaired(prompts, events)
        markings = {index: item.marking for index, item in prompts}
        unmarked = [index for index in lone if markings[index] is not Marking.PROGRAM]
        matches.gaps.update(lone_events[len(unmarked) :])
        unmarked = unmarked[len(lone_events) :]
        program = [index for index in lone if markings[index] is Marking.PROGRAM]
        if events:
            program += [index for index in unmarked if markings[index] is Marking.UNKNOWN]
        matches.injected.update(program)

    def _close_reasoning(self, matches: Matches) -> None:
        items = [item for _, item in self.items[ItemKind.REASONING]]
        said = {text for item in items for text in item.texts} | {item.id for item in items if item.id}
        lone = [
            index
            for index, event in self.events[ItemKind.REASONING]
            if event.texts and event.id not in said and said.isdisjoint(event.texts)
        ]
        if not any(item.texts for item in items):
            matches.gaps.update(lone)


def _unpaired(items: Iterable[tuple[int, Item]], events: Iterable[tuple[int, Shown]]) -> tuple[list[int], list[int]]:
    """The indexes of the items and of the events that no other has the id of, or the text of, in order."""
    by_id: dict[str, int] = {}
    waiting: dict[tuple[int, ...], deque[int]] = defaultdict(deque)
    lone_items: dict[int, None] = {}
    for index, item in items:
        lone_items[index] = None
        if item.id:
            by_id[item.id] = index
        waiting[item.texts].append(index)
    lone_events: list[int] = []
    for index, event in events:
        found = by_id.get(event.id) if event.id else None
        if found is None or found not in lone_items:
            candidates = waiting[event.texts]
            while candidates and candidates[0] not in lone_items:
                candidates.popleft()
            found = candidates.popleft() if candidates else None
        if found is None:
            lone_events.append(index)
        else:
            del lone_items[found]
    return list(lone_items), lone_events
