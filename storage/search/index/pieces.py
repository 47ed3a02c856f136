"""Splits entries into pieces: ASCII words, single characters, and runs that the tokenizer splits further.

Each end of a piece is an end of a word, so pieces can be tokenized one by one.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from storage.search.index.characters import JOINING, LETTER, SEPARATOR, SINGLE, SYLLABLE, character_classes

Codes: TypeAlias = npt.NDArray[np.uint32]
Indexes: TypeAlias = npt.NDArray[np.int64]

# Replaces every ASCII byte outside words by a blank. No stored text contains U+0000, which ends texts.
_BLANKS = bytes(code if code in (0, 95) or code >= 128 or chr(code).isalnum() else 32 for code in range(256))
_BLANK = 32
_CHUNK_CHARACTERS = 2**19
"""Few enough that the arrays of a chunk stay in the processor's cache."""
_OVERLAY = "\u0338"
# The most bytes of a character in UTF-8.
_MOST_BYTES = 4
# The first byte of a character of several bytes, and its others.
_LEAD, _HIGH = 0xC0, 0x80
# The bits of the first byte, by the number of bytes.
_LEAD_MASKS = np.array([0, 0, 0x1F, 0x0F, 0x07], np.uint32)
WORD_BREAK = re.compile(r"[ \n\t.,;/]|(?=[\u3400-\u9fff])")
"""Some of the places between words, in any script."""


def encode_entry(texts: Sequence[str]) -> str:
    """An entry as one string in which each text and the entry itself are terminated; entries can be concatenated."""
    return " \0 ".join(texts) + " \0\0 "


def chunks(entries: Sequence[str]) -> Iterator[str]:
    """Encoded entries in chunks of about 2**19 characters, cut between words."""
    pending: list[str] = []
    length = 0
    for entry in entries:
        pending.append(entry)
        length += len(entry)
        if length > _CHUNK_CHARACTERS:
            # Not of all entries: in a text with one emoji each character takes four bytes.
            encoded = "".join(pending)
            start = 0
            while found := WORD_BREAK.search(encoded, start + _CHUNK_CHARACTERS):
                yield encoded[start : found.end()]
                start = found.end()
            pending = [encoded[start:]]
            length -= start
    if length:
        yield "".join(pending)


def split_pieces(encoded: str) -> bytes:
    """Encoded entries as UTF-8 with blanks between pieces, in the place of separators and around single characters."""
    data = encoded.encode(errors="replace").translate(_BLANKS)
    if encoded.isascii():
        return data
    if _OVERLAY in encoded:
        return _split_overlaid(encoded)
    codes, starts, ends = _wide_characters(data)
    if not len(codes):
        # All were lone surrogates.
        return data
    kinds = character_classes().kinds[codes]
    codes_of_text = np.frombuffer(data, np.uint8).copy()
    is_separator = kinds == SEPARATOR
    for offset in range(_MOST_BYTES):
        codes_of_text[starts[is_separator & (ends - starts > offset)] + offset] = _BLANK
    # Characters that join the one before them, which is not an ASCII character.
    is_joining = kinds == JOINING
    is_joining[0] = False
    is_joining[1:] &= starts[1:] == ends[:-1]
    bases = kinds[np.maximum.accumulate(np.where(is_joining, 0, np.arange(len(kinds))))]
    is_single = (bases == SINGLE) | (bases == SYLLABLE)
    before = starts[is_single & ~is_joining]
    behind = ends[is_single & ~np.append(is_joining[1:], False)]
    return np.insert(codes_of_text, np.concatenate((before, behind)), _BLANK).tobytes()


def _wide_characters(data: bytes) -> tuple[Codes, Indexes, Indexes]:
    """The code points of the characters in UTF-8 that have several bytes, and their spans."""
    codes = np.frombuffer(data, np.uint8)
    high = np.flatnonzero(codes >= _HIGH)
    is_lead = codes[high] >= _LEAD
    starts = high[is_lead]
    places = np.flatnonzero(is_lead)
    sizes = np.diff(places, append=len(high))
    points = codes[starts].astype(np.uint32) & (_LEAD_MASKS[sizes])
    for offset in range(1, _MOST_BYTES):
        some = sizes > offset
        points[some] = points[some] << 6 | codes[starts[some] + offset] & 0x3F
    return points, starts, starts + sizes


def _split_overlaid(encoded: str) -> bytes:
    """As `split_pieces`, of a text with overlays, looking at each character: it takes several times as long."""
    codes = np.frombuffer(encoded.encode("utf-32-le", "replace"), "<u4")
    kinds = character_classes().kinds[codes]
    # Overlaid by U+0338, `=`, `<` and `>` are symbols.
    overlaid = np.flatnonzero(codes[1:] == 0x338)
    kinds[overlaid[(codes[overlaid] >= ord("<")) & (codes[overlaid] <= ord(">"))]] = SINGLE
    is_joining = kinds == JOINING
    bases = kinds
    if is_joining.any():
        bases = kinds[np.maximum.accumulate(np.where(is_joining, 0, np.arange(len(kinds), dtype=np.int32)))]
    is_single = (kinds == SINGLE) | (kinds == SYLLABLE)
    follows_single = np.zeros(len(kinds), np.bool_)
    follows_single[1:] = (bases[:-1] == SINGLE) | (bases[:-1] == SYLLABLE)
    begins = is_single | (kinds == LETTER) & follows_single
    pieces = np.full(len(codes) + int(begins.sum()), _BLANK, np.uint32)
    pieces[np.arange(len(codes)) + np.cumsum(begins)] = np.where(kinds == SEPARATOR, _BLANK, codes)
    return pieces.tobytes().decode("utf-32-le").encode()
