"""Pages of the children of many sessions, by one statement: subagents and forks, oldest first."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.database.change_numbers import change_numbers
from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.row_types import Columns, Wanted, columns_for, select_columns
from storage.database.tables.session import session
from storage.database.types import Instant
from storage.records.page import Key, Page, PageRequest, Scope, SharedRead
from storage.records.session import CHANGE_SEQ, LAST_CHANGE, SessionRow

_KINDS = (datetime, str)


async def children_pages(
    database: Database,
    parent_ids: Sequence[str],
    request: PageRequest,
    kinds: Sequence[str] | None,
    wanted: Wanted = None,
    *,
    has_change_seq: bool = False,
) -> list[Page[SessionRow]]:
    """A page of the children of each session, in their order. Raises InvalidCursor and Unavailable."""
    scopes = {id: Scope("children", id, kinds) for id in parent_ids}
    keys = [scope.key(request.after, _KINDS) for scope in scopes.values()] if request.after else []
    # A cursor belongs to one parent, so all keys are equal.
    after = keys[0] if keys else None
    columns = columns_for(SessionRow, wanted, ("id", "parent_id", "created_at"))
    if has_change_seq:
        columns = (*columns, CHANGE_SEQ)
    select = _children(columns, has_kinds=kinds is not None, is_after=bool(keys), is_sqlite=database.is_sqlite)
    values = {"parents": parent_ids, "kinds": kinds, "size": request.size + 1, **_bound(after)}
    rows = await database.read(select, **values)
    last = None
    if has_change_seq and not rows:
        # An empty page has no row with the number. Read it before the page, which must show all changes up to it.
        last = (await change_numbers(database)).last
        rows = await database.read(select, **values)
    if has_change_seq and rows:
        first_row: Any = rows[0]
        last = first_row.change_seq
    counts = SharedRead(lambda: _read_counts(database, parent_ids, kinds, after))
    found: dict[Any, list[Any]] = {id: [] for id in parent_ids}
    for row in rows:
        found[row.parent_id].append(row)
    key = columns.index("created_at"), columns.index("id")
    size = request.size
    return [
        _ChildrenPage(found[id][:size], id, scopes[id], key, counts, last, after is not None, len(found[id]) > size)
        for id in parent_ids
    ]


def _bound(after: Key | None) -> dict[str, Any]:
    return {} if after is None else {"after_created_at": after[0], "after_id": after[1]}


_order = (session.c.created_at, session.c.id)
_after = sa.tuple_(sa.bindparam("after_created_at", type_=Instant()), sa.bindparam("after_id", type_=session.c.id.type))


@functools.lru_cache(maxsize=64)
def _children(columns: Columns, *, has_kinds: bool, is_after: bool, is_sqlite: bool) -> CompiledSelect[SessionRow]:
    place = sa.func.row_number().over(partition_by=session.c.parent_id, order_by=_order)
    chosen = _select(session.c.id, place.label("place"), has_kinds=has_kinds)
    if is_after:
        chosen = chosen.where(sa.tuple_(*_order) > _after)
    first = chosen.subquery("chosen")
    own = [name for name in columns if name != CHANGE_SEQ]
    selected = [*select_columns(session, own), *([LAST_CHANGE.label(CHANGE_SEQ)] if len(own) < len(columns) else [])]
    statement = (
        sa.select(*selected)
        .join_from(first, session, session.c.id == first.c.id)
        .where(first.c.place <= sa.bindparam("size", type_=sa.Integer()))
        .order_by(*_order)
    )
    return CompiledSelect(statement, SessionRow, columns, is_sqlite=is_sqlite)


def _select(*columns: Any, has_kinds: bool) -> sa.Select[Any]:
    statement = sa.select(*columns).where(is_any_of(session.c.parent_id, "parents"))
    return statement.where(is_any_of(session.c.kind, "kinds")) if has_kinds else statement


class _ChildCount(NamedTuple):
    """How many children a session has, and how many of them a page follows."""

    parent_id: str
    total: int
    before: int


@functools.lru_cache(maxsize=8)
def _counts(*, has_kinds: bool, is_after: bool, is_sqlite: bool) -> CompiledSelect[_ChildCount]:
    is_before = sa.tuple_(*_order) <= _after if is_after else sa.false()
    before = sa.func.sum(sa.case((is_before, 1), else_=0))
    statement = _select(
        session.c.parent_id, sa.func.count().label("total"), before.label("before"), has_kinds=has_kinds
    )
    return CompiledSelect(
        statement.group_by(session.c.parent_id), _ChildCount, _ChildCount._fields, is_sqlite=is_sqlite
    )


async def _read_counts(
    database: Database, parent_ids: Sequence[str], kinds: Sequence[str] | None, after: Key | None
) -> dict[str, _ChildCount]:
    select = _counts(has_kinds=kinds is not None, is_after=after is not None, is_sqlite=database.is_sqlite)
    rows = await database.read(select, parents=parent_ids, kinds=kinds, **_bound(after))
    return {row.parent_id: row for row in rows}


@dataclass(eq=False)
class _ChildrenPage(Page[SessionRow]):
    """A page of one session's children, the key of whose cursors is at two places of a row."""

    nodes: list[SessionRow]
    parent_id: str
    scope: Scope
    key: tuple[int, int]
    counts: SharedRead[str, _ChildCount]
    change_seq: int | None
    is_after: bool
    has_more: bool

    def cursor(self, row: Any) -> str:
        # Instants are texts both in rows and in cursors.
        return self.scope.cursor(tuple(row[place] for place in self.key))

    async def has_next_page(self) -> bool:
        return self.has_more

    async def has_previous_page(self) -> bool:
        if not self.is_after:
            return False
        count = await self.counts.get(self.parent_id)
        return count is not None and count.before > 0

    async def total_count(self) -> int:
        count = await self.counts.get(self.parent_id)
        return 0 if count is None else count.total
