"""Errors that clients may see, each with a code for programs and a message for people."""

from typing import ClassVar

import storage.errors


class CodedError(Exception):
    """Base of errors that clients may see. `code` goes into the extensions of the error."""

    code: ClassVar[str]


class BadUserInput(CodedError):
    """An argument that is malformed or out of range."""

    code = "BAD_USER_INPUT"


class NotFound(CodedError):
    """No object has the requested id, where one is required."""

    code = "NOT_FOUND"


class SessionUnreadable(CodedError):
    """A stored session that cannot be parsed."""

    code = "SESSION_UNREADABLE"


class AnswerTooLarge(CodedError):
    """The answer would exceed its limit in bytes."""

    code = "QUERY_TOO_COMPLEX"


class ServiceUnavailable(CodedError):
    """The database is unavailable; the same request may succeed later."""

    code = "SERVICE_UNAVAILABLE"


_BY_STORAGE_ERROR: dict[type[Exception], type[CodedError]] = {
    storage.errors.AmbiguousId: BadUserInput,
    storage.errors.InvalidCursor: BadUserInput,
    storage.errors.InvalidInterval: BadUserInput,
    storage.errors.InvalidQuery: BadUserInput,
    storage.errors.Unreadable: SessionUnreadable,
    storage.errors.Unavailable: ServiceUnavailable,
}


def coded(error: BaseException) -> CodedError | None:
    """The error that clients see for an exception; None for an unexpected one."""
    if isinstance(error, CodedError):
        return error
    for kind, shown in _BY_STORAGE_ERROR.items():
        if isinstance(error, kind):
            return shown(str(error))
    return None
