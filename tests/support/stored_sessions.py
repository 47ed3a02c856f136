"""Changes of one stored session, without a server."""

from storage.database.database import Database
from storage.documents.session_deletions import delete_sessions
from storage.documents.session_updates import SessionUpdate, update_sessions
from storage.errors import UnknownSessions
from storage.records.session import SessionRow


async def update_session(database: Database, id: str, title: str | None, is_archived: bool | None) -> SessionRow | None:
    """Rename or archive a session; None for an unknown id, or if the session was deleted right afterwards."""
    try:
        updated = await update_sessions(database, [id], SessionUpdate(title, is_archived))
    except UnknownSessions:
        return None
    return updated[0] if updated else None


async def delete_session(database: Database, id: str) -> bool:
    """Delete a session, whose threads stay; returns whether it was stored."""
    try:
        await delete_sessions(database, [id], with_threads=False)
    except UnknownSessions:
        return False
    return True
