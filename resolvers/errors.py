"""Failures as clients see them: a code for programs and a message for people."""

from typing import ClassVar

import storage.errors


class CodedError(Exception):
    """Base of all that may be shown. `code` goes into the error's extensions."""

    code: ClassVar[str]


class BadUserInput(CodedError):
    """An argument that is malformed or out of range."""

    code = "BAD_USER_INPUT"


class NotFound(CodedError):
    """Nothing has the id that was asked for, where there must be something."""

    code = "NOT_FOUND"


class SessionUnreadable(CodedError):
    """A stored session that cannot be understood."""

    code = "SESSION_UNREADABLE"


class ServiceUnavailable(CodedError):
    """The database is away; the same request may succeed later."""

    code = "SERVICE_UNAVAILABLE"


_SHOWN: dict[type[Exception], type[CodedError]] = {
    storage.errors.InvalidCursor: BadUserInput,
    storage.errors.InvalidQuery: BadUserInput,
    storage.errors.Unreadable: SessionUnreadable,
    storage.errors.Unavailable: ServiceUnavailable,
}


def coded(error: BaseException) -> CodedError | None:
    """What to show for an exception; None for one that nobody foresaw."""
    if isinstance(error, CodedError):
        return error
    for kind, shown in _SHOWN.items():
        if isinstance(error, kind):
            return shown(str(error))
    return None
