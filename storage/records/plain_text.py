"""Plain text: the readable part of a text that was written for a terminal or encoded for a machine.

Stored content keeps every byte; titles, summaries, snippets and the search index are made from plain text.
"""

import re

import orjson

# Control sequences as ECMA-48 defines them, of 7 and 8 bits. No alternative rescans what another start has scanned.
_INVISIBLE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[mK]"  # CSI: colours, erase line
    r"|\x1b[]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC (links, titles), DCS, SOS, PM, APC
    r"|[\x90\x98\x9d-\x9f][^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]+[0-~]"  # character sets
)
# Moves of the cursor and all other control characters: what stands on either side is not one word.
_SEPARATOR = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[0-~]?|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_HAS_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Bold and underlined text of line printers and man pages: a character, a backspace, the character again.
_OVERSTRIKE = re.compile(r"[^\x08\n]\x08")

# A JSON string with an escape; one that is not closed extends to the end of its line.
_LITERAL = re.compile(r'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"?')
_WINDOWS_PATH = re.compile(r'"[A-Za-z]:\\[^\\"]')
_MAX_NESTED_LITERALS = 3

_DATA_URL = re.compile(r"data:[-\w.+/;=]{0,200}?base64,[A-Za-z0-9+/_=%-]*")
_BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/_=-])(?:(?:[A-Za-z0-9+/]{60,76}\r?\n){3,}[A-Za-z0-9+/]*={0,2}|[A-Za-z0-9+/_-]{256,}={0,2})"
)
_MIN_BASE64 = 180
_MIN_RUN = 60

# Texts are looked through by the kinds of their bytes first: regular expressions take many times as long.
_OTHER, _OF_BASE64, _CONTROL = b" ", b"x", b"c"
_KINDS = b"".join(
    [
        _CONTROL if _HAS_CONTROL.match(chr(code)) else _OF_BASE64 if re.match("[A-Za-z0-9+/_-]", chr(code)) else _OTHER
        for code in range(128)
    ]
    # The first byte of the control characters from U+0080 on, and of others.
    + [_CONTROL if code == 0xC2 else _OTHER for code in range(128, 256)]
)
_CONTROL_CODE = ord(_CONTROL)
_RUN = _OF_BASE64 * _MIN_RUN


def strip_controls(text: str) -> str:
    """The text without the control sequences of terminals and other control characters, except for white space."""
    if not _HAS_CONTROL.search(text):
        return text
    text = _INVISIBLE.sub("", text)
    if "\x08" in text:
        text = _OVERSTRIKE.sub("", text)
    return _SEPARATOR.sub(" ", text)


def plain_text(text: str) -> str:
    """The text without control characters and base64 data, and with the escapes of JSON strings decoded."""
    if len(text) < _MIN_BASE64 and text.isidentifier():
        # A key or a name.
        return text
    kinds = text.encode(errors="replace").translate(_KINDS)
    # `find` is faster than `in`, which first tries to convert bytes to a number. A number is found faster than bytes.
    has_controls = _CONTROL_CODE in kinds
    if len(text) >= _MIN_BASE64 and kinds.find(_RUN) >= 0:
        text = _BASE64.sub(_without_base64, _DATA_URL.sub(" ", text))
    elif ":" in text and "base64," in text:
        text = _DATA_URL.sub(" ", text)
    if "\\" in text and '"' in text:
        decoded = _decoded(text)
        has_controls |= decoded != text
        text = decoded
    return strip_controls(text) if has_controls else text


def _decoded(text: str) -> str:
    """The text with the escapes of JSON strings decoded, and of those in the decoded ones."""
    for _ in range(_MAX_NESTED_LITERALS):
        decoded = _LITERAL.sub(_decode_literal, text)
        if decoded == text or "\\" not in decoded or '"' not in decoded:
            return decoded
        text = decoded
    return text


def _without_base64(match: re.Match[str]) -> str:
    """A blank if it has upper-case letters, lower-case letters and digits; else it may be words or hex digits."""
    run = match.group()
    is_mixed = any(map(str.isdigit, run)) and not run.islower() and not run.isupper()
    return " " if is_mixed else run


def _decode_literal(match: re.Match[str]) -> str:
    """The value of a JSON string with escapes, without its quotes; any other as it is."""
    literal = match.group()
    if "\\" not in literal or _WINDOWS_PATH.match(literal):
        return literal
    try:
        value: str = orjson.loads(literal)
    except orjson.JSONDecodeError:
        return literal
    # No backspace of a terminal: `\\b` is more often a word boundary of a regular expression.
    return value.replace("\x08", " ")
