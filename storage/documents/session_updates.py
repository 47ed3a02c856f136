"""Changes that people make to stored sessions: titles, archive marks, stars, tags and notes."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from storage.cancellation import run_in_cancellable_thread
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.tables.session import session
from storage.errors import StorageError, UnknownSessions
from storage.records.casefold import title_columns
from storage.records.session import SessionRow, sessions_by_id
from storage.records.tags import tag_lines, tags_of
from storage.search.index.compaction import compact
from storage.search.index.drafts import draft_entries
from storage.search.index.entries import entry_ids
from storage.search.index.segment_store import index_entries

MAX_TAGS = 50
"""Tags of one session."""

_TITLE = ("title", "title_folded", "title_key", "is_renamed")
_MARKS = ("is_archived", "is_starred", "tag_lines", "note")
_current = sa.select(*(session.c[name] for name in ("id", "number", *_TITLE, *_MARKS)))


class SessionUpdate(NamedTuple):
    """The changes of a session; None leaves a value as it is. An empty note is removed.

    `tags` replace those it has; then `removed_tags` are removed, and `added_tags` added after the others.
    """

    title: str | None = None
    is_archived: bool | None = None
    is_starred: bool | None = None
    note: str | None = None
    tags: Sequence[str] | None = None
    added_tags: Sequence[str] = ()
    removed_tags: Sequence[str] = ()

    def columns(self, stored: Any) -> dict[str, Any]:
        """The columns that differ from the stored ones, with their new values. Raises TooManyTags."""
        columns: dict[str, Any] = {"tag_lines": tag_lines(self._tags(stored))}
        if self.title is not None:
            columns |= {**title_columns(self.title), "is_renamed": True}
        if self.note is not None:
            columns["note"] = self.note or None
        if self.is_archived is not None:
            columns["is_archived"] = self.is_archived
        if self.is_starred is not None:
            columns["is_starred"] = self.is_starred
        return {name: value for name, value in columns.items() if getattr(stored, name) != value}

    def _tags(self, stored: Any) -> list[str]:
        before = tags_of(stored.tag_lines)
        remaining = [tag for tag in (before if self.tags is None else self.tags) if tag not in self.removed_tags]
        tags = list(dict.fromkeys([*remaining, *self.added_tags]))
        if len(tags) > max(MAX_TAGS, len(before)):
            raise TooManyTags(stored.id)
        return tags


class TooManyTags(StorageError):
    """A session that would have more than MAX_TAGS tags."""

    def __init__(self, session_id: str) -> None:
        super().__init__(f"The session {session_id} would have more than {MAX_TAGS} tags.")


async def update_sessions(database: Database, ids: Sequence[str], update: SessionUpdate) -> list[SessionRow]:
    """Change all of the sessions or none, and return them in the order of their ids.

    Raises UnknownSessions, TooManyTags and Unavailable.
    """
    unique = list(dict.fromkeys(ids))
    drafts = [] if update.title is None else await run_in_cancellable_thread(draft_entries, [[update.title]])
    # Sorted, so that two transactions which change the same sessions do not deadlock.
    locked = _current.where(is_any_of(session.c.id, "ids", unique)).order_by(session.c.id).with_for_update()
    async with database.write() as transaction:
        rows = (await transaction.execute(locked)).all()
        if len(rows) != len(unique):
            raise UnknownSessions(frozenset(unique) - {row.id for row in rows})
        groups: defaultdict[tuple[tuple[str, Any], ...], list[str]] = defaultdict(list)
        for row in rows:
            if columns := update.columns(row):
                groups[tuple(columns.items())].append(row.id)
        for group, its_ids in groups.items():
            await transaction.execute(
                sa.update(session).where(is_any_of(session.c.id, "ids", its_ids)).values(dict(group))
            )
        renamed = [row.number for row in rows if update.title is not None and row.title != update.title]
        if renamed:
            numbered = np.concatenate([entry_ids(number, -1, 1) for number in renamed])
            await index_entries(transaction, numbered, drafts * len(renamed))
    if renamed:
        await compact(database)
    # Read again, since the commit sets more of their columns.
    found = await sessions_by_id(database, unique)
    return [found[id] for id in unique if id in found]
