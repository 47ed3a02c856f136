"""Search: hits, and what of each is shown."""

from collections.abc import Awaitable, Mapping, Sequence
from functools import partial
from inspect import isawaitable
from typing import Any

from resolvers.context import Context, Wanted
from resolvers.errors import NotFound
from resolvers.paging import held
from resolvers.session import storable_filter
from storage.jsontext import storable_text
from storage.message import MessageRow, messages_at
from storage.page import Edge, Page
from storage.search.content import beside
from storage.search.hit import FoundSession, Hit, Search
from storage.search.hits import search_page
from storage.search.snippet import Snippet, TextSpan, cut_snippet
from storage.session import SessionFilter, SessionRow

__all__ = ["TextSpan"]

_KNOWN = frozenset(FoundSession._fields)
_LONG = 200_000
"""Code points of a message from which on its snippet is cut beside the event loop."""


class SearchHit:
    """A hit. What is shown of it is read with its page where that is known by then, else when it is asked for, for all
    hits of a page at once.
    """

    def __init__(self, shown: "_Shown", search: Search, hit: Hit) -> None:
        self._shown = shown
        self._search = search
        self._hit = hit
        self._message = shown.messages.get(hit.place) if shown.messages else None
        self._snippet: Snippet | None = None

    def session(self) -> Awaitable[SessionRow] | FoundSession:
        """The session that matched. Raises NotFound when it was deleted since."""
        return self._hit.session if self._shown.knows_sessions else self._read_session()

    async def _read_session(self) -> SessionRow:
        session = await self._shown.session.session(self._hit.session_id)
        if session is None:
            raise NotFound("A session that matched was deleted a moment ago; search again.")
        return session

    def message(self) -> Awaitable[MessageRow | None] | MessageRow | None:
        """The message that matched; None when the title did."""
        if self._shown.messages is not None or self._hit.is_title:
            return self._message
        return self._shown.message.message_at(self._hit.session_id, self._hit.position)

    def score(self) -> Awaitable[float] | float:
        """How well it matches."""
        if self._hit.score is not None:
            return self._hit.score
        return self._shown.message.score(self._hit.place, self._search.clauses)

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
        shown = self._shown
        if self._snippet is None and (shown.knows_sessions if self._hit.is_title else shown.messages is not None):
            texts = self._texts(self.session() if self._hit.is_title else self.message())
            if sum(map(len, texts)) <= _LONG:
                self._snippet = cut_snippet(texts, self._search.clauses)
        return self._snippet

    async def _text_later(self) -> str:
        return (await self._cut_later()).text

    async def _highlights_later(self) -> list[TextSpan]:
        return (await self._cut_later()).highlights

    async def _cut_later(self) -> Snippet:
        row = self.session() if self._hit.is_title else self.message()
        texts = self._texts(await row if isawaitable(row) else row)
        # Two fields show of it, and it is cut once.
        if self._snippet is None:
            cut = partial(cut_snippet, texts, self._search.clauses)
            self._snippet = await beside(sum(map(len, texts)), cut, _LONG)
        return self._snippet

    def _texts(self, row: Any) -> list[str]:
        if self._hit.is_title:
            return [row.title]
        return [] if row is None else row.searched_texts()


class _Shown:
    """How the sessions and the messages of a page's hits are read: once, with all that any field shows of them.

    `messages` are those of all hits by their places, where it is known that they are wanted.
    """

    messages: Mapping[tuple[str, int], MessageRow] | None = None

    def __init__(self, context: Context) -> None:
        self.session = context.wanting(_shown(context, "session", "title"))
        # They need not be read again.
        wanted = self.session.wanted
        self.knows_sessions = wanted is not None and wanted <= _KNOWN
        self.message = context.wanting(_shown(context, "message", "searched_texts"))

    @classmethod
    async def of(cls, context: Context, hits: Sequence[Hit]) -> "_Shown":
        """Raises Unavailable."""
        shown = cls(context)
        if context.wanted is not None and not context.wanted.isdisjoint({"message", "snippet"}):
            places = [hit.place for hit in hits if not hit.is_title]
            shown.messages = await messages_at(context.database, places, shown.message.wanted) if places else {}
        return shown


def _shown(context: Context, field: str, cut: str) -> Wanted:
    """What a page's hits show of what `field` gives, with the attribute that snippets are cut from."""
    if context.wanted is None:
        return None
    wanted = context.inner.get(field, frozenset())
    return None if wanted is None else wanted | ({cut} if "snippet" in context.wanted else set())


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
    def edges(self) -> list[Edge[SearchHit]]:
        """Each hit with its cursor."""
        cursors = (edge.cursor for edge in self._page.edges)
        return [Edge(cursor, hit) for cursor, hit in zip(cursors, self.nodes, strict=True)]


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
    page = await search_page(context.database, asked, order_by, held(first, "first"), after)
    shown = await _Shown.of(context, page.nodes)
    return SearchPage(page, [SearchHit(shown, asked, hit) for hit in page.nodes])
