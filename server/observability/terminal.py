"""Escaping of untrusted text, such as file names, for terminals."""

import re

# Control characters, ends of lines and paragraphs, marks that turn the direction of writing, and halves of letters.
_unsafe = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """`text` with escapes such as `\\x1b` in place of control characters and line breaks."""
    return _unsafe.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
