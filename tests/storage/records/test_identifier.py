"""Ids are trimmed and validated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import InvalidId
from storage.records.identifier import is_id, new_thread_id, trimmed_id


@given(st.from_regex(r"\s*[A-Za-z0-9_-]{1,200}\s*", fullmatch=True))
def test_white_space_around_an_id_is_ignored(text: str) -> None:
    assert trimmed_id(text) == text.strip()


@given(st.text(max_size=8))
def test_other_texts_are_rejected(text: str) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
    trimmed = text.strip()
    if trimmed and set(trimmed) <= set(alphabet):
        assert trimmed_id(text) == trimmed
    else:
        with pytest.raises(InvalidId):
            trimmed_id(text)


def test_an_id_has_200_characters_at_most() -> None:
    assert trimmed_id("a" * 200)
    with pytest.raises(InvalidId):
        trimmed_id("a" * 201)
    assert not is_id("a\n")


def test_new_thread_ids_are_valid() -> None:
    assert is_id(new_thread_id())
    assert new_thread_id() != new_thread_id()
