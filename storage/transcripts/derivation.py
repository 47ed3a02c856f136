"""Derives a session from all its transcripts, the earlier generations of each included."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from storage.archive.archived_transcript import ArchivedTranscript
from storage.archive.transcript_rows import TranscriptRow
from storage.documents.derived_session import DerivedMessage, DerivedSession
from storage.documents.formats.derived_values import total_usage
from storage.documents.formats.transcript_format import TranscriptFormat


class Derivation(NamedTuple):
    """A session, and the ids of the earlier generations of its transcripts that it has no message of."""

    session: DerivedSession
    unused: list[int]


def derive(
    format: TranscriptFormat,
    rows: Sequence[TranscriptRow],
    open_transcript: Callable[[TranscriptRow], ArchivedTranscript],
) -> Derivation | None:
    """Derive a session from its transcripts, which are in order; None when they hold no message.

    The newest generations make the session. What they lack of an earlier one is added where it stood, as messages of an
    earlier window.
    """
    newest = {row.name: row for row in rows}
    current = [row for row in rows if newest[row.name] is row]
    earlier = [row for row in reversed(rows) if newest[row.name] is not row]
    session = format.derive([open_transcript(row) for row in current])
    unused = []
    for row in earlier:
        before = format.derive([open_transcript(row)])
        if before is None:
            unused.append(row.id)
        elif session is None:
            session = before
        else:
            merged = with_earlier(session, before.messages, may_change=row.is_rewritten)
            if merged is session:
                unused.append(row.id)
            session = merged
    return None if session is None else Derivation(session, unused)


_Moment = tuple[str, datetime | None]
"""The role and the time of a message."""


def _moment(message: DerivedMessage) -> _Moment:
    return message.role, message.created_at


def _sizes(messages: Sequence[DerivedMessage], moments: Set[_Moment]) -> Counter[_Moment]:
    """How many blocks the messages have that were said at each of these moments."""
    sizes: Counter[_Moment] = Counter()
    for message in messages if moments else ():
        if _moment(message) in moments:
            sizes[_moment(message)] += len(message.build())
    return sizes


def with_earlier(
    session: DerivedSession, messages: Sequence[DerivedMessage], *, may_change: bool = False
) -> DerivedSession:
    """The session with those messages that it lacks, each behind the one that it followed; itself if it lacks none.

    Their tokens and costs were spent, also where the agent has taken them out of its own sums.

    With `may_change`, a message of the same role and time is a later state of the same one, such as a reply that was
    stored while it was being written. If it has fewer blocks, as after an undo of a part of it, the earlier state stays
    too; its tokens and costs are in the later one.
    """
    same: dict[_Moment, int] = {}
    if may_change:
        same = {_moment(one): index for index, one in enumerate(session.messages) if one.created_at}
    indexes: defaultdict[bytes, list[int]] = defaultdict(list)
    for index, message in enumerate(session.messages):
        indexes[message.digest].append(index)
    changed = {_moment(one) for one in messages if one.digest not in indexes} & same.keys()
    now, then = _sizes(session.messages, changed), _sizes(messages, changed)
    # The messages to add, by the index of the message that they follow.
    added: defaultdict[int, list[DerivedMessage]] = defaultdict(list)
    previous = -1
    for message in messages:
        if found := indexes[message.digest]:
            # The first equal message after the previous one, else the first of all equal messages.
            place = next((number for number, index in enumerate(found) if index > previous), 0)
            previous = max(previous, found.pop(place))
        elif _moment(message) in same:
            previous = max(previous, same[_moment(message)])
            if then[_moment(message)] > now[_moment(message)]:
                added[previous].append(message._replace(usage=None, cost=None))
        else:
            added[previous].append(message)
    if not added:
        return session
    lacking = [message for following in added.values() for message in following]
    costs = [cost for cost in (session.recorded_cost, *(message.cost for message in lacking)) if cost is not None]
    merged: list[DerivedMessage] = list(added[-1])
    moved: list[int] = []
    for index, message in enumerate(session.messages):
        moved.append(len(merged))
        merged += [message, *added[index]]
    return replace(
        session,
        messages=merged,
        live=[moved[index] for index in session.live],
        usage=session.usage.plus(total_usage(message.usage for message in lacking)),
        recorded_cost=sum(costs) if costs else None,
    )
