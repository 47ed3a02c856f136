"""Reads the texts of candidate entries, to verify phrases in them and to score them."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeAlias, TypeVar

from storage.cancellation import run_in_cancellable_thread
from storage.database.compiled_select import Reader
from storage.json_codec import load
from storage.records.injected import SplitText, split_injected
from storage.records.message import MessageRow, messages_at
from storage.records.searched_text import InjectedText, content_texts
from storage.search.index.entries import TITLE_POSITION
from storage.search.query.clauses import Clause
from storage.search.query.matching import texts_match
from storage.search.query.score import score

_LONG = 1_000_000
"""The length from which texts are processed in a thread, not on the event loop."""

_INJECTED_WEIGHT = 1e-6
"""Puts messages that match by injected text alone below all others."""

T = TypeVar("T")


Place: TypeAlias = tuple[str, int]
"""A session's id, and the position of a message of it or, for its title, TITLE_POSITION."""

Texts: TypeAlias = dict[Place, list[str]]


async def read_texts(reader: Reader, places: Sequence[Place]) -> Texts:
    """The searched texts of the messages at these places, without those that are gone. Raises Unavailable."""
    rows = await messages_at(reader, places, frozenset({"content"}))
    return await texts_of_messages(rows.values())


async def texts_of_messages(rows: Collection[MessageRow]) -> Texts:
    """The searched texts of messages."""
    return await run_in_thread_if_long(sum(len(row.content) for row in rows), lambda: _texts(rows))


async def read_scores(reader: Reader, clauses: Sequence[Clause], places: Sequence[Place]) -> dict[Place, float]:
    """The score of the message at each place, without those that are gone. Raises Unavailable."""
    return await score_texts(await read_texts(reader, places), clauses)


async def score_texts(texts: Texts, clauses: Sequence[Clause]) -> dict[Place, float]:
    """The score of each entry."""
    return await run_in_thread_if_long(
        _length(texts),
        lambda: {place: _score(some, clauses, is_title=place[1] == TITLE_POSITION) for place, some in texts.items()},
    )


def _score(texts: list[str], clauses: Sequence[Clause], *, is_title: bool) -> float:
    own = [SplitText("", True) if isinstance(text, InjectedText) else split_injected(text) for text in texts]
    if not any(has_injected for _, has_injected in own):
        return score(texts, clauses, is_title=is_title)
    own_texts = [text for text, _ in own]
    if texts_match(own_texts, clauses):
        return score(own_texts, clauses, is_title=is_title)
    return _INJECTED_WEIGHT * score(texts, clauses, is_title=is_title)


async def matching_places(texts: Texts, clauses: Sequence[Clause]) -> set[Place]:
    """The places of the entries that match every clause."""
    return await run_in_thread_if_long(
        _length(texts), lambda: {place for place, some in texts.items() if texts_match(some, clauses)}
    )


def _length(texts: Texts) -> int:
    return sum(len(text) for some in texts.values() for text in some)


async def run_in_thread_if_long(length: int, work: Callable[[], T], limit: int = _LONG) -> T:
    """Call `work` on texts of this length: in a thread if they are longer than `limit`, else directly."""
    return await run_in_cancellable_thread(work) if length > limit else work()


def _texts(rows: Iterable[MessageRow]) -> Texts:
    return {(row.session_id, row.position): message_texts(row.content) for row in rows}


def message_texts(content: str) -> list[str]:
    """The searched texts of a message's stored content; none when it is corrupt."""
    try:
        return content_texts(load(content))
    except ValueError:
        return []
