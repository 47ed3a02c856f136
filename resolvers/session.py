"""Resolvers of Session: lists, reads, and the import of one."""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import NamedTuple

import orjson

from resolvers.context import Context
from resolvers.errors import BadUserInput, NotFound
from resolvers.paging import page_request
from resolvers.user_error import UserError
from storage.documents.imports import conflict_message
from storage.documents.outcomes import CONFLICT
from storage.errors import InvalidDocument, InvalidId
from storage.json_codec import storable_text
from storage.records.identifier import is_id
from storage.records.message import MessageRow
from storage.records.message_page import MessageFilter
from storage.records.page import Page
from storage.records.resume_task import ResumeTaskRow
from storage.records.session import SessionRow, session_page
from storage.records.session_filter import NO_FILTER, SessionFilter, Span
from storage.records.session_tools import ToolStatistics
from storage.records.thread import ThreadRow
from storage.records.token_usage import TokenCounts

__all__ = ["SessionFilter", "SessionRow", "Span"]

TOKENS = TokenCounts._fields
"""The attributes of a session that its usage is made of."""

MAX_FILTER_VALUES = 1000


class ImportSessionPayload(NamedTuple):
    """The payload of `importSession`."""

    session: SessionRow | None
    outcome: str | None
    user_errors: list[UserError]


def session(context: Context, id: str) -> Awaitable[SessionRow | None] | None:
    """The session with an id, or with an id that begins so. Raises AmbiguousId."""
    return context.named_session(id.strip()) if is_id(id.strip()) else None


async def sessions(
    context: Context,
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    filter: SessionFilter | None,
    order_by: tuple[str, str],
) -> Page[SessionRow]:
    """A page of the sessions that match the filter. Raises BadUserInput and InvalidCursor."""
    return await session_page(
        context.database,
        page_request(first, after, last, before),
        storable_filter(filter),
        *order_by,
        context.wanted,
        has_change_seq=context.wants_change_seq,
    )


def storable_filter(filter: SessionFilter | None) -> SessionFilter:
    """The filter in the form that storage compares with; None is the default filter. Raises BadUserInput."""
    if filter is None:
        return NO_FILTER
    # PostgreSQL refuses U+0000 and lone surrogates even in a comparison.
    return replace(
        filter,
        title_contains=None if filter.title_contains is None else storable_text(filter.title_contains),
        workspaces=_storable_texts(filter.workspaces, "workspaces"),
        workspace_within=None if filter.workspace_within is None else storable_text(filter.workspace_within),
        models=_storable_texts(filter.models, "models"),
        sources=None if filter.sources is None else tuple(sorted(set(filter.sources))),
        kinds=None if filter.kinds is None else tuple(sorted(set(filter.kinds))),
        tags=_storable_texts(filter.tags and [tag.strip() for tag in filter.tags], "tags"),
        modes=_storable_texts(filter.modes, "modes"),
    )


def _storable_texts(texts: Sequence[str] | None, name: str) -> tuple[str, ...] | None:
    if texts is None:
        return None
    unique = {storable_text(text) for text in texts}
    if len(unique) > MAX_FILTER_VALUES:
        raise BadUserInput(f"`{name}` must have at most {MAX_FILTER_VALUES}.")
    return tuple(sorted(unique))


def usage(row: SessionRow) -> TokenCounts:
    """The tokens it took; the total is the recorded one, since some agents record no more."""
    return TokenCounts(*(getattr(row, name) for name in TokenCounts._fields))


async def metadata(context: Context, row: SessionRow) -> orjson.Fragment:
    """What its agent recorded beside its messages. Raises NotFound, Unreadable and AnswerTooLarge."""
    return orjson.Fragment(_still_there(await context.metadata(row.id)))


async def document(context: Context, row: SessionRow) -> str:
    """Its transcript as its agent wrote it. Raises NotFound, Unreadable and AnswerTooLarge."""
    return _still_there(await context.document(row.id))


def _still_there(text: str | None) -> str:
    if text is None:
        raise NotFound("The session was deleted a moment ago.")
    return text


def parent(context: Context, row: SessionRow) -> Awaitable[SessionRow | None] | None:
    """The session it was forked from, if that is stored."""
    return None if row.parent_id is None else context.session(row.parent_id)


async def tools(context: Context, row: SessionRow) -> list[ToolStatistics]:
    """The tools that were called in it, most often first."""
    return await context.tools(row.id) or []


def children(
    context: Context, row: SessionRow, *, first: int, after: str | None, kinds: list[str] | None
) -> Awaitable[Page[SessionRow]]:
    """A page of its subagents' sessions and forks. Raises BadUserInput and InvalidCursor."""
    return context.children(row, page_request(first, after), None if kinds is None else tuple(sorted(set(kinds))))


def thread(context: Context, row: SessionRow) -> Awaitable[ThreadRow | None] | None:
    """The thread it was last resumed into."""
    return None if row.thread_id is None else context.thread(row.thread_id)


def resume_task(context: Context, row: SessionRow) -> Awaitable[ResumeTaskRow | None] | None:
    """The latest attempt to resume it."""
    return None if row.thread_id is None else context.resume_task(row.thread_id)


def messages(
    context: Context,
    row: SessionRow,
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    from_: int | None,
    roles: list[str] | None,
    is_injected: bool | None,
) -> Awaitable[Page[MessageRow]]:
    """A page of its transcript. Raises BadUserInput and InvalidCursor."""
    request = page_request(first, after, last, before, from_)
    chosen = None
    if roles is not None or is_injected is not None:
        chosen = MessageFilter(None if roles is None else tuple(sorted(set(roles))), is_injected)
    return context.messages(row, request, chosen)


async def import_session(
    context: Context, source: str | None, document: object, text: str | None
) -> ImportSessionPayload:
    """Import a session, given as a JSON value or as text."""
    if (document is None) is (text is None):
        return _refused("INVALID_VALUE", "Give exactly one of `document` and `text`.", [])
    # Imported here, as everything that a server does not need for reading: see docs/speed.md.
    from storage.transcripts.given_imports import import_given

    field = "document" if text is None else "text"
    try:
        imported = await import_given(context.database, document, text, source)
    except InvalidId as error:
        return _refused("INVALID_ID", str(error), [field] if text else ["document", "metadata", "id"])
    except InvalidDocument as error:
        return _refused("INVALID_VALUE", str(error), [field] if text is not None else ["document", *error.path])
    if imported.outcome == CONFLICT:
        has_metadata = isinstance(document, dict) and "metadata" in document
        path = ["document", "metadata", "id"] if has_metadata else [field]
        return _refused("CONFLICT", conflict_message(imported.id, imported.source), path)
    saved = await context.session(imported.id)
    return ImportSessionPayload(saved, imported.outcome, [])


def _refused(code: str, message: str, path: list[str]) -> ImportSessionPayload:
    return ImportSessionPayload(None, None, [UserError(code, message, path or None)])
