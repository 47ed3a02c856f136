"""The plan of a resume: a session's counts and its pairs of tool calls and results, read before anything is written."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from storage.database.tables.message import message
from storage.database.tables.session import session
from storage.database.transaction import DatabaseConnection
from storage.records.tool_links import ToolLinks

_session = sa.select(
    session.c.transcript_version,
    session.c.transcript_rewrites,
    session.c.message_count,
    session.c.newest_count,
    session.c.item_count,
).where(session.c.id == sa.bindparam("session_id"))
# A thread is seeded from the newest document: what a compaction replaced by its summary is not seeded.
_notes = sa.select(message.c.place, message.c.position, message.c.tool_links).where(
    message.c.session_id == sa.bindparam("session_id"),
    message.c.place.is_not(None),
    message.c.tool_links.is_not(None),
)
_shifts = sa.select(
    sa.func.min(message.c.position - message.c.place).label("lowest"),
    sa.func.max(message.c.position - message.c.place).label("highest"),
).where(message.c.session_id == sa.bindparam("session_id"), message.c.place.is_not(None))


class SeedPlan(NamedTuple):
    """A session's newest document at one version.

    `notes` are pairs of a message's place in the document and its stored tool links, `positions` the positions of those
    messages by place. `earlier_count` is the number of stored messages that are not in the document. `lowest_shift` and
    `highest_shift` are how far positions are ahead of places: they differ where the document has another order.
    """

    transcript_version: int
    transcript_rewrites: int
    message_count: int
    earlier_count: int
    item_count: int
    lowest_shift: int
    highest_shift: int
    notes: list[tuple[int, str]]
    positions: dict[int, int]
    links: ToolLinks

    def links_before(self, place: int) -> ToolLinks:
        """Return the links of the messages before `place` alone."""
        return ToolLinks(note for note in self.notes if note[0] < place)


async def is_current(connection: DatabaseConnection, session_id: str, plan: SeedPlan) -> bool:
    """Whether the session is still at the version of `plan`."""
    found = (await connection.execute(_session, {"session_id": session_id})).first()
    return (
        found is not None
        and found.transcript_version == plan.transcript_version
        and found.message_count - found.newest_count == plan.earlier_count
    )


async def read_plan(connection: DatabaseConnection, session_id: str) -> SeedPlan | None:
    """Read the plan of a session; None when the session is gone."""
    found = (await connection.execute(_session, {"session_id": session_id})).first()
    if found is None:
        return None
    rows = (await connection.execute(_notes.order_by(message.c.place), {"session_id": session_id})).all()
    shifts = (await connection.execute(_shifts, {"session_id": session_id})).one()
    # A long session has hundreds of thousands of calls.
    notes, positions, links = await asyncio.to_thread(_linked, rows)
    return SeedPlan(
        found.transcript_version,
        found.transcript_rewrites,
        found.newest_count,
        found.message_count - found.newest_count,
        found.item_count,
        shifts.lowest or 0,
        shifts.highest or 0,
        notes,
        positions,
        links,
    )


def _linked(rows: Sequence[sa.Row[int, int, str]]) -> tuple[list[tuple[int, str]], dict[int, int], ToolLinks]:
    notes = [(place, tool_links) for place, _, tool_links in rows]
    return notes, {place: position for place, position, _ in rows}, ToolLinks(notes)
