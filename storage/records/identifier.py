"""Ids as clients and documents send them."""

import re
import uuid

from storage.errors import InvalidId

_FORM = re.compile(r"[A-Za-z0-9_-]{1,200}")


def trimmed_id(value: str) -> str:
    """The one form of an id that is stored or echoed. Raises InvalidId."""
    trimmed = value.strip()
    if not _FORM.fullmatch(trimmed):
        raise InvalidId("An id has 1 to 200 of the characters A-Z, a-z, 0-9, '_' and '-'.")
    return trimmed


def is_id(value: str) -> bool:
    """Whether `value` could be the stored form of an id."""
    return _FORM.fullmatch(value) is not None


def new_thread_id() -> str:
    """`thr_` and the 32 hex digits of a random UUID."""
    return f"thr_{uuid.uuid4().hex}"
