"""What a batched read reads of its keys: keys with one shape are read together."""

from typing import NamedTuple

from resolvers.answer_budget import AnswerBudget
from storage.database.row_types import Wanted
from storage.records.message_page import MessageFilter
from storage.records.page import PageRequest


class MessagesShape(NamedTuple):
    """Which page of a transcript, which attributes of its rows, and the budget of the answer that they are for."""

    request: PageRequest
    chosen: MessageFilter | None
    wanted: Wanted
    budget: AnswerBudget | None


class MessageShape(NamedTuple):
    """Which attributes of messages, and the budget of the answer that they are for."""

    wanted: Wanted
    budget: AnswerBudget | None


class EventsShape(NamedTuple):
    """Which entries of a log, and which attributes of them and of their items."""

    since_seq: int
    size: int
    wanted: Wanted
    item_wanted: Wanted


class PageShape(NamedTuple):
    """Which page, and which attributes of its rows."""

    request: PageRequest
    wanted: Wanted


class ChildrenShape(NamedTuple):
    """Which page of a session's children, which attributes of its rows, and whether it has `change_seq`."""

    request: PageRequest
    kinds: tuple[str, ...] | None
    wanted: Wanted
    has_change_seq: bool


class NodesShape(NamedTuple):
    """Which attributes of nodes, by the name of their type, and the budget of the answer that they are for."""

    wanted: frozenset[tuple[str, Wanted]] | None
    budget: AnswerBudget | None

    def wanted_of(self, *typenames: str) -> Wanted:
        """The attributes of nodes of these types."""
        if self.wanted is None:
            return None
        found: Wanted = frozenset()
        for typename, wanted in self.wanted:
            if typename in typenames:
                found = None if found is None or wanted is None else found | wanted
        return found
