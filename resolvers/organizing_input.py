"""Checks of the titles, tags and notes that people give sessions. Errors are added to a list."""

import unicodedata
from collections.abc import Sequence

from resolvers.user_error import UserError
from storage.documents.session_updates import MAX_TAGS
from storage.json_codec import storable_text

MAX_TITLE_LENGTH = 100
MAX_TAG_LENGTH = 50
MAX_NOTE_LENGTH = 10_000
_BIDI_OVERRIDES = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
_LINE_CHARACTERS = {"\n", "\t"}


def title_of(title: str | None, errors: list[UserError]) -> str | None:
    """The trimmed title."""
    if title is None:
        return None
    title = storable_text(title.strip())
    if problem := _problem(title, "title", MAX_TITLE_LENGTH):
        errors.append(UserError("INVALID_VALUE", problem, ["title"]))
    return title


def tags_of(tags: Sequence[str], field: str, errors: list[UserError]) -> list[str]:
    """The trimmed tags in their order, each once."""
    trimmed = [storable_text(tag.strip()) for tag in tags]
    for index, tag in enumerate(trimmed):
        if problem := _problem(tag, "tag", MAX_TAG_LENGTH):
            errors.append(UserError("INVALID_VALUE", problem, [field, str(index)]))
    unique = list(dict.fromkeys(trimmed))
    if len(unique) > MAX_TAGS:
        errors.append(UserError("INVALID_VALUE", f"A session must have at most {MAX_TAGS} tags.", [field]))
    return unique


def note_of(note: str | None, errors: list[UserError]) -> str | None:
    """The trimmed note, with its lines ended by line feeds."""
    if note is None:
        return None
    note = storable_text(note.replace("\r\n", "\n").strip())
    problem = None
    if len(note) > MAX_NOTE_LENGTH:
        problem = f"A note must have at most {MAX_NOTE_LENGTH:,} code points after trimming."
    elif any(unicodedata.category(character) == "Cc" for character in set(note) - _LINE_CHARACTERS):
        problem = "A note must not contain control characters but tabs and line feeds."
    if problem:
        errors.append(UserError("INVALID_VALUE", problem, ["note"]))
    return note


def _problem(text: str, what: str, most: int) -> str | None:
    if not 1 <= len(text) <= most:
        return f"A {what} must have 1 to {most} code points after trimming."
    if any(unicodedata.category(character) == "Cc" or character in _BIDI_OVERRIDES for character in text):
        return f"A {what} must not contain control or bidirectional-override characters."
    return None
