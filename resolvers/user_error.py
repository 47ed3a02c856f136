"""UserError: a failure of a mutation that its caller can correct."""

from typing import NamedTuple

from storage.errors import InvalidId
from storage.records.identifier import trimmed_id


class UserError(NamedTuple):
    """A failure of a mutation. `path` leads to the wrong field of the input; None when no single field is wrong."""

    code: str
    message: str
    path: list[str] | None = None


def no_session() -> UserError:
    """The failure for an id that no session has."""
    return UserError("NOT_FOUND", "There is no session with that id.", ["sessionId"])


def checked_id(value: str, field: str) -> tuple[str, list[UserError]]:
    """The trimmed id, and the errors when it is malformed."""
    try:
        return trimmed_id(value), []
    except InvalidId as error:
        return value, [UserError("INVALID_ID", str(error), [field])]
