"""A session's tags as they are stored: one text, with a line break before, between and after them.

So a session has a tag if its text contains the tag between line breaks, which a tag itself never contains.
"""

from collections.abc import Iterable

BREAK = "\n"


def tag_lines(tags: Iterable[str]) -> str:
    """The stored form of tags without line breaks; empty for none."""
    lines = "".join(f"{BREAK}{tag}" for tag in tags)
    return lines and lines + BREAK


def tags_of(lines: str) -> list[str]:
    """The tags that are stored in this form."""
    return lines[1:-1].split(BREAK) if lines else []


def tag_line(tag: str) -> str:
    """The text that the stored form contains if and only if the tag is among them, whatever the tag is."""
    # No tag is empty, so a doubled line break is never stored.
    return BREAK + tag.replace(BREAK, 2 * BREAK) + BREAK
