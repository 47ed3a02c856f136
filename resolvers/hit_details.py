"""What the fields of search hits need beyond the hits, read for all hits of a page at once."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from typing import NamedTuple

from resolvers.context import Context, Wanted
from storage.cancellation import check_cancelled
from storage.errors import Unreadable
from storage.records.message import MessageRow, messages_at
from storage.search.query.clauses import Clause
from storage.search.query.entry_texts import Texts, run_in_thread_if_long
from storage.search.query.hit import Entry, FoundMessage, FoundSession, Hit, Search
from storage.search.query.query_cache import QueryCache, split_cached
from storage.search.query.shown_hits import MessageNeeds, ShownHits
from storage.search.query.snippet import Snippet, cut_snippet

_SESSION_FIELDS = frozenset(FoundSession._fields)
_MESSAGE_FIELDS = frozenset({*FoundMessage._fields, "id"})
LONG = 200_000
"""The length in code points from which snippets are cut in a thread, not on the event loop."""


class SnippetTexts(NamedTuple):
    """The texts from which the snippet of an entry is cut, and about how many code points they have."""

    texts: Iterable[str]
    length: int

    @classmethod
    def of_texts(cls, texts: Sequence[str]) -> "SnippetTexts":
        return cls(texts, sum(map(len, texts)))

    @classmethod
    def of_message(cls, row: MessageRow | None) -> "SnippetTexts":
        """The texts of a message, which are parsed only as far as the snippet needs."""
        return cls((), 0) if row is None else cls(row.searched_texts(), len(row.content))

    def cut(self, clauses: Sequence[Clause]) -> Snippet:
        """The snippet. Raises Unreadable."""
        return cut_snippet(self.texts, clauses)


class HitDetails:
    """The data that the hits of a page share: cached results, and the sessions and messages read at once for all their
    fields.

    `messages` are those that had to be read, by place; None while the selected fields are not known.
    """

    messages: Mapping[tuple[str, int], MessageRow] | None = None

    def __init__(
        self, context: Context, search: Search, hits: Sequence[Hit], texts: Texts, shown: ShownHits | None
    ) -> None:
        self.search = search
        self.texts = texts
        self.results = QueryCache.of_query(context.database.cache, search.clauses)
        self.snippets = split_cached(self.results.snippets, hits)[0] if shown is None else shown.snippets
        self.session_context = context.wanting(_wanted(context, "session"))
        self.has_sessions = _is_subset(self.session_context.wanted, _SESSION_FIELDS)
        self.message_context = context.wanting(_wanted(context, "message"))
        self.has_messages = _is_subset(self.message_context.wanted, _MESSAGE_FIELDS)

    @classmethod
    async def read(
        cls, context: Context, search: Search, hits: Sequence[Hit], texts: Texts, shown: ShownHits | None
    ) -> "HitDetails":
        """Raises Unavailable."""
        details = cls(context, search, hits, texts, shown)
        needs = message_needs(context)
        if shown is not None:
            details.messages = shown.messages
        elif needs is not None:
            places, wanted = needs.unread(hits, details.snippets, texts)
            details.messages = await messages_at(context.database, places, wanted) if places else {}
        if needs is not None and needs.has_snippets:
            await details._cut_snippets(hits)
        return details

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of the search."""
        return self.search.fingerprint

    def snippet_texts(self, hit: Hit) -> SnippetTexts | None:
        """The texts from which the snippet of a hit in a message is cut, if they were read."""
        texts = self.texts.get(hit.place)
        if texts:
            return SnippetTexts.of_texts(texts)
        return None if self.messages is None else SnippetTexts.of_message(self.messages.get(hit.place))

    async def _cut_snippets(self, hits: Sequence[Hit]) -> None:
        """Cut the snippets of messages at once, and cache them at once."""
        uncut = [hit for hit in hits if not hit.is_title and hit.entry not in self.snippets]
        texts = {hit.entry: one for hit in uncut if (one := self.snippet_texts(hit)) is not None}
        length = sum(one.length for one in texts.values())
        new = await run_in_thread_if_long(length, partial(_cut_all, texts, self.search.clauses), LONG)
        self.snippets |= new
        self.results.add(self.results.snippets, {entry: snippet for entry, snippet in new.items() if snippet.text})

    def cache(self, hit: Hit, snippet: Snippet) -> Snippet:
        """Cache the snippet of a hit, unless it is a title's, which may change."""
        if not hit.is_title and snippet.text:
            self.results.add(self.results.snippets, {hit.entry: snippet})
        return snippet


def _cut_all(texts: Mapping[Entry, SnippetTexts], clauses: Sequence[Clause]) -> dict[Entry, Snippet]:
    """The snippets of entries. Unreadable texts have none: their fields raise the error."""
    snippets = {}
    for entry, one in texts.items():
        check_cancelled()
        with suppress(Unreadable):
            snippets[entry] = one.cut(clauses)
    return snippets


def _wanted(context: Context, field: str) -> Wanted:
    """The fields that are selected of a hit's session or message."""
    return None if context.wanted is None else context.inner.get(field, frozenset())


def message_needs(context: Context) -> MessageNeeds | None:
    """The attributes of messages that the selected fields of hits need; None while the fields are not known."""
    if context.wanted is None:
        return None
    wanted = _wanted(context, "message")
    are_all = "message" in context.wanted and not _is_subset(wanted, _MESSAGE_FIELDS)
    if "block_position" in context.wanted:
        are_all = True
        wanted = None if wanted is None else wanted | {"searched_blocks"}
    return MessageNeeds(wanted, are_all, "snippet" in context.wanted, "score" in context.wanted)


def _is_subset(wanted: Wanted, available: frozenset[str]) -> bool:
    return wanted is not None and wanted <= available
