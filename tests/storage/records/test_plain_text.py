"""Plain text: without control sequences and base64, with the escapes of JSON strings decoded."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records.plain_text import plain_text, strip_controls

ENCODED = "iVBORw0KGgo" * 30


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("\x1b[31merror\x1b[0m[E0425]: \x1b[38;5;11mwarning\x1b[0m", "error[E0425]: warning"),
        ("retry\x1b[1mBudget\x1b[22m\x1b[K", "retryBudget"),
        ("\x9b31mred\x9b0m", "red"),
        ("\x1b]8;;https://docs.example\x07link\x1b]8;;\x1b\\ after", "link after"),
        ("\x1b]0;window\x1b\\prompt", "prompt"),
        ("\x1bP1;2q#0sixel\x1b\\end \x1b_app\x1b\\x", "end x"),
        ("\x9d8;;url\x9clink\x90sixel\x9c", "link"),
        ("name\x1b[20Gvalue\x1b[1;1Hnext", "name value next"),
        ("\x1b(B\x1b[mset", "set"),
        ("a\x1b7b\x1bMc", "a b c"),
        ("N\x08NA\x08AM\x08ME\x08E _\x08u_\x08n", "NAME un"),
        ("one\x1ftwo\x07 \x1b", "one two   "),
        ("\x1b]0;not closed", " 0;not closed"),
    ],
)
def test_control_sequences_are_stripped(text: str, plain: str) -> None:
    assert strip_controls(text) == plain
    assert plain_text(text) == plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('{"stdout": "first line\\nZeroDivisionError: x"}', '{"stdout": first line\nZeroDivisionError: x}'),
        ('{"a": 1}\n{"log": "x\\ty"}', '{"a": 1}\n{"log": x\ty}'),
        ('"{\\"a\\": \\"x\\\\ny\\"}"', '{"a": x\ny}'),
        ('{"red": "\\u001b[31mError\\u001b[0m \\ud83d\\udc4d"}', '{"red": Error 👍}'),
        ('{"path": "C:\\\\new\\\\table"}', '{"path": C:\\new\\table}'),
        ('cd "C:\\new\\table"', 'cd "C:\\new\\table"'),
        ('r"\\d+\\s" and "\\bword\\b"', 'r"\\d+\\s" and  word '),
        ('5" disk, no escape "x"', '5" disk, no escape "x"'),
        ('"not closed\\n', '"not closed\\n'),
        ('"\\ud800"', '"\\ud800"'),
    ],
)
def test_escapes_in_json_strings_are_decoded(text: str, plain: str) -> None:
    assert plain_text(text) == plain


def test_base64_is_left_out() -> None:
    wrapped = "\n".join(ENCODED[place : place + 66] for place in range(0, 330, 66))
    for data in (ENCODED, wrapped, f"{ENCODED}==", ENCODED.replace("w", "-").replace("g", "_")):
        assert plain_text(f"before {data} after") == "before   after"
    assert plain_text("![](data:image/png;base64,AAAA)") == "![]( )"


@pytest.mark.parametrize("text", ["a" * 300, "0123456789abcdef" * 20, "-" * 300, "longName" * 40, "dir1/Sub/" * 9])
def test_words_that_are_no_base64_stay(text: str) -> None:
    assert plain_text(text) == text


@given(st.text(st.sampled_from('\x1b[]P0;1m\x07\x08\x9b\x9c\\"nu/ aK\n')))
def test_no_control_character_is_left(text: str) -> None:
    plain = plain_text(text)
    assert all(character.isprintable() or character.isspace() for character in plain)
    assert strip_controls(plain) == plain


@pytest.mark.parametrize(
    "piece", ['"\\"', "\x90", "\x1bP", "\x1b]", "\x1b[", "A" * 255 + " ", "data:", "aB1/" * 16 + "\n"]
)
def test_the_time_grows_with_the_length_only(piece: str) -> None:
    def seconds(count: int) -> float:
        text = piece * (count // len(piece)) + 'base64,"\\'
        began = time.process_time()
        plain_text(text)
        return time.process_time() - began

    assert seconds(400_000) < 20 * max(seconds(100_000), 0.01)
