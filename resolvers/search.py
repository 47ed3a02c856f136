"""Search: pages of hits, and the fields of each hit."""

from collections.abc import Awaitable, Sequence
from functools import partial

from resolvers.context import Context
from resolvers.errors import NotFound
from resolvers.hit_details import LONG, HitDetails, SnippetTexts, message_needs
from resolvers.paging import NodePage, clamp_page_size
from resolvers.session import storable_filter
from storage.json_codec import storable_text
from storage.records.message import MessageRow
from storage.records.page import Page
from storage.records.session import SessionRow
from storage.records.session_filter import SessionFilter
from storage.search.query.best_block import best_block
from storage.search.query.entry_texts import Texts, run_in_thread_if_long
from storage.search.query.hit import MESSAGE, TITLE, FoundMessage, FoundSession, Hit, Search
from storage.search.query.hits import search_page
from storage.search.query.score import title_score
from storage.search.query.session_hits import transcript_hits
from storage.search.query.shown_hits import ShownHits
from storage.search.query.snippet import Snippet, TextSpan

__all__ = ["TextSpan"]

EVERYWHERE = [TITLE, MESSAGE]
"""All scopes."""


class SearchHit:
    """A hit. Its fields come from what was read with the page, else are loaded for all hits of the page at once."""

    def __init__(self, details: HitDetails, hit: Hit) -> None:
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
        return await run_in_thread_if_long(length, partial(best_block, blocks, clauses), LONG)

    async def _read_snippet_text(self) -> str:
        return (await self._read_snippet()).text

    async def _read_highlights(self) -> list[TextSpan]:
        return (await self._read_snippet()).highlights

    def _cut_now(self) -> Snippet | None:
        """The snippet, if its text was read and is short enough to be processed on the event loop."""
        if self._snippet is None:
            texts = self._texts()
            if texts is not None and texts.length <= LONG:
                self._snippet = self._details.cache(self._hit, texts.cut(self._details.search.clauses))
        return self._snippet

    async def _read_snippet(self) -> Snippet:
        texts = self._texts()
        if texts is None:
            texts = SnippetTexts.of_message(await self._read_message())
        # `snippet` and `highlights` both come here, and the first one cuts it for both.
        if self._snippet is None:
            cut = partial(texts.cut, self._details.search.clauses)
            snippet = await run_in_thread_if_long(texts.length, cut, LONG)
            self._snippet = self._details.cache(self._hit, snippet)
        return self._snippet

    def _texts(self) -> SnippetTexts | None:
        """The texts that its snippet is cut from, if they were read."""
        if self._hit.is_title:
            return SnippetTexts.of_texts([self._hit.session.title])
        return self._details.snippet_texts(self._hit)


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
    page = await search_page(context.database, parsed, order_by, size, after, message_needs(context))
    return SearchPage(page, await search_hits(context, parsed, page.nodes, page.texts, page.shown))


async def search_hits(
    context: Context, search: Search, hits: Sequence[Hit], texts: Texts, shown: ShownHits | None = None
) -> list[SearchHit]:
    """Hits with their fields, for which their messages are read at once. Raises Unavailable."""
    details = await HitDetails.read(context, search, hits, texts, shown)
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
