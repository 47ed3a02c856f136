"""Search: hits, and what of each is shown."""

from collections.abc import Awaitable, Mapping, Sequence
from functools import partial

from resolvers.context import Context, Wanted
from resolvers.errors import NotFound
from resolvers.paging import clamp_page_size
from resolvers.session import storable_filter
from storage.json_codec import storable_text
from storage.records.message import MessageRow, messages_at
from storage.records.page import Page, PageEdge
from storage.records.session import SessionFilter, SessionRow
from storage.search.query.entry_texts import beside
from storage.search.query.hit import FoundMessage, FoundSession, Hit, Search
from storage.search.query.hits import HitPage, search_page
from storage.search.query.query_cache import QueryCache
from storage.search.query.score import title_score
from storage.search.query.snippet import Snippet, TextSpan, cut_snippet

__all__ = ["TextSpan"]

_OF_SESSION = frozenset(FoundSession._fields)
_OF_MESSAGE = frozenset({*FoundMessage._fields, "id"})
_LONG = 200_000
"""Code points of a message from which on its snippet is cut beside the event loop."""


class SearchHit:
    """A hit. What is shown of it is read with its page where that is known by then, else when it is asked for, for all
    hits of a page at once.
    """

    def __init__(self, shown: "_Shown", hit: Hit) -> None:
        self._shown = shown
        self._hit = hit
        self._snippet = shown.snippets.get(hit.entry)

    def session(self) -> Awaitable[SessionRow] | FoundSession:
        """The session that matched. Raises NotFound when it was deleted since."""
        return self._hit.session if self._shown.knows_sessions else self._read_session()

    async def _read_session(self) -> SessionRow:
        session = await self._shown.session.session(self._hit.session_id)
        if session is None:
            raise NotFound("A session that matched was deleted a moment ago; search again.")
        return session

    def message(self) -> Awaitable[MessageRow | None] | MessageRow | FoundMessage | None:
        """The message that matched; None when the title did."""
        if self._hit.is_title:
            return None
        if self._shown.knows_messages:
            return FoundMessage(*self._hit.place)
        if self._shown.messages is not None:
            return self._shown.messages.get(self._hit.place)
        return self._read_message()

    def _read_message(self) -> Awaitable[MessageRow | None]:
        return self._shown.message.message_at(self._hit.session_id, self._hit.position)

    def score(self) -> Awaitable[float] | float:
        """How well it matches."""
        if self._hit.score is not None:
            return self._hit.score
        if self._hit.is_title:
            return title_score(self._hit.session.title, self._shown.search.clauses)
        score = self._shown.facts.scores.get(self._hit.entry)
        return self._read_score() if score is None else score

    async def _read_score(self) -> float:
        score = await self._shown.message.score(self._hit.place, self._shown.search.clauses)
        self._shown.facts.add(self._shown.facts.scores, {self._hit.entry: score})
        return score

    def snippet(self) -> Awaitable[str] | str:
        """The text around the match. Raises Unreadable."""
        cut = self._cut()
        return cut.text if cut else self._text_later()

    def highlights(self) -> Awaitable[list[TextSpan]] | list[TextSpan]:
        """Where the matched words stand in it. Raises Unreadable."""
        cut = self._cut()
        return cut.highlights if cut else self._highlights_later()

    def _cut(self) -> Snippet | None:
        """What is shown of the text, if that is at hand and not so long that it holds up others."""
        if self._snippet is None:
            texts = self._texts()
            if texts is not None and sum(map(len, texts)) <= _LONG:
                self._snippet = self._shown.kept(self._hit, cut_snippet(texts, self._shown.search.clauses))
        return self._snippet

    async def _text_later(self) -> str:
        return (await self._cut_later()).text

    async def _highlights_later(self) -> list[TextSpan]:
        return (await self._cut_later()).highlights

    async def _cut_later(self) -> Snippet:
        texts = self._texts()
        if texts is None:
            row = await self._read_message()
            texts = [] if row is None else row.searched_texts()
        # Two fields show of it, and it is cut once.
        if self._snippet is None:
            cut = await beside(sum(map(len, texts)), partial(cut_snippet, texts, self._shown.search.clauses), _LONG)
            self._snippet = self._shown.kept(self._hit, cut)
        return self._snippet

    def _texts(self) -> list[str] | None:
        """What its snippet is cut from, if that is at hand. Raises Unreadable."""
        if self._hit.is_title:
            return [self._hit.session.title]
        shown = self._shown
        texts = shown.texts.get(self._hit.place)
        if texts or shown.messages is None:
            return texts or None
        row = shown.messages.get(self._hit.place)
        return [] if row is None else row.searched_texts()


class _Shown:
    """How the sessions and the messages of a page's hits are read: once, with all that any field shows of them.

    `messages` are those that must be read, by their places, where it is known what is wanted of them.
    """

    messages: Mapping[tuple[str, int], MessageRow] | None = None

    def __init__(self, context: Context, search: Search, page: HitPage) -> None:
        self.search = search
        self.texts = page.texts
        self.facts = QueryCache.of(context.database.kept, search.clauses)
        # Others may forget the facts at any time.
        found = ((hit.entry, self.facts.snippets.get(hit.entry)) for hit in page.nodes)
        self.snippets = {entry: snippet for entry, snippet in found if snippet is not None}
        self.session = context.wanting(_wanted(context, "session"))
        self.knows_sessions = _is_known(self.session.wanted, _OF_SESSION)
        self.message = context.wanting(_wanted(context, "message"))
        self.knows_messages = _is_known(self.message.wanted, _OF_MESSAGE)

    @classmethod
    async def of(cls, context: Context, search: Search, page: HitPage) -> "_Shown":
        """Raises Unavailable."""
        shown = cls(context, search, page)
        await shown._read_messages(context, [hit for hit in page.nodes if not hit.is_title])
        return shown

    async def _read_messages(self, context: Context, hits: Sequence[Hit]) -> None:
        if context.wanted is None:
            return
        uncut: Sequence[Hit] = []
        if "snippet" in context.wanted:
            uncut = [hit for hit in hits if hit.entry not in self.snippets and not self.texts.get(hit.place)]
        unread = hits if "message" in context.wanted and not self.knows_messages else uncut
        wanted = self.message.wanted
        if wanted is not None and uncut:
            wanted |= {"searched_texts"}
        self.messages = await messages_at(context.database, [hit.place for hit in unread], wanted) if unread else {}

    def kept(self, hit: Hit, snippet: Snippet) -> Snippet:
        """The snippet of a hit, which is kept where it stays what it is."""
        if not hit.is_title and snippet.text:
            self.facts.add(self.facts.snippets, {hit.entry: snippet})
        return snippet


def _wanted(context: Context, field: str) -> Wanted:
    """What a page's hits show of what `field` gives."""
    return None if context.wanted is None else context.inner.get(field, frozenset())


def _is_known(wanted: Wanted, known: frozenset[str]) -> bool:
    return wanted is not None and wanted <= known


class SearchPage:
    """A page of hits, each ready to show itself."""

    def __init__(self, page: Page[Hit], hits: Sequence[SearchHit]) -> None:
        self._page = page
        self.nodes = hits
        self.has_next_page = page.has_next_page
        self.has_previous_page = page.has_previous_page
        self.total_count = page.total_count

    @property
    def start_cursor(self) -> str | None:
        """The first hit's."""
        return self._page.start_cursor

    @property
    def end_cursor(self) -> str | None:
        """The last hit's."""
        return self._page.end_cursor

    @property
    def edges(self) -> list[PageEdge[SearchHit]]:
        """Each hit with its cursor."""
        cursors = (edge.cursor for edge in self._page.edges)
        return [PageEdge(cursor, hit) for cursor, hit in zip(cursors, self.nodes, strict=True)]


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
    """Hits of a query. Raises BadUserInput, InvalidQuery and InvalidCursor."""
    asked = Search.of(storable_text(query), storable_filter(filter), scopes)
    page = await search_page(context.database, asked, order_by, clamp_page_size(first, "first"), after)
    shown = await _Shown.of(context, asked, page)
    return SearchPage(page, [SearchHit(shown, hit) for hit in page.nodes])
