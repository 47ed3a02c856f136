"""Thread items: pages of many turns' items in one statement."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from storage.database import Database
from storage.jsontext import RawJSON
from storage.page import Page, PageRequest, Scope, Together, known
from storage.positions import UNCOUNTED, Range
from storage.seeding.transcript import OTHER, TOOL_CALL
from storage.tables import thread_item


class ThreadItemRow(NamedTuple):
    """An item as clients see it. `type` is the name of its GraphQL type; `detail` is JSON text."""

    thread_id: str
    turn_position: int
    position: int
    type: str
    status: str
    summary: str
    kind: str | None
    name: str | None
    tool_use_id: str | None
    detail: str | None
    text: str | None

    @property
    def typename(self) -> str:
        """Which kind of item it is."""
        return self.type

    @property
    def input(self) -> RawJSON | None:
        """A tool call's arguments; None when there are none."""
        return None if self.detail is None else RawJSON(self.detail)

    @property
    def raw(self) -> RawJSON:
        """The block that an OtherItem came from."""
        return RawJSON(self.detail or "null")

    @property
    def output(self) -> str | None:
        """A tool's answer; None when none was saved."""
        return self.text

    @property
    def id(self) -> str:
        """Unique across threads, and the same however the thread was seeded."""
        return item_id(self.thread_id, self.turn_position, self.position)

    def as_json(self) -> dict[str, object]:
        """The item for the payload of its event, under the names that clients know."""
        shown: dict[str, object] = {
            "id": self.id,
            "type": self.type,
            "turnId": turn_id(self.thread_id, self.turn_position),
            "position": self.position,
            "status": self.status,
            "summary": self.summary,
        }
        detail = orjson.Fragment(self.detail or "null")
        if self.type == TOOL_CALL:
            call = {"kind": self.kind, "name": self.name, "toolUseId": self.tool_use_id, "input": detail}
            return shown | call | {"output": self.text}
        if self.type == OTHER:
            return shown | {"kind": self.kind, "raw": detail}
        return shown | {"text": self.text}


class TurnKey(NamedTuple):
    """A turn whose items are wanted."""

    thread_id: str
    position: int


def turn_id(thread_id: str, position: int) -> str:
    """`turn_`, the thread's hex digits and the turn's place."""
    return f"turn_{thread_id.removeprefix('thr_')}_{position}"


def item_id(thread_id: str, turn_position: int, position: int) -> str:
    """`item_`, the thread's hex digits, the turn's place and the item's place in it."""
    return f"item_{thread_id.removeprefix('thr_')}_{turn_position}_{position}"


_columns = [thread_item.c[name] for name in ThreadItemRow._fields]


def _scope(key: TurnKey) -> Scope:
    return Scope("items", *key)


async def item_pages(database: Database, turns: Sequence[TurnKey], request: PageRequest) -> list[Page[ThreadItemRow]]:
    """A page of each turn, in their order: one statement. Raises InvalidCursor and Unavailable."""
    starts = {key: _start(key, request) for key in turns}
    by_place: dict[tuple[str, int], list[int]] = {}
    for key, start in starts.items():
        by_place.setdefault((key.thread_id, start), []).append(key.position)
    statement = (
        sa.select(*_columns)
        .where(
            sa.or_(
                *(
                    sa.and_(
                        thread_item.c.thread_id == thread_id,
                        thread_item.c.turn_position.in_(positions),
                        thread_item.c.position >= start,
                        thread_item.c.position <= start + request.size,
                    )
                    for (thread_id, start), positions in by_place.items()
                )
            )
        )
        .order_by(thread_item.c.thread_id, thread_item.c.turn_position, thread_item.c.position)
    )
    rows: dict[TurnKey, list[ThreadItemRow]] = {key: [] for key in turns}
    async with database.read() as connection:
        for row in await connection.execute(statement):
            rows[TurnKey(row.thread_id, row.turn_position)].append(ThreadItemRow._make(row))
    counts = Together(lambda: _read_counts(database, turns))
    return [_page(key, starts[key], request.size, rows[key], counts) for key in turns]


def _start(key: TurnKey, request: PageRequest) -> int:
    return Range.of(key.thread_id, UNCOUNTED, _scope(key), request).start


def _page(
    key: TurnKey, start: int, size: int, rows: list[ThreadItemRow], counts: Together[TurnKey, int]
) -> Page[ThreadItemRow]:
    scope = _scope(key)
    has_more = len(rows) > size

    async def count() -> int:
        return await counts.get(key) or 0

    return Page(
        rows[:size],
        lambda row: scope.cursor((row.position,)),
        lambda: known(start > 0),
        lambda: known(has_more),
        count,
    )


async def _read_counts(database: Database, turns: Sequence[TurnKey]) -> dict[TurnKey, int]:
    places = [
        (thread_item.c.thread_id == thread_id, thread_item.c.turn_position == place) for thread_id, place in turns
    ]
    of_turn = (thread_item.c.thread_id, thread_item.c.turn_position)
    statement = sa.select(*of_turn, sa.func.count()).where(sa.or_(*(sa.and_(*place) for place in places)))
    async with database.read() as connection:
        rows = (await connection.execute(statement.group_by(*of_turn))).all()
    return {TurnKey(thread_id, place): total for thread_id, place, total in rows}


def item_columns() -> list[sa.Column[Any]]:
    """The columns of a ThreadItemRow, for statements that join items."""
    return list(_columns)
