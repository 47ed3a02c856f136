"""What is searched for, and what is found."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import NamedTuple, TypeAlias

from storage.records.message import message_id
from storage.records.session import SessionFilter
from storage.search.index.entries import TITLE_POSITION
from storage.search.query.clauses import Clause, read_query
from storage.search.query.entry_texts import Place

TITLE = "TITLE"
MESSAGE = "MESSAGE"


Entry: TypeAlias = tuple[int, int]
"""The number of a session and a position there: of a message, they never come to mean another."""


class FoundSession(NamedTuple):
    """What is known of a session in which something was found."""

    number: int
    id: str
    updated_at: datetime
    title: str


class FoundMessage(NamedTuple):
    """What is known of a message in which something was found."""

    session_id: str
    position: int

    @property
    def id(self) -> str:
        """Unique across sessions."""
        return message_id(self.session_id, self.position)


class Hit(NamedTuple):
    """A message that matched, or a session's title: then `position` is TITLE_POSITION."""

    session: FoundSession
    position: int
    score: float | None = None

    @property
    def session_id(self) -> str:
        """The session that it is in."""
        return self.session.id

    @property
    def is_title(self) -> bool:
        """Whether the title matched and not a message."""
        return bool(self.position == TITLE_POSITION)

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.session.id, self.position)

    @property
    def entry(self) -> Entry:
        """What it is known by."""
        return self.session.number, self.position


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for, and where."""

    clauses: tuple[Clause, ...]
    narrowed: SessionFilter
    scopes: frozenset[str]

    @classmethod
    def of(cls, query: str, narrowed: SessionFilter, scopes: Sequence[str]) -> "Search":
        """Raises InvalidQuery."""
        return cls(tuple(read_query(query)), narrowed, frozenset(scopes))

    @property
    def parts(self) -> tuple[Callable[[], object], ...]:
        """Of the scope of its cursors."""
        return (
            lambda: [list(clause) for clause in self.clauses],
            lambda: astuple(self.narrowed),
            lambda: sorted(self.scopes),
        )

    @property
    def finds_nothing(self) -> bool:
        """Whether there is no word or no place to look for."""
        return not self.clauses or not self.scopes

    @property
    def has_phrases(self) -> bool:
        """Whether some words must follow each other."""
        return any(len(clause.tokens) > 1 for clause in self.clauses)
