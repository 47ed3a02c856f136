"""What is needed to show hits besides what was read to find them: messages and cached snippets."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from storage.database.row_types import Wanted
from storage.records.message import MessageRow
from storage.search.query.entry_texts import Place, Texts
from storage.search.query.hit import Entry, Hit
from storage.search.query.snippet import Snippet


class MessageNeeds(NamedTuple):
    """The attributes of messages that are shown, of all hits or of none, and whether snippets and scores are."""

    wanted: Wanted
    are_all: bool
    has_snippets: bool
    has_scores: bool

    def unread(
        self, hits: Sequence[Hit], snippets: Mapping[Entry, Snippet], texts: Texts, unscored: Sequence[Hit] = ()
    ) -> tuple[list[Place], Wanted]:
        """The places of the messages that must be read, and their attributes: also the texts of those whose snippets
        are not cached or that are `unscored`, and whose texts were not read.
        """
        uncut = [hit for hit in hits if not hit.is_title and hit.entry not in snippets] if self.has_snippets else []
        textless = dict.fromkeys(hit.place for hit in (*unscored, *uncut) if not texts.get(hit.place))
        wanted = self.wanted if self.wanted is None or not textless else self.wanted | {"searched_texts"}
        return [hit.place for hit in hits if not hit.is_title] if self.are_all else list(textless), wanted


class ShownHits(NamedTuple):
    """Messages that were read to show hits, and snippets that were cached, so that their texts need not be read."""

    messages: Mapping[tuple[str, int], MessageRow]
    snippets: dict[Entry, Snippet]
