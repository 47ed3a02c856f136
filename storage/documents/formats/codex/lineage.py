"""Which lines of which rollouts a thread consists of: a fork or a revert goes on from lines of another rollout."""

from collections.abc import Sequence
from typing import NamedTuple

from storage.documents.formats.codex.entries import Entry
from storage.documents.formats.codex.rollout_name import parse_rollout_name
from storage.documents.formats.codex.scan import Rollout, scan


class Stretch(NamedTuple):
    """The entries of a rollout up to an index, which the thread goes on from, and those behind it."""

    rollout: Rollout
    entry_count: int

    @property
    def kept(self) -> range:
        """Indexes of the entries that are a part of the thread."""
        return range(self.entry_count)

    @property
    def left(self) -> range:
        """Indexes of the entries that the thread went away from."""
        return range(self.entry_count, len(self.rollout.entries))


class Lineage(NamedTuple):
    """The stretches of a thread, oldest first, and the key of a rollout that they go on from but that is missing."""

    stretches: list[Stretch]
    missing: str | None


def keys_of(rollout: Rollout) -> list[str]:
    """The ids by which another rollout names this one. The id of a segment stands only in the file's name."""
    name = parse_rollout_name(rollout.transcript.name)
    header_id = [rollout.header.thread_id] if rollout.header is not None and rollout.header.thread_id else []
    if name is None:
        return header_id
    if name.segment_id is not None:
        return [name.segment_id]
    return list(dict.fromkeys([name.thread_id, *header_id]))


def newest(rollouts: Sequence[Rollout]) -> Rollout:
    """The rollout of a thread that its agent goes on with: no other one of them goes on from it."""
    bases = {rollout.header.base.key for rollout in rollouts if rollout.header is not None and rollout.header.base}
    ends = [rollout for rollout in rollouts if bases.isdisjoint(keys_of(rollout))] or list(rollouts)
    return max(enumerate(ends), key=lambda end: (_begun(end[1]), end[1].line_count, end[0]))[1]


def _begun(rollout: Rollout) -> float:
    created_at = None if rollout.header is None else rollout.header.created_at
    return 0.0 if created_at is None else created_at.timestamp()


def lineage(rollout: Rollout, own: Sequence[Rollout]) -> Lineage:
    """The stretches that a rollout and those that it goes on from consist of. `own` are of the same thread."""
    by_key = {key: other for other in own for key in keys_of(other)}
    stretches = [Stretch(rollout, len(rollout.entries))]
    seen = {id(rollout)}
    names = {rollout.transcript.name}
    end: int | None = None
    while (header := rollout.header) is not None and (base := header.base) is not None:
        end = base.end if end is None else min(base.end, end)
        found = by_key.get(base.key)
        if found is None:
            transcript = rollout.transcript.base(base.key)
            found = None if transcript is None or transcript.name in names else scan(transcript)
        if found is None or id(found) in seen:
            return Lineage(stretches, base.key)
        rollout = found
        seen.add(id(rollout))
        names.add(rollout.transcript.name)
        stretches.insert(0, Stretch(rollout, _count_below(rollout.entries, end)))
    return Lineage(stretches, None)


def _count_below(entries: Sequence[Entry], end: int) -> int:
    """How many entries come before the first with an ordinal that is not below the end."""
    for index, entry in enumerate(entries):
        if entry.place.ordinal is not None and entry.place.ordinal >= end:
            return index
    return len(entries)
