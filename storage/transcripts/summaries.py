"""What is known of the messages of a derived session without their contents, and what is counted from it."""

import hashlib
import operator
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from storage.documents.document import is_prompt
from storage.records.session_counts import SessionStatistics, count_messages
from storage.records.tool_links import ToolLinks


class MessageSummary(NamedTuple):
    """The values of a message that are compared, and those from which its session is counted."""

    digest: bytes
    place: int | None
    role: str
    is_injected: bool
    item_count: int
    tool_links: str | None
    created_at: datetime | None
    usage: str | None


def live_digests(summaries: Sequence[MessageSummary]) -> list[bytes]:
    """The digests of the messages that the model sees, in their order."""
    return [one.digest for one in _live(summaries)]


class SessionCounts(NamedTuple):
    """The columns of a session that its messages decide, and its statistics."""

    columns: dict[str, Any]
    statistics: SessionStatistics


def count(summaries: Sequence[MessageSummary]) -> SessionCounts:
    """The counts of a session's messages, which are in order."""
    live = _live(summaries)
    links = ToolLinks((place, one.tool_links) for place, one in enumerate(live))
    # Most sessions have neither earlier windows nor abandoned branches.
    is_all = len(live) == len(summaries) and all(map(operator.is_, live, summaries))
    columns = {
        "message_count": len(summaries),
        "prompt_count": sum(is_prompt(one.role, one.is_injected, one.item_count) for one in summaries),
        "newest_count": len(live),
        # Those that seeding the session writes.
        "item_count": sum(one.item_count for one in live) + links.orphan_count,
        "transcript_hash": hashlib.blake2b(b"".join(one.digest for one in live), digest_size=32).digest(),
    }
    return SessionCounts(columns, count_messages(summaries, links if is_all else None))


def _live(summaries: Sequence[MessageSummary]) -> list[MessageSummary]:
    return sorted((one for one in summaries if one.place is not None), key=lambda one: one.place or 0)
