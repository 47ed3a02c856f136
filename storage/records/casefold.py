"""Text as lists compare it: without regard to case in any script."""

import unicodedata

KEY_LENGTH = 200
"""Code points of a title that its place in a list goes by; what an index of either database can hold."""


def casefold(text: str) -> str:
    """Unicode case folding, in composed form on both sides of it, so that one text written two ways is one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def title_columns(title: str) -> dict[str, str]:
    """A session's three title columns."""
    folded = casefold(title)
    return {"title": title, "title_folded": folded, "title_key": folded[:KEY_LENGTH]}
