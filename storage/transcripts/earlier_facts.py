"""Completes the fields of a session from an earlier generation of its transcript, such as its title."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from storage.documents.derived_session import DerivedSession

_FACTS = ("title", "first_prompt", "workspace", "model", "agent_version", "git_branch", "system_prompt")
"""Fields that are empty if no line of the transcript has their value."""


def with_earlier_facts(session: DerivedSession, before: DerivedSession) -> DerivedSession:
    """The session with the fields that it lacks from an earlier generation; the same object if it lacks none.

    A session whose beginning was cut off began when it did before, with the same prompt.
    """
    facts: dict[str, Any] = {
        name: value for name in _FACTS if (value := getattr(before, name)) and not getattr(session, name)
    }
    first, now_first = _first_time(before), _first_time(session)
    # A session without times is dated by its file.
    if first is not None and before.created_at < session.created_at:
        facts["created_at"] = before.created_at
    if before.first_prompt and first is not None and now_first is not None and first < now_first:
        facts["first_prompt"] = before.first_prompt
    if before.parent_id and not session.parent_id:
        facts |= {"kind": before.kind, "parent_id": before.parent_id}
    return replace(session, **facts) if facts else session


def _first_time(session: DerivedSession) -> datetime | None:
    """The time of the first message that the program did not put in."""
    return min((one.created_at for one in session.messages if one.created_at and not one.is_injected), default=None)
