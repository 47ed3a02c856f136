"""Compression with zstd."""

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Of transcripts, level 3 leaves 0.28 of the size and level 1 0.30, in two thirds of the time.
_LEVEL = 3


def compress(data: bytes) -> bytes:
    """One zstd frame."""
    return zstd.compress(data, _LEVEL)


def decompress(data: bytes) -> bytes:
    """The content of a zstd frame that `compress` made."""
    return zstd.decompress(data)
