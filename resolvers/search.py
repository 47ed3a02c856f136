"""Search: pages of hits, and the fields of each hit."""

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import NamedTuple

from resolvers.context import Context, Wanted
from resolvers.errors import NotFound
from resolvers.paging import NodePage, clamp_page_size
from resolvers.session import storable_filter
from storage.errors import Unreadable
from storage.json_codec import storable_text
from storage.records.message import MessageRow, messages_at
from storage.records.page import Page
from storage.records.session import SessionFilter, SessionRow
from storage.search.query.best_block import best_block
from storage.search.query.clauses import Clause
from storage.search.query.entry_texts import Texts, run_in_thread_if_long
from storage.search.query.hit import MESSAGE, TITLE, Entry, FoundMessage, FoundSession, Hit, Search
from storage.search.query.hits import search_page
from storage.search.query.query_cache import QueryCache, split_cached
from storage.search.query.score import title_score
from storage.search.query.session_hits import transcript_hits
from storage.search.query.shown_hits import MessageNeeds, ShownHits
from storage.search.query.snippet import Snippet, TextSpan, cut_snippet

__all__ = ["TextSpan"]

EVERYWHERE = [TITLE, MESSAGE]
"""All scopes."""

_SESSION_FIELDS = frozenset(FoundSession._fields)
_MESSAGE_FIELDS = frozenset({*FoundMessage._fields, "id"})
_LONG = 200_000
"""Code points of a message from which on its snippet is cut in a thread, not on the event loop."""


class SearchHit:
    """A hit. Its fields come from what was read with the page, else are loaded for all hits of the page at once."""

    def __init__(self, details: "_PageDetails", hit: Hit) -> None:
        self._details = details
        self._hit = hit
        self._snippet = details.snippets.get(hit.entry)

    @property
    def id(self) -> str:
        """The same for the same words at the same place. A message's id has no second colon."""
        position = "title" if self._hit.is_title else self._hit.position
        return f"{self._hit.session_id}:{position}:{self._details.fingerprint}"

    def session(self) -> Awaitable[SessionRow] | FoundSession:
        """The session that matched. Raises NotFound when it was deleted since."""
        return self._hit.session if self._details.has_sessions else self._read_session()

    async def _read_session(self) -> SessionRow:
        session = await self._details.session_context.session(self._hit.session_id)
        if session is None:
            raise NotFound("A session that matched was deleted a moment ago; search again.")
        return session

    def message(self) -> Awaitable[MessageRow | None] | MessageRow | FoundMessage | None:
        """The message that matched; None when the title did."""
        if self._hit.is_title:
            return None
        if self._details.has_messages:
            return FoundMessage(*self._hit.place)
        if self._details.messages is not None:
            return self._details.messages.get(self._hit.place)
        return self._read_message()

    def _read_message(self) -> Awaitable[MessageRow | None]:
        return self._details.message_context.message_at(self._hit.session_id, self._hit.position)

    def score(self) -> Awaitable[float] | float:
        """How well it matches; higher is better."""
        if self._hit.score is not None:
            return self._hit.score
        if self._hit.is_title:
            return title_score(self._hit.session.title, self._details.search.clauses)
        score = self._details.results.scores.get(self._hit.entry)
        return self._read_score() if score is None else score

    async def _read_score(self) -> float:
        score = await self._details.message_context.score(self._hit.place, self._details.search.clauses)
        self._details.results.add(self._details.results.scores, {self._hit.entry: score})
        return score

    def snippet(self) -> Awaitable[str] | str:
        """The text around the match. Raises Unreadable."""
        snippet = self._cut_now()
        return snippet.text if snippet else self._read_snippet_text()

    def highlights(self) -> Awaitable[list[TextSpan]] | list[TextSpan]:
        """The span of each matched word in the snippet. Raises Unreadable."""
        snippet = self._cut_now()
        return snippet.highlights if snippet else self._read_highlights()

    async def block_position(self) -> int | None:
        """The position of the block that matches best; None when the title matched. Raises Unreadable."""
        if self._hit.is_title:
            return None
        messages = self._details.messages
        row = await self._read_message() if messages is None else messages.get(self._hit.place)
        if row is None:
            return None
        clauses = self._details.search.clauses
        blocks = row.searched_blocks()
        length = sum(len(text) for _, texts in blocks for text in texts)
        return await run_in_thread_if_long(length, partial(best_block, blocks, clauses), _LONG)

    async def _read_snippet_text(self) -> str:
        return (await self._read_snippet()).text

    async def _read_highlights(self) -> list[TextSpan]:
        return (await self._read_snippet()).highlights

    def _cut_now(self) -> Snippet | None:
        """The snippet, if its text was read and is short enough to be processed on the event loop."""
        if self._snippet is None:
            texts = self._texts()
            if texts is not None and texts.length <= _LONG:
                self._snippet = self._details.cache(self._hit, texts.cut(self._details.search.clauses))
        return self._snippet

    async def _read_snippet(self) -> Snippet:
        texts = self._texts()
        if texts is None:
            texts = _SnippetTexts.of_message(await self._read_message())
        # `snippet` and `highlights` both come here, and the first one cuts it for both.
        if self._snippet is None:
            cut = partial(texts.cut, self._details.search.clauses)
            snippet = await run_in_thread_if_long(texts.length, cut, _LONG)
            self._snippet = self._details.cache(self._hit, snippet)
        return self._snippet

    def _texts(self) -> "_SnippetTexts | None":
        """The texts that its snippet is cut from, if they were read."""
        if self._hit.is_title:
            return _SnippetTexts.of_texts([self._hit.session.title])
        return self._details.snippet_texts(self._hit)


class _SnippetTexts(NamedTuple):
    """The texts of an entry that its snippet is cut from, and about how many code points they have."""

    texts: Iterable[str]
    length: int

    @classmethod
    def of_texts(cls, texts: Sequence[str]) -> "_SnippetTexts":
        return cls(texts, sum(map(len, texts)))

    @classmethod
    def of_message(cls, row: MessageRow | None) -> "_SnippetTexts":
        """Those of a message, of which only as many are parsed as a snippet takes."""
        return cls((), 0) if row is None else cls(row.searched_texts(), len(row.content))

    def cut(self, clauses: Sequence[Clause]) -> Snippet:
        """The snippet. Raises Unreadable."""
        return cut_snippet(self.texts, clauses)


class _PageDetails:
    """What the hits of a page share: cached results, and the sessions and messages read at once for all their fields.

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
    ) -> "_PageDetails":
        """Raises Unavailable."""
        details = cls(context, search, hits, texts, shown)
        needs = _message_needs(context)
        if shown is not None:
            details.messages = shown.messages
        elif needs is not None:
            places, wanted = needs.unread(hits, details.snippets, texts)
            details.messages = await messages_at(context.database, places, wanted) if places else {}
        if needs is not None and needs.has_snippets:
            details._cut_snippets(hits)
        return details

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of the search."""
        return self.search.fingerprint

    def snippet_texts(self, hit: Hit) -> _SnippetTexts | None:
        """The texts that the snippet of a message's hit is cut from, if they were read."""
        texts = self.texts.get(hit.place)
        if texts:
            return _SnippetTexts.of_texts(texts)
        return None if self.messages is None else _SnippetTexts.of_message(self.messages.get(hit.place))

    def _cut_snippets(self, hits: Sequence[Hit]) -> None:
        """Cut the first snippets of messages at once, as many as take little time, and cache them at once."""
        length = 0
        clauses = self.search.clauses
        new: dict[Entry, Snippet] = {}
        for hit in hits:
            if hit.is_title or (entry := hit.entry) in self.snippets:
                continue
            texts = self.snippet_texts(hit)
            if texts is None or (length := length + texts.length) > _LONG:
                break
            try:
                self.snippets[entry] = snippet = texts.cut(clauses)
            except Unreadable:
                # The field fails that is resolved later.
                continue
            if snippet.text:
                new[entry] = snippet
        self.results.add(self.results.snippets, new)

    def cache(self, hit: Hit, snippet: Snippet) -> Snippet:
        """Cache the snippet of a hit, unless it is a title's, which may change."""
        if not hit.is_title and snippet.text:
            self.results.add(self.results.snippets, {hit.entry: snippet})
        return snippet


def _wanted(context: Context, field: str) -> Wanted:
    """The fields that are selected of a hit's session or message."""
    return None if context.wanted is None else context.inner.get(field, frozenset())


def _message_needs(context: Context) -> MessageNeeds | None:
    """What the selected fields of hits need of messages; None while they are not known."""
    if context.wanted is None:
        return None
    wanted = _wanted(context, "message")
    are_all = "message" in context.wanted and not _is_subset(wanted, _MESSAGE_FIELDS)
    if "block_position" in context.wanted:
        are_all = True
        wanted = None if wanted is None else wanted | {"searched_blocks"}
    return MessageNeeds(wanted, are_all, "snippet" in context.wanted)


def _is_subset(wanted: Wanted, available: frozenset[str]) -> bool:
    return wanted is not None and wanted <= available


class SearchPage(NodePage[SearchHit]):
    """A page of hits with their fields."""

    def __init__(self, page: Page[Hit], hits: Sequence[SearchHit]) -> None:
        super().__init__(page)
        self.nodes = hits


async def search(
    context: Context,
    *,
    query: str,
    first: int,
    after: str | None,
    filter: SessionFilter | None,
    order_by: str,
    scopes: list[str],
) -> SearchPage:
    """A page of hits. Raises BadUserInput, InvalidQuery and InvalidCursor."""
    parsed = Search.parse(storable_text(query), storable_filter(filter), scopes)
    size = clamp_page_size(first, "first")
    page = await search_page(context.database, parsed, order_by, size, after, _message_needs(context))
    return SearchPage(page, await search_hits(context, parsed, page.nodes, page.texts, page.shown))


async def search_hits(
    context: Context, search: Search, hits: Sequence[Hit], texts: Texts, shown: ShownHits | None = None
) -> list[SearchHit]:
    """Hits with their fields, for which their messages are read at once. Raises Unavailable."""
    details = await _PageDetails.read(context, search, hits, texts, shown)
    return [SearchHit(details, hit) for hit in hits]


async def search_in_session(
    context: Context, row: SessionRow, *, query: str, first: int, after: str | None
) -> SearchPage:
    """A page of the hits in a session, in the order of its transcript. Raises BadUserInput, InvalidQuery and
    InvalidCursor.
    """
    parsed = Search.parse(storable_text(query), SessionFilter(), [MESSAGE])
    page = await transcript_hits(context.database, parsed, row.id, clamp_page_size(first, "first"), after)
    return SearchPage(page, await search_hits(context, parsed, page.nodes, page.texts))
