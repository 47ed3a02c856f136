"""Resolvers of Thread, its log and its subscription."""

from collections.abc import AsyncIterator, Awaitable
from functools import partial
from typing import NamedTuple

from resolvers.context import Context
from resolvers.errors import NotFound
from resolvers.paging import clamp_page_size, page_request
from resolvers.user_error import UserError, checked_id
from storage.json_codec import storable_text
from storage.records.identifier import is_id
from storage.records.page import Page
from storage.records.resume_task import ResumeTaskRow
from storage.records.session import SessionRow
from storage.records.thread import ThreadEventRow, ThreadRow, thread_page
from storage.records.thread_deletion import delete_thread as delete_stored_thread
from storage.records.turn import TurnRow
from storage.resume.watch import thread_log

__all__ = ["ThreadRow"]


def thread(context: Context, id: str) -> Awaitable[ThreadRow | None] | None:
    """The thread with an id."""
    return context.thread(id.strip()) if is_id(id.strip()) else None


async def threads(context: Context, *, first: int, after: str | None, session_id: str | None) -> Page[ThreadRow]:
    """Threads, newest first. Raises BadUserInput and InvalidCursor."""
    of_session = None if session_id is None else storable_text(session_id.strip())
    return await thread_page(context.database, page_request(first, after), of_session, context.wanted)


def session(context: Context, row: ThreadRow) -> Awaitable[SessionRow | None] | None:
    """The session it was seeded from."""
    return None if row.session_id is None else context.session(row.session_id)


def resume_task(context: Context, row: ThreadRow) -> Awaitable[ResumeTaskRow | None]:
    """Its resume task."""
    return context.resume_task(row.id)


def turns(
    context: Context, row: ThreadRow, *, first: int | None, after: str | None, last: int | None, before: str | None
) -> Awaitable[Page[TurnRow]]:
    """Its turns in order. Raises BadUserInput and InvalidCursor."""
    return context.turns(row, page_request(first, after, last, before))


def events(context: Context, row: ThreadRow, *, since_seq: int, first: int) -> Awaitable[list[ThreadEventRow]]:
    """Its log after `since_seq`, oldest first. Raises BadUserInput."""
    return context.events(row.id, since_seq, clamp_page_size(first, "first"))


class DeleteThreadPayload(NamedTuple):
    """The payload of `deleteThread`."""

    deleted_thread_id: str | None
    user_errors: list[UserError]


async def delete_thread(context: Context, thread_id: str) -> DeleteThreadPayload:
    """Delete a thread with its turns and its log."""
    thread_id, errors = checked_id(thread_id, "threadId")
    if not errors and not await delete_stored_thread(context.database, thread_id):
        errors = [UserError("NOT_FOUND", "There is no thread with that id.", ["threadId"])]
    return DeleteThreadPayload(None if errors else thread_id, errors)


async def thread_events(context: Context, thread_id: str, since_seq: int) -> AsyncIterator[ThreadEventRow]:
    """Its log after `since_seq`, then new entries until it is deleted. Raises NotFound before the first entry."""
    thread_id = thread_id.strip()
    if not is_id(thread_id) or await context.thread(thread_id) is None:
        raise NotFound("There is no such thread.")
    return thread_log(
        context.database,
        partial(context.events, thread_id),
        partial(context.wanting(frozenset({"id"})).thread, thread_id),
        thread_id,
        since_seq,
    )
