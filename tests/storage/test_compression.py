"""Frames of zstd, and what is damaged of them."""

import pytest

from storage.compression import compress, content_size, decompress

CONTENT = b"content " * 100
FRAME = compress(CONTENT)
DAMAGED = {
    "cut off": FRAME[:-1],
    "only a head": FRAME[:6],
    "nothing": b"",
    "no frame": CONTENT,
    "more behind it": FRAME + b"more",
    "the size of a whole memory": FRAME[:4] + b"\xe0" + b"\xff" * 7 + b"\x0f" + FRAME[7:],
    "a size of nothing": FRAME[:4] + b"\x23\x00" + FRAME[6:],
}


@pytest.mark.parametrize("level", [1, 3, 9])
def test_content_is_compressed_and_decompressed(level: int) -> None:
    for content in (b"", b"a", CONTENT):
        frame = compress(content, level)
        assert (decompress(frame), content_size(frame)) == (content, len(content))
    assert len(FRAME) < 40


@pytest.mark.parametrize("frame", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_frame_is_refused(frame: bytes) -> None:
    assert content_size(frame) >= 0
    with pytest.raises(ValueError, match=r"zstd|frame|content|compressed"):
        decompress(frame)
