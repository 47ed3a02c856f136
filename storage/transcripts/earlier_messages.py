"""Adds to a session what an earlier generation of its transcript has beyond the newest one."""

from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Any

from storage.documents.derived_session import DerivedMessage, DerivedSession
from storage.documents.formats.derived_values import total_usage
from storage.transcripts.earlier_facts import with_earlier_facts
from storage.transcripts.same_messages import REPLY_FIELDS, Origin, SameMessages, origin_of


def with_earlier(session: DerivedSession, before: DerivedSession, *, may_change: bool = False) -> DerivedSession:
    """The session with the messages that it lacks, each behind the one that it followed; itself if it has them all.

    Their tokens and costs were spent, also where the agent has taken them out of its own sums.

    With `may_change`, a message of the same role and time is a later state of the same one, such as a reply that was
    stored while it was being written. If it has fewer blocks, as after an undo of a part of it, the earlier state stays
    too; its tokens and costs are in the later one.

    Else another program has written the transcript again. A message is the same one if it says the same in other lines,
    and the same reply if it has the same tokens. For such messages a copy of the session is returned at least, since
    their lines are in no other generation. The title, the origin and other fields are taken from
    before if the lines that have them were left out.
    """
    messages = before.messages
    if not may_change:
        session = with_earlier_facts(session, before)
    states: dict[Origin, int] = {}
    if may_change:
        states = {origin_of(one): index for index, one in enumerate(session.messages) if one.created_at}
    indexes: defaultdict[bytes, list[int]] = defaultdict(list)
    for index, message in enumerate(session.messages):
        indexes[message.digest].append(index)
    changed = {origin_of(one) for one in messages if one.digest not in indexes} & states.keys()
    now, then = _sizes(session.messages, changed), _sizes(messages, changed)
    again = SameMessages(session.messages, {message.digest for message in messages})
    merged = _Merged(session)
    previous = -1
    for message in messages:
        if found := indexes[message.digest]:
            # The first equal message after the previous one, else the first of all equal messages.
            place = next((number for number, index in enumerate(found) if index > previous), 0)
            previous = max(previous, found.pop(place))
        elif origin_of(message) in states:
            previous = max(previous, states[origin_of(message)])
            if then[origin_of(message)] > now[origin_of(message)]:
                merged.add(message._replace(usage=None, cost=None), previous)
        elif (twin := again.take_equal(message)) is not None:
            previous = max(previous, twin)
            merged.complete(twin, message)
        else:
            merged.add(again.without_counted(message), previous)
    return merged.session()


def _sizes(messages: Sequence[DerivedMessage], moments: Set[Origin]) -> Counter[Origin]:
    """How many blocks the messages have that were said at each of these moments."""
    sizes: Counter[Origin] = Counter()
    for message in messages if moments else ():
        if origin_of(message) in moments:
            sizes[origin_of(message)] += len(message.build())
    return sizes


class _Merged:
    """A session, and what it lacks of an earlier generation."""

    def __init__(self, session: DerivedSession) -> None:
        self._session = session
        # The messages to add, by the index of the message that they follow.
        self._added: defaultdict[int, list[DerivedMessage]] = defaultdict(list)
        # Messages that tell more than in the session, by their indexes there.
        self._completed: dict[int, DerivedMessage] = {}
        # What the sums of the session lack.
        self._uncounted: list[DerivedMessage] = []
        self._is_rewritten = False

    def add(self, message: DerivedMessage, previous: int) -> None:
        """Add a message behind the one at an index; -1 is before all."""
        self._added[previous].append(message)
        self._uncounted.append(message)

    def complete(self, index: int, message: DerivedMessage) -> None:
        """Add to the message at an index the reply fields that only an earlier state of it has."""
        self._is_rewritten = True
        again = self._session.messages[index]
        missing: dict[str, Any] = {
            name: value for name in REPLY_FIELDS if (value := getattr(message, name)) and not getattr(again, name)
        }
        if missing:
            self._completed[index] = again._replace(**missing)
            self._uncounted.append(message._replace(**{"usage": None, "cost": None, **missing}))

    def session(self) -> DerivedSession:
        """The merged session; the session itself if nothing was found in other lines or not at all."""
        session = self._session
        if not self._uncounted:
            return replace(session) if self._is_rewritten else session
        stated = (session.recorded_cost, *(message.cost for message in self._uncounted))
        costs = [cost for cost in stated if cost is not None]
        messages: list[DerivedMessage] = list(self._added[-1])
        moved: list[int] = []
        for index, message in enumerate(session.messages):
            moved.append(len(messages))
            messages += [self._completed.get(index, message), *self._added[index]]
        return replace(
            session,
            messages=messages,
            live=[moved[index] for index in session.live],
            metadata=_with_moved_branches(session.metadata, moved),
            usage=session.usage.plus(total_usage(message.usage for message in self._uncounted)),
            recorded_cost=sum(costs) if costs else None,
        )


def _with_moved_branches(metadata: dict[str, object], moved: Sequence[int]) -> dict[str, object]:
    """The metadata with the new places of the messages of abandoned branches, where the format names them by places."""
    branches = metadata.get("branches")
    if not isinstance(branches, list):
        return metadata
    return {
        **metadata,
        "branches": [{name: _moved(name, value, moved) for name, value in one.items()} for one in branches],
    }


def _moved(name: str, value: Any, moved: Sequence[int]) -> object:
    if name in ("first", "last"):
        return moved[value]
    return [moved[place] for place in value] if name == "messages" else value
