"""A search and its hits."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import NamedTuple, TypeAlias

from storage.records.message import message_id
from storage.records.session_filter import SessionFilter
from storage.search.index.entries import TITLE_POSITION
from storage.search.query.clauses import Clause, parse_query
from storage.search.query.entry_texts import Place

TITLE = "TITLE"
MESSAGE = "MESSAGE"


Entry: TypeAlias = tuple[int, int, int]
"""A session's number, how often its messages were rewritten, and a position. A key that never means another message."""


class FoundSession(NamedTuple):
    """A session with hits: the columns that a search reads anyway, and the number of the last change of any session."""

    number: int
    id: str
    updated_at: datetime
    title: str
    transcript_rewrites: int
    last_change: int


class FoundMessage(NamedTuple):
    """A message that is a hit: what is known without reading it."""

    session_id: str
    position: int

    @property
    def id(self) -> str:
        """Unique across sessions."""
        return message_id(self.session_id, self.position)


class Hit(NamedTuple):
    """A message that matches, or a session's title: then `position` is TITLE_POSITION."""

    session: FoundSession
    position: int
    score: float | None = None

    @property
    def session_id(self) -> str:
        """Id of its session."""
        return self.session.id

    @property
    def is_title(self) -> bool:
        """Whether the title matched, not a message."""
        return bool(self.position == TITLE_POSITION)

    @property
    def place(self) -> Place:
        """Its place by the session's id."""
        return self.session.id, self.position

    @property
    def entry(self) -> Entry:
        """Its place in the session's present state, as the key of caches."""
        return self.session.number, self.session.transcript_rewrites, self.position


@dataclass(frozen=True, slots=True)
class Search:
    """A parsed query, a filter of sessions, and the scopes to look in."""

    clauses: tuple[Clause, ...]
    filter: SessionFilter
    scopes: frozenset[str]

    @classmethod
    def parse(cls, query: str, filter: SessionFilter, scopes: Sequence[str]) -> "Search":
        """Raises InvalidQuery."""
        return cls(tuple(parse_query(query)), filter, frozenset(scopes))

    @property
    def cursor_scope(self) -> tuple[Callable[[], object], ...]:
        """The scope of its cursors, computed when a cursor is made or read."""
        return (
            lambda: [list(clause) for clause in self.clauses],
            lambda: astuple(self.filter),
            lambda: sorted(self.scopes),
        )

    @property
    def fingerprint(self) -> str:
        """A short text that is the same for all searches for the same words."""
        return hashlib.blake2b(repr(self.clauses).encode(errors="surrogatepass"), digest_size=6).hexdigest()

    @property
    def is_empty(self) -> bool:
        """Whether it can have no hits: it has no word or no scope."""
        return not self.clauses or not self.scopes

    @property
    def has_phrases(self) -> bool:
        """Whether a clause has several tokens."""
        return any(len(clause.tokens) > 1 for clause in self.clauses)
