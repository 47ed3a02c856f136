"""Thread and its log."""

from collections.abc import AsyncIterator

from resolvers.context import Context, EventsShape
from resolvers.errors import NotFound
from resolvers.paging import held, page_request
from storage.identifier import is_id
from storage.page import Page
from storage.resume_task import ResumeTaskRow
from storage.session import SessionRow
from storage.thread import ThreadEventRow, ThreadRow
from storage.turn import TurnRow
from storage.watch import thread_log


async def thread(context: Context, id: str) -> ThreadRow | None:
    """The thread with an id."""
    return await context.threads.load(id.strip()) if is_id(id.strip()) else None


async def session(context: Context, row: ThreadRow) -> SessionRow | None:
    """The session it was seeded from."""
    return None if row.session_id is None else await context.sessions.load(row.session_id)


async def resume_task(context: Context, row: ThreadRow) -> ResumeTaskRow | None:
    """Its resume task."""
    return await context.resume_tasks.load(row.id)


async def turns(
    context: Context, row: ThreadRow, *, first: int | None, after: str | None, last: int | None, before: str | None
) -> Page[TurnRow]:
    """Its turns in order. Raises BadUserInput and InvalidCursor."""
    return await context.turns.load((row.id, page_request(first, after, last, before)))


async def events(context: Context, row: ThreadRow, *, since_seq: int, first: int) -> list[ThreadEventRow]:
    """Its log after `since_seq`, oldest first. Raises BadUserInput."""
    return await context.events.load((row.id, EventsShape(since_seq, held(first, "first"))))


async def watch(context: Context, thread_id: str, since_seq: int) -> AsyncIterator[ThreadEventRow]:
    """Its log after `since_seq`, and on as it is written. Raises NotFound before the first entry."""
    found = await thread(context, thread_id)
    if found is None:
        raise NotFound("There is no such thread.")

    async def load(since: int, size: int) -> list[ThreadEventRow]:
        return await context.events.load((found.id, EventsShape(since, size)))

    return thread_log(context.database, load, found.id, since_seq)
