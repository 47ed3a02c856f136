"""Splits entries into pieces: ASCII words, single characters, and runs that the tokenizer splits further.

Each end of a piece is an end of a word, so pieces can be tokenized one by one.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from storage.search.index.characters import JOINING, KINDS, LETTER, SEPARATOR, SINGLE, SYLLABLE

# Replaces every ASCII byte outside words by a blank. No stored text contains U+0000, which ends texts.
_BLANKS = bytes(code if code in (0, 95) or code >= 128 or chr(code).isalnum() else 32 for code in range(256))
_BLANK = 32
_CHUNK_CHARACTERS = 2**19
"""So few that the arrays of a chunk stay in the processor's cache."""
WORD_BREAK = re.compile(r"[ \n\t.,;/]|(?=[\u3400-\u9fff])")
"""Some of the places between words, in any script."""


def encode_entry(texts: Sequence[str]) -> str:
    """An entry as one string in which each text and the entry itself are terminated; entries can be concatenated."""
    return " \0 ".join(texts) + " \0\0 "


def chunks(entries: Sequence[str]) -> Iterator[str]:
    """Encoded entries in chunks of about 2**19 characters, cut between words."""
    encoded = "".join(entries)
    start = 0
    while start < len(encoded):
        found = WORD_BREAK.search(encoded, start + _CHUNK_CHARACTERS)
        end = found.end() if found else len(encoded)
        yield encoded[start:end]
        start = end


def split_pieces(encoded: str) -> bytes:
    """Encoded entries as UTF-8 with blanks between pieces, in the place of separators and around single characters."""
    if encoded.isascii():
        return encoded.encode().translate(_BLANKS)
    codes = np.frombuffer(encoded.encode("utf-32-le", "replace"), "<u4")
    kinds = KINDS[codes]
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
