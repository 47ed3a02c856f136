"""Resolvers of the mutations that rename, archive, star, tag, annotate and delete sessions, one or many."""

from collections.abc import Sequence
from typing import NamedTuple

from resolvers.context import Context
from resolvers.organizing_input import note_of, tags_of, title_of
from resolvers.user_error import UserError, checked_id, checked_ids, no_session
from storage.documents.formats.registry import FORMATS
from storage.documents.session_updates import SessionUpdate, TooManyTags
from storage.documents.session_updates import update_sessions as update_stored_sessions
from storage.errors import UnknownSessions
from storage.json_codec import storable_text
from storage.records.session import SessionRow
from storage.transcripts.session_deletion import delete_sessions as delete_stored_sessions


class UpdateSessionPayload(NamedTuple):
    """The payload of `updateSession`."""

    session: SessionRow | None
    user_errors: list[UserError]


class UpdateSessionsPayload(NamedTuple):
    """The payload of `updateSessions`."""

    sessions: list[SessionRow] | None
    user_errors: list[UserError]


class DeleteSessionPayload(NamedTuple):
    """The payload of `deleteSession`."""

    deleted_session_id: str | None
    user_errors: list[UserError]


class DeleteSessionsPayload(NamedTuple):
    """The payload of `deleteSessions`."""

    deleted_session_ids: list[str] | None
    user_errors: list[UserError]


async def update_session(
    context: Context,
    session_id: str,
    *,
    title: str | None,
    is_archived: bool | None,
    is_starred: bool | None,
    tags: Sequence[str] | None,
    note: str | None,
) -> UpdateSessionPayload:
    """Rename, archive, star, tag or annotate a session; None leaves a value unchanged."""
    session_id, errors = checked_id(session_id, "sessionId")
    update = SessionUpdate(
        title_of(title, errors),
        is_archived,
        is_starred,
        note_of(note, errors),
        None if tags is None else tags_of(tags, "tags", errors),
    )
    if errors:
        return UpdateSessionPayload(None, errors)
    try:
        updated = await update_stored_sessions(context.database, [session_id], update)
    except UnknownSessions:
        updated = []
    return UpdateSessionPayload(updated[0], []) if updated else UpdateSessionPayload(None, [no_session()])


async def update_sessions(
    context: Context,
    session_ids: Sequence[str],
    *,
    is_archived: bool | None,
    is_starred: bool | None,
    add_tags: Sequence[str] | None,
    remove_tags: Sequence[str] | None,
) -> UpdateSessionsPayload:
    """Archive, star or tag many sessions: all or none."""
    ids, errors = checked_ids(session_ids, "sessionIds")
    update = SessionUpdate(
        is_archived=is_archived,
        is_starred=is_starred,
        added_tags=tags_of(add_tags or [], "addTags", errors),
        # No session has a tag that is not valid, so there is nothing to remove.
        removed_tags=[storable_text(tag).strip() for tag in remove_tags or []],
    )
    if errors:
        return UpdateSessionsPayload(None, errors)
    try:
        return UpdateSessionsPayload(await update_stored_sessions(context.database, ids, update), [])
    except UnknownSessions as error:
        return UpdateSessionsPayload(None, _unknown(session_ids, error))
    except TooManyTags as error:
        return UpdateSessionsPayload(None, [UserError("INVALID_VALUE", str(error), ["addTags"])])


async def delete_session(context: Context, session_id: str, *, delete_threads: bool) -> DeleteSessionPayload:
    """Delete a session and its transcript."""
    session_id, errors = checked_id(session_id, "sessionId")
    if not errors:
        try:
            await delete_stored_sessions(context.database, FORMATS, [session_id], with_threads=delete_threads)
        except UnknownSessions:
            errors = [no_session()]
    return DeleteSessionPayload(None if errors else session_id, errors)


async def delete_sessions(
    context: Context, session_ids: Sequence[str], *, delete_threads: bool
) -> DeleteSessionsPayload:
    """Delete many sessions and their transcripts: all or none."""
    ids, errors = checked_ids(session_ids, "sessionIds")
    if not errors:
        try:
            await delete_stored_sessions(context.database, FORMATS, ids, with_threads=delete_threads)
        except UnknownSessions as error:
            errors = _unknown(session_ids, error)
    return DeleteSessionsPayload(None if errors else ids, errors)


def _unknown(session_ids: Sequence[str], error: UnknownSessions) -> list[UserError]:
    return [no_session(["sessionIds", str(index)]) for index, id in enumerate(session_ids) if id.strip() in error.ids]
