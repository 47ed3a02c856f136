"""Case folding of titles, by which lists are filtered and sorted."""

import unicodedata

KEY_LENGTH = 200
"""Code points of a title that it is sorted by: as many as an index of either database can hold."""


def casefold(text: str) -> str:
    """The text with Unicode case folding and in composed form (NFC), so that equivalent texts are equal."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def title_columns(title: str) -> dict[str, str]:
    """The three title columns of a session."""
    folded = casefold(title)
    return {"title": title, "title_folded": folded, "title_key": folded[:KEY_LENGTH]}
