"""Hands a stored session over: reads its conversation and makes the files from which another agent continues it."""

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from storage.cancellation import run_in_cancellable_thread
from storage.database.database import Database
from storage.documents.agents import known_agents
from storage.errors import StorageError
from storage.handoff.conversation import Conversation
from storage.handoff.losses import Loss
from storage.handoff.preparation import Prepared, prepare
from storage.handoff.stored_conversation import read_conversation
from storage.handoff.target import Copy, HandoffFile
from storage.handoff.targets import TARGETS

AGENT_NAMES = {agent.source: agent.name for agent in known_agents()}


class NoHandoff(StorageError):
    """A session that cannot be handed over, or an agent that takes none."""


@dataclass(frozen=True, slots=True)
class Handoff:
    """A session in the form that an agent can continue. `prepared` is the conversation in it."""

    to: str
    session_id: str
    files: list[HandoffFile]
    commands: list[list[str]]
    losses: list[Loss]
    workspace: str
    prepared: Prepared
    written_at: datetime


async def hand_over(
    database: Database,
    session_id: str,
    to: str,
    workspace: str | None,
    *,
    max_characters: int | None = None,
    home: Path | None = None,
) -> Handoff | None:
    """A stored session for another agent; None if the session is not stored.

    Raises NoHandoff, TooLarge when its messages have more than `max_characters`, Unavailable and Unreadable.
    """
    if to not in TARGETS:
        raise NoHandoff(f"Sessions cannot be handed over to {AGENT_NAMES.get(to, to)}.")
    conversation = await read_conversation(database, session_id, max_characters)
    if conversation is None:
        return None
    return await run_in_cancellable_thread(make_handoff, conversation, to, workspace, home)


def new_id_and_time() -> tuple[uuid.UUID, datetime]:
    """The id and the time of a new copy."""
    return uuid.uuid4(), datetime.now(UTC)


def make_handoff(conversation: Conversation, to: str, workspace: str | None, home: Path | None = None) -> Handoff:
    """The handoff of a conversation. Raises NoHandoff for one in which nothing was said."""
    target = TARGETS[to]
    from_agent = AGENT_NAMES.get(conversation.source, conversation.source)
    prepared = prepare(conversation, target.takes, from_agent)
    if not prepared.messages:
        raise NoHandoff("Nothing was said in the session.")
    directory = workspace or conversation.workspace
    if not directory:
        raise NoHandoff("The session has no directory: name one.")
    prepared = replace(prepared, conversation=replace(prepared.conversation, workspace=directory))
    id, written_at = new_id_and_time()
    copy = Copy(prepared, id, f"{conversation.title} (from {from_agent})", directory, written_at, home)
    written = target.write(copy)
    return Handoff(
        to,
        written.session_id,
        written.files,
        written.commands,
        prepared.losses.listed(),
        directory,
        prepared,
        written_at,
    )
