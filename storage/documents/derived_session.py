"""The session that a format derives from the transcripts of an agent, before it is stored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from storage.records.token_usage import TokenUsage

MAIN = "MAIN"
SUBAGENT = "SUBAGENT"
FORK = "FORK"

DIGEST_SIZE = 16
"""Bytes of the digest of a message."""


MAX_FIRST_PROMPT_LENGTH = 280
"""Code points of a first prompt."""


class DerivedMessage(NamedTuple):
    """A message of a derived session: one thing that was said, in the order of the transcript.

    `role` is USER, ASSISTANT, SYSTEM or TOOL. `digest` has DIGEST_SIZE bytes, and is equal only for messages that
    `build` makes equal contents of; it may be a hash of the lines that the message comes from. `build` returns the
    content as a list of blocks in the form of the Messages API (see `storage.records.content_block`); it reads the
    lines again, so that a long transcript is never in memory as a whole. `usage` stands at one message of each reply,
    and at none that was copied from another session. `cost` is in US dollars, of agents that record it by reply.
    """

    role: str
    digest: bytes
    build: Callable[[], list[dict[str, object]]]
    created_at: datetime | None = None
    model: str | None = None
    usage: TokenUsage | None = None
    is_injected: bool = False
    cost: float | None = None


@dataclass(slots=True)
class DerivedSession:
    """A session and all its messages, those of earlier windows and abandoned branches included.

    `live` has the indexes of the messages that the model sees when the session is continued, in the order in which it
    sees them. `title` is the person's own or the agent's, None when neither gave one: then the first prompt serves as
    the title. `metadata` is everything that the agent recorded beside the messages, as JSON values. `usage` leaves out
    the replies that were copied from another session.
    """

    id: str
    source: str
    workspace: str
    created_at: datetime
    updated_at: datetime
    messages: Sequence[DerivedMessage]
    live: Sequence[int]
    kind: str = MAIN
    parent_id: str | None = None
    title: str | None = None
    first_prompt: str | None = None
    model: str = ""
    mode: str | None = None
    agent_version: str | None = None
    git_branch: str | None = None
    system_prompt: str | None = None
    is_archived: bool = False
    usage: TokenUsage = field(default_factory=TokenUsage)
    recorded_cost: float | None = None
    is_automated: bool = False
    metadata: dict[str, object] = field(default_factory=dict)
