"""Validation of ids from clients and documents, and new thread ids."""

import re
import uuid

from storage.errors import InvalidId

_FORM = re.compile(r"[A-Za-z0-9_-]{1,200}")
_OF_THREADS = re.compile(r"(thr|tsk|turn|item)_[0-9a-f]{32}[0-9_]*")


def trimmed_id(value: str) -> str:
    """The id without surrounding white space, as it is stored and returned. Raises InvalidId."""
    trimmed = value.strip()
    if not _FORM.fullmatch(trimmed):
        raise InvalidId("An id has 1 to 200 of the characters A-Z, a-z, 0-9, '_' and '-'.")
    return trimmed


def session_id(value: str) -> str:
    """The id of a session without surrounding white space. Raises InvalidId."""
    trimmed = trimmed_id(value)
    if not is_session_id(trimmed):
        raise InvalidId("An id of this form is that of a thread, a turn, an item or a resume task.")
    return trimmed


def is_id(value: str) -> bool:
    """Whether `value` is a valid id without surrounding white space."""
    return _FORM.fullmatch(value) is not None


def is_session_id(value: str) -> bool:
    """Whether `value` is an id that a session may have: one that no thread, turn, item or resume task can have."""
    return is_id(value) and _OF_THREADS.fullmatch(value) is None


def new_thread_id() -> str:
    """A random id: `thr_` and the 32 hex digits of a UUID."""
    return f"thr_{uuid.uuid4().hex}"
