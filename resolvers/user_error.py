"""UserError: a failure of a mutation that its caller can correct."""

from collections.abc import Sequence
from typing import NamedTuple

from storage.errors import InvalidId
from storage.records.identifier import trimmed_id


class UserError(NamedTuple):
    """A failure of a mutation. `path` leads to the wrong field of the input; None when no single field is wrong."""

    code: str
    message: str
    path: list[str] | None = None


MAX_IDS = 100
"""Ids that one mutation takes."""


def no_session(path: Sequence[str] = ("sessionId",)) -> UserError:
    """The failure for an id that no session has."""
    return UserError("NOT_FOUND", "There is no session with that id.", [*path])


def checked_id(value: str, field: str) -> tuple[str, list[UserError]]:
    """The trimmed id, and the errors when it is malformed."""
    try:
        return trimmed_id(value), []
    except InvalidId as error:
        return value, [UserError("INVALID_ID", str(error), [field])]


def checked_ids(values: Sequence[str], field: str) -> tuple[list[str], list[UserError]]:
    """The trimmed ids, each once, and the errors when they are too many or some are malformed."""
    if len(values) > MAX_IDS:
        return [], [UserError("INVALID_VALUE", f"At most {MAX_IDS} ids are taken at once.", [field])]
    ids: dict[str, None] = {}
    errors = []
    for index, value in enumerate(values):
        try:
            ids[trimmed_id(value)] = None
        except InvalidId as error:
            errors.append(UserError("INVALID_ID", str(error), [field, str(index)]))
    return list(ids), errors
