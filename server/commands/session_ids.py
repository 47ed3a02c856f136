"""The ids of sessions as people give them to commands."""

import click

from server.observability.terminal import printable
from storage.database.database import Database
from storage.errors import AmbiguousId
from storage.records.identifier import trimmed_id
from storage.records.session import named_sessions


async def whole_id(database: Database, given: str) -> str:
    """The whole id of a session, from its id or the beginning of it; the given id if there is no such session.

    Raises InvalidId, Unavailable, and ClickException if several ids begin so.
    """
    id = trimmed_id(given)
    found = (await named_sessions(database, [id], frozenset({"id"}))).get(id)
    if isinstance(found, AmbiguousId):
        raise click.ClickException(printable(str(found)))
    return id if found is None else found.id
