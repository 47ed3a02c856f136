"""Failures of a mutation that its caller can put right."""

from typing import NamedTuple

from storage.errors import InvalidId
from storage.records.identifier import trimmed_id


class UserError(NamedTuple):
    """`path` names the field of the input at fault; None when no one field is."""

    code: str
    message: str
    path: list[str] | None = None


def no_session() -> UserError:
    """For a session id that nothing has."""
    return UserError("NOT_FOUND", "There is no session with that id.", ["sessionId"])


def checked_id(value: str, field: str) -> tuple[str, list[UserError]]:
    """The id trimmed, and why it is none."""
    try:
        return trimmed_id(value), []
    except InvalidId as error:
        return value, [UserError("INVALID_ID", str(error), [field])]
