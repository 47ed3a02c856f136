"""Resolvers of ResumeTask, its subscription, and the mutations that start and cancel resumes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import NamedTuple

from resolvers.context import Context
from resolvers.errors import NotFound
from resolvers.paging import page_request
from resolvers.user_error import UserError, checked_id, no_session
from storage.json_codec import storable_text
from storage.records.identifier import is_id
from storage.records.page import Page
from storage.records.resume_task import QUEUED, ResumeTaskRow, resume_task_page
from storage.records.session import SessionRow
from storage.records.thread import ThreadRow
from storage.resume import resume
from storage.resume.resume import ResumeOptions, workspace_of
from storage.resume.watch import task_states
from storage.resume.workspace import default_task_type

__all__ = ["ResumeTaskRow"]


class ResumeSessionPayload(NamedTuple):
    """The outcome of `resumeSession`."""

    resume_task: ResumeTaskRow | None
    is_reused: bool
    message_count: int
    user_errors: list[UserError]


class CancelResumePayload(NamedTuple):
    """The outcome of `cancelResume`."""

    resume_task: ResumeTaskRow | None
    user_errors: list[UserError]


def resume_task(context: Context, thread_id: str) -> Awaitable[ResumeTaskRow | None] | None:
    """The task of a thread."""
    return context.resume_task(thread_id.strip()) if is_id(thread_id.strip()) else None


async def resume_tasks(
    context: Context, *, first: int, after: str | None, states: list[str] | None, session_id: str | None
) -> Page[ResumeTaskRow]:
    """Tasks, newest first. Raises BadUserInput and InvalidCursor."""
    of_session = None if session_id is None else storable_text(session_id.strip())
    return await resume_task_page(context.database, page_request(first, after), states, of_session, context.wanted)


async def thread(context: Context, row: ResumeTaskRow) -> ThreadRow:
    """The thread being seeded. Raises NotFound when it was deleted since."""
    found = await context.thread(row.thread_id)
    if found is None:
        raise NotFound("The thread was deleted a moment ago.")
    return found


def session(context: Context, row: ResumeTaskRow) -> Awaitable[SessionRow | None] | None:
    """The session being resumed; None after it was deleted."""
    return None if row.seeded_session_id is None else context.session(row.seeded_session_id)


def queue_position(context: Context, row: ResumeTaskRow) -> Awaitable[int | None] | None:
    """How many queued tasks are ahead of it; None unless it is queued."""
    return context.queue_position(row.thread_id) if row.state == QUEUED else None


async def task_updates(context: Context, thread_id: str) -> AsyncIterator[ResumeTaskRow]:
    """Its current state, then each later one until a final one. Raises NotFound before the first."""
    thread_id = thread_id.strip()
    if not is_id(thread_id) or await context.resume_task(thread_id) is None:
        raise NotFound("There is no resume task of that thread.")
    return task_states(context.database, context.resume_task, thread_id)


async def resume_session(
    context: Context, *, session_id: str, model: str | None, mode: str | None, task_type: str | None
) -> ResumeSessionPayload:
    """Resume a session into its thread, or into a new one."""
    session_id, errors = checked_id(session_id, "sessionId")
    workspace = None if errors else await workspace_of(context.database, session_id)
    resumed = None
    if workspace is not None:
        default_type = await asyncio.to_thread(default_task_type, workspace)
        options = ResumeOptions(_trimmed(model), _trimmed(mode), task_type)
        resumed = await resume.resume_session(context.database, session_id, options, default_type)
    if resumed is None:
        return ResumeSessionPayload(None, False, 0, errors or [no_session()])
    return ResumeSessionPayload(resumed.task, resumed.is_reused, resumed.message_count, [])


def _trimmed(text: str | None) -> str | None:
    """The trimmed text; None when it is blank."""
    return storable_text(text).strip() or None if text else None


async def cancel_resume(context: Context, thread_id: str) -> CancelResumePayload:
    """Cancel a resume."""
    thread_id, errors = checked_id(thread_id, "threadId")
    task = None if errors else await resume.cancel_resume(context.database, thread_id)
    if task is None and not errors:
        errors = [UserError("NOT_FOUND", "There is no resume task of that thread.", ["threadId"])]
    return CancelResumePayload(task, errors)
