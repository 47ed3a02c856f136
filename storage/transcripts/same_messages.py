"""Tells which messages of an earlier generation another program wrote again, in other lines, such as after a move."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from storage.documents.derived_session import DIGEST_SIZE, DerivedMessage
from storage.json_codec import dump
from storage.records.token_usage import TokenUsage

REPLY_FIELDS = ("model", "usage", "cost")
"""The fields of a reply besides its content. A program that writes transcripts again may leave them out."""


class Origin(NamedTuple):
    """The role and the time of a message."""

    role: str
    time: datetime | None


class _Reply(NamedTuple):
    """What tells replies apart whatever their content."""

    origin: Origin
    model: str | None
    usage: TokenUsage | None
    cost: float | None


class SameMessages:
    """The messages of a session that have a time, to be found by their role, time and content, each once."""

    def __init__(self, messages: Sequence[DerivedMessage], known: Collection[bytes]) -> None:
        """Those whose digests are `known` are left out: they are found by these."""
        self._messages = messages
        self._indexes: defaultdict[Origin, list[int]] = defaultdict(list)
        # The indexes of messages whose contents were needed, so that each is built once.
        self._built: defaultdict[Origin, defaultdict[bytes, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._replies: Counter[_Reply] = Counter()
        for index, message in enumerate(messages):
            if message.created_at is not None and message.digest not in known:
                self._indexes[origin_of(message)].append(index)
                self._replies[_reply(message)] += 1

    def take_equal(self, message: DerivedMessage) -> int | None:
        """The index of a message with the same content, whose reply fields do not contradict; None if there is none."""
        key = origin_of(message)
        for index in self._indexes.pop(key, ()):
            self._built[key][_content_digest(self._messages[index])].append(index)
        if key not in self._built:
            return None
        found = self._built[key][_content_digest(message)]
        for index in found:
            other = self._messages[index]
            pairs = ((getattr(message, name), getattr(other, name)) for name in REPLY_FIELDS)
            if all(not first or not second or first == second for first, second in pairs):
                found.remove(index)
                self._replies[_reply(other)] -= 1
                return index
        return None

    def without_counted(self, message: DerivedMessage) -> DerivedMessage:
        """The message without the tokens and the cost of its reply, if the session has the reply in other words."""
        reply = _reply(message)
        if self._replies[reply] <= 0:
            return message
        self._replies[reply] -= 1
        return message._replace(usage=None, cost=None)


def origin_of(message: DerivedMessage) -> Origin:
    """The origin of a message."""
    return Origin(message.role, message.created_at)


def _reply(message: DerivedMessage) -> _Reply:
    return _Reply(origin_of(message), message.model, message.usage, message.cost)


def _content_digest(message: DerivedMessage) -> bytes:
    content = dump(message.build()).encode(errors="surrogatepass")
    return hashlib.blake2b(content, digest_size=DIGEST_SIZE).digest()
