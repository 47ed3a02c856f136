"""Derives a session from all its transcripts, the earlier generations of each included."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from typing import Any, NamedTuple

from storage.archive.archived_transcript import ArchivedTranscript
from storage.archive.transcript_rows import TranscriptRow
from storage.documents.derived_session import DerivedMessage, DerivedSession
from storage.documents.formats.derived_values import total_usage
from storage.documents.formats.transcript_format import TranscriptFormat
from storage.transcripts.same_messages import TOLD, Said, SameMessages, said


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


def _sizes(messages: Sequence[DerivedMessage], moments: Set[Said]) -> Counter[Said]:
    """How many blocks the messages have that were said at each of these moments."""
    sizes: Counter[Said] = Counter()
    for message in messages if moments else ():
        if said(message) in moments:
            sizes[said(message)] += len(message.build())
    return sizes


def with_earlier(
    session: DerivedSession, messages: Sequence[DerivedMessage], *, may_change: bool = False
) -> DerivedSession:
    """The session with what it lacks of them, each message behind the one that it followed; itself if it has them all.

    Their tokens and costs were spent, also where the agent has taken them out of its own sums.

    With `may_change`, a message of the same role and time is a later state of the same one, such as a reply that was
    stored while it was being written. If it has fewer blocks, as after an undo of a part of it, the earlier state stays
    too; its tokens and costs are in the later one.

    Else a message is the same one if it says the same in other lines, and the same reply if it has the same tokens:
    another program has written the transcript again. For such messages a copy of the session is returned at least,
    since their lines are in no other generation.
    """
    same: dict[Said, int] = {}
    if may_change:
        same = {said(one): index for index, one in enumerate(session.messages) if one.created_at}
    indexes: defaultdict[bytes, list[int]] = defaultdict(list)
    for index, message in enumerate(session.messages):
        indexes[message.digest].append(index)
    changed = {said(one) for one in messages if one.digest not in indexes} & same.keys()
    now, then = _sizes(session.messages, changed), _sizes(messages, changed)
    again = SameMessages(session.messages, {message.digest for message in messages})
    # The messages to add, by the index of the message that they follow.
    added: defaultdict[int, list[DerivedMessage]] = defaultdict(list)
    # What the session's messages lack, by their indexes.
    completed: dict[int, DerivedMessage] = {}
    lacking: list[DerivedMessage] = []
    is_rewritten = False
    previous = -1
    for message in messages:
        if found := indexes[message.digest]:
            # The first equal message after the previous one, else the first of all equal messages.
            place = next((number for number, index in enumerate(found) if index > previous), 0)
            previous = max(previous, found.pop(place))
        elif said(message) in same:
            previous = max(previous, same[said(message)])
            if then[said(message)] > now[said(message)]:
                lacking.append(message._replace(usage=None, cost=None))
                added[previous].append(lacking[-1])
        elif (twin := again.take_equal(message)) is not None:
            previous = max(previous, twin)
            is_rewritten = True
            if told := _untold(message, session.messages[twin]):
                completed[twin] = session.messages[twin]._replace(**told)
                lacking.append(message._replace(**{"usage": None, "cost": None, **told}))
        else:
            lacking.append(again.without_counted(message))
            added[previous].append(lacking[-1])
    if not lacking:
        return replace(session) if is_rewritten else session
    costs = [cost for cost in (session.recorded_cost, *(message.cost for message in lacking)) if cost is not None]
    merged: list[DerivedMessage] = list(added[-1])
    moved: list[int] = []
    for index, message in enumerate(session.messages):
        moved.append(len(merged))
        merged += [completed.get(index, message), *added[index]]
    return replace(
        session,
        messages=merged,
        live=[moved[index] for index in session.live],
        usage=session.usage.plus(total_usage(message.usage for message in lacking)),
        recorded_cost=sum(costs) if costs else None,
    )


def _untold(message: DerivedMessage, again: DerivedMessage) -> dict[str, Any]:
    """What a message tells of its reply that it does not tell where it stands again."""
    return {name: told for name in TOLD if (told := getattr(message, name)) and not getattr(again, name)}
