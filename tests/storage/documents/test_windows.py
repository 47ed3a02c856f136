"""Merging versions of a session: the newest document keeps its order, and no message is lost."""

from collections import Counter
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.documents.document import DocumentRow, NewMessage
from storage.documents.windows import Merge, StoredMessage, merge


def document(newest: str, earlier: str = "") -> list[DocumentRow]:
    """A document whose messages are letters; those of `earlier` come first and only its journal has them."""
    rows = [(None, letter) for letter in earlier] + list(enumerate(newest))
    return [DocumentRow(place, _message(letter), letter) for place, letter in rows]


def _message(letter: str) -> NewMessage:
    return NewMessage("USER", None, False, None, None, 1, 0, None, letter.encode(), None, letter)


def stored(newest: str, earlier: str = "") -> list[StoredMessage]:
    return [StoredMessage(row.message.digest, row.place) for row in document(newest, earlier)]


def applied(messages: list[StoredMessage], merged: Merge) -> list[StoredMessage]:
    """The stored messages after a merge."""
    result = [StoredMessage(one.digest, place) for one, place in zip(messages, merged.places, strict=True)]
    for count, insertion in enumerate(merged.insertions):
        row = insertion.row
        result.insert(insertion.position + count, StoredMessage(row.message.digest, row.place))
    return result


def letters(messages: list[StoredMessage]) -> str:
    """The transcript, with the messages of earlier windows in brackets."""
    texts = [one.digest.decode() if one.place is not None else f"[{one.digest.decode()}]" for one in messages]
    return "".join(texts).replace("][", "")


def after(messages: list[StoredMessage], rows: list[DocumentRow], *, replaces: bool) -> str:
    return letters(applied(messages, merge(messages, rows, replaces=replaces)))


def test_a_longer_document_is_appended() -> None:
    assert after(stored("ab"), document("abcd"), replaces=True) == "abcd"


def test_a_rewind_leaves_the_abandoned_branch_before_the_new_one() -> None:
    assert after(stored("abcd"), document("abx"), replaces=True) == "ab[cd]x"


def test_a_document_whose_beginning_was_cut_off_is_continued() -> None:
    assert after(stored("abcd"), document("cdef"), replaces=True) == "[ab]cdef"


def test_a_compaction_begins_a_new_window() -> None:
    assert after(stored("abcd"), document("scd"), replaces=True) == "[abcd]scd"


def test_a_document_that_goes_back_to_an_earlier_window_finds_its_messages_there() -> None:
    assert after(stored("sc", "abc"), document("abcd"), replaces=True) == "abc[sc]d"


def test_messages_of_an_older_copy_come_before_those_that_followed_them() -> None:
    assert after(stored("scd"), document("abcd"), replaces=False) == "[ab]scd"
    assert after(stored("abx"), document("abcd"), replaces=False) == "ab[cd]x"
    assert after(stored("abcd"), document("ab"), replaces=False) == "abcd"


def test_messages_of_the_journal_come_first() -> None:
    assert after([], document("sc", "abc"), replaces=True) == "[abc]sc"
    assert after(stored("abc"), document("sc", "abc"), replaces=True) == "[abc]sc"
    assert after(stored("sc", "abc"), document("scd", "abc"), replaces=True) == "[abc]scd"


@given(
    versions=st.lists(
        st.tuples(st.text("abc", max_size=6), st.text("abc", max_size=4), st.booleans()), min_size=1, max_size=5
    )
)
def test_any_versions_keep_every_message_and_the_order_of_the_newest_document(
    versions: list[tuple[str, str, bool]],
) -> None:
    messages: list[StoredMessage] = []
    newest = ""
    for text, earlier, replaces in versions:
        rows = document(text, earlier)
        messages = applied(messages, merge(messages, rows, replaces=replaces))
        newest = text if replaces else newest

        held = [one for one in messages if one.place is not None]
        assert [one.place for one in held] == list(range(len(newest)))
        assert b"".join(one.digest for one in held).decode() == newest
        assert Counter(row.message.digest for row in rows) <= Counter(one.digest for one in messages)


@pytest.mark.slow
@pytest.mark.parametrize("replaces", [True, False])
def test_many_equal_messages_are_merged_in_little_time(replaces: bool) -> None:
    # Only messages of earlier windows are matched one by one.
    messages = stored("", "a" * 300_000)
    rows = document("", "a" * 300_000)
    began = thread_time()

    assert merge(messages, rows, replaces=replaces).insertions == []
    assert thread_time() - began < 2
