"""Which lines of which rollouts a thread consists of: a fork or a revert continues lines of another rollout."""

from collections.abc import Sequence
from typing import NamedTuple

from storage.documents.formats.codex.rollout import Rollout
from storage.documents.formats.codex.rollout_name import parse_rollout_name


class Stretch(NamedTuple):
    """A rollout, of which the thread has the lines with an ordinal below `end`; all without an end."""

    rollout: Rollout
    end: int | None


class Lineage(NamedTuple):
    """The stretches of a thread, oldest first, and the key of a rollout that they continue but that is missing."""

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
    """The rollout with which the agent of a thread continues: none of the others continues it."""
    bases = {rollout.header.base.key for rollout in rollouts if rollout.header is not None and rollout.header.base}
    ends = [rollout for rollout in rollouts if bases.isdisjoint(keys_of(rollout))] or list(rollouts)
    latest = max(map(_begun, ends))
    ends = [rollout for rollout in ends if _begun(rollout) == latest]
    # Copies of one rollout: the one that grew.
    return ends[0] if len(ends) == 1 else max(ends, key=lambda end: sum(1 for _ in end.transcript.lines()))


def _begun(rollout: Rollout) -> float:
    created_at = None if rollout.header is None else rollout.header.created_at
    return 0.0 if created_at is None else created_at.timestamp()


def lineage(rollout: Rollout, own: Sequence[Rollout]) -> Lineage:
    """The stretches that a rollout and those that it continues consist of. `own` are of the same thread."""
    by_key = {key: other for other in own for key in keys_of(other)}
    stretches = [Stretch(rollout, None)]
    # Rollouts that were imported as texts share a name.
    seen = {_identity(rollout)}
    end: int | None = None
    while (header := rollout.header) is not None and (base := header.base) is not None:
        end = base.end if end is None else min(base.end, end)
        found = by_key.get(base.key)
        if found is None and (transcript := rollout.transcript.base(base.key)) is not None:
            found = Rollout(transcript)
        if found is None or _identity(found) in seen:
            return Lineage(stretches, base.key)
        rollout = found
        seen.add(_identity(rollout))
        stretches.insert(0, Stretch(rollout, end))
    return Lineage(stretches, None)


def _identity(rollout: Rollout) -> tuple[str, ...]:
    return (rollout.transcript.name, *keys_of(rollout))
