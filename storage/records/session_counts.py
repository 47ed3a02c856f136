"""Counts of a session's messages, without any database: activity over time, and the calls of each tool."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import orjson

from storage.records.activity import activity_of
from storage.records.tool_links import ToolLinks


class CountedMessage(Protocol):
    """A message, as far as it is counted."""

    @property
    def created_at(self) -> datetime | None:
        """When it was said."""
        ...

    @property
    def usage(self) -> str | None:
        """The tokens of its reply, as stored."""
        ...

    @property
    def tool_links(self) -> str | None:
        """Its tool calls and results, as stored."""
        ...


class SessionStatistics(NamedTuple):
    """The counts of a session. `tools` is JSON text: a list of name, calls and failures, most calls first."""

    activity: bytes
    tools: str | None


NO_STATISTICS = SessionStatistics(b"", None)


def count_messages(messages: Sequence[CountedMessage], links: ToolLinks | None = None) -> SessionStatistics:
    """The counts of all messages of a session, in order; `links` are those of the same messages if they are known."""
    if links is None:
        links = ToolLinks((position, one.tool_links) for position, one in enumerate(messages))
    return SessionStatistics(activity_of((one.created_at, one.usage) for one in messages), tool_counts(links))


def tool_counts(links: ToolLinks) -> str | None:
    """The form in which the calls of tools are stored; None for no call."""
    if not links.calls:
        return None
    by_count = sorted(links.calls.items(), key=lambda tool: (-tool[1], tool[0]))
    return orjson.dumps([(name, count, links.failures[name]) for name, count in by_count]).decode()
