"""Validation of ids from clients and documents, and new thread ids."""

import re
import uuid

from storage.errors import InvalidId

_FORM = re.compile(r"[A-Za-z0-9_-]{1,200}")


def trimmed_id(value: str) -> str:
    """The id without surrounding white space, as it is stored and returned. Raises InvalidId."""
    trimmed = value.strip()
    if not _FORM.fullmatch(trimmed):
        raise InvalidId("An id has 1 to 200 of the characters A-Z, a-z, 0-9, '_' and '-'.")
    return trimmed


def is_id(value: str) -> bool:
    """Whether `value` is a valid id without surrounding white space."""
    return _FORM.fullmatch(value) is not None


def new_thread_id() -> str:
    """A random id: `thr_` and the 32 hex digits of a UUID."""
    return f"thr_{uuid.uuid4().hex}"
