"""Keyset pages: a page begins where a cursor points, found by index, so page 1,000 costs what page 1 costs."""

import asyncio
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database import Database
from storage.errors import InvalidCursor
from storage.jsontext import storable_text
from storage.moment import parse_moment
from storage.types import Instant, instant_text

Row = TypeVar("Row")
Owner = TypeVar("Owner")
Told = TypeVar("Told")
Key = tuple[Any, ...]

DEFAULT_SIZE = 50
LARGEST_SIZE = 500


class PageRequest(NamedTuple):
    """Which page: `size` rows from the start of the range between two cursors, or from its end."""

    size: int
    is_backward: bool = False
    after: str | None = None
    before: str | None = None


class Edge(NamedTuple, Generic[Row]):
    """A row with its cursor."""

    cursor: str
    node: Row


class Scope:
    """One ordering of one list. Its cursors are good nowhere else.

    A cursor is base64url of a JSON list: the scope's fingerprint, then the key of the row that it points at.
    """

    def __init__(self, *parts: object) -> None:
        text = orjson.dumps(parts, default=repr)
        self._fingerprint = hashlib.blake2b(text, digest_size=6).hexdigest()

    def cursor(self, key: Key) -> str:
        """Opaque text for a row's key."""
        values = [instant_text(value) if isinstance(value, datetime) else value for value in key]
        return urlsafe_b64encode(orjson.dumps([self._fingerprint, *values])).decode().rstrip("=")

    def key(self, cursor: str, kinds: Sequence[type]) -> Key:
        """The key in a cursor, whose values have these types. Raises InvalidCursor."""
        try:
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            fingerprint, *values = orjson.loads(urlsafe_b64decode(padded))
            key = tuple(
                parse_moment(value) if kind is datetime else value for kind, value in zip(kinds, values, strict=True)
            )
        except (ValueError, TypeError):
            raise InvalidCursor("This is not a cursor.") from None
        if fingerprint != self._fingerprint or not all(map(_is_storable, key, kinds)):
            raise InvalidCursor("This cursor belongs to another list, order or filter.")
        return key


def _is_storable(value: object, kind: type) -> bool:
    if type(value) is not kind:
        return False
    if isinstance(value, str):
        return value == storable_text(value)
    return not isinstance(value, int) or abs(value) < 2**63


class Page(Generic[Row]):
    """A page and, when asked for, where it sits and how long the whole list is."""

    def __init__(
        self,
        nodes: list[Row],
        cursor_of: Callable[[Row], str],
        has_previous: Callable[[], Awaitable[bool]],
        has_next: Callable[[], Awaitable[bool]],
        count: Callable[[], Awaitable[int]],
    ) -> None:
        self.nodes = nodes
        self._cursor_of = cursor_of
        self.has_previous_page = has_previous
        self.has_next_page = has_next
        self.total_count = count

    @property
    def edges(self) -> list[Edge[Row]]:
        """Each row with its cursor."""
        return [Edge(self._cursor_of(node), node) for node in self.nodes]

    @property
    def start_cursor(self) -> str | None:
        """Cursor of the first row; None on an empty page."""
        return self._cursor_of(self.nodes[0]) if self.nodes else None

    @property
    def end_cursor(self) -> str | None:
        """Cursor of the last row; None on an empty page."""
        return self._cursor_of(self.nodes[-1]) if self.nodes else None


def _bound_type(column: sa.Column[Any]) -> Any:
    # Nobody made the numbers in a forged cursor fit the column.
    return sa.BigInteger() if isinstance(column.type, sa.Integer) else column.type


class Together(Generic[Owner, Told]):
    """What pages of many lists tell besides their rows, read for all of them when the first of them is asked.

    Whoever gives up waiting does not give up for the others; when all have, the reading is cancelled.
    """

    def __init__(self, read: Callable[[], Coroutine[Any, Any, dict[Owner, Told]]]) -> None:
        self._read = read
        self._reading: asyncio.Task[dict[Owner, Told]] | None = None
        self._waiting = 0

    async def get(self, owner: Owner) -> Told | None:
        """What is told of one list; None when nothing is."""
        reading = self._reading
        if reading is None:
            reading = self._reading = asyncio.create_task(self._read())
        self._waiting += 1
        try:
            return (await asyncio.shield(reading)).get(owner)
        finally:
            self._waiting -= 1
            if not self._waiting and not reading.done():
                self._reading = None
                reading.cancel()


async def known(value: bool | int) -> Any:
    """What is known already, for a Page's callables."""
    return value


async def fetch_page(
    database: Database,
    request: PageRequest,
    *,
    scope: tuple[object, ...],
    statement: sa.Select[Any],
    total: sa.Select[Any],
    order: tuple[sa.Column[Any], ...],
    descending: bool,
    row_type: Any,
    key_of: Callable[[Any], Key],
) -> Page[Any]:
    """One page of `statement`, ordered by all of `order` in one direction. Raises InvalidCursor and Unavailable.

    `order` must be unique as a whole, `key_of` gives its values for a row, `total` counts the whole list.
    """
    bound_to = Scope(*scope, descending)
    kinds = [datetime if isinstance(column.type, Instant) else column.type.python_type for column in order]
    key = sa.tuple_(*order)

    def beyond(values: Key, *, forward: bool, inclusive: bool = False) -> ColumnElement[bool]:
        # Typed one by one: a plain tuple would be bound as text.
        bound = sa.tuple_(
            *(sa.bindparam(None, value, _bound_type(column)) for column, value in zip(order, values, strict=True))
        )
        if forward is descending:
            return key <= bound if inclusive else key < bound
        return key >= bound if inclusive else key > bound

    after = None if request.after is None else bound_to.key(request.after, kinds)
    before = None if request.before is None else bound_to.key(request.before, kinds)
    page = statement
    if after is not None:
        page = page.where(beyond(after, forward=True))
    if before is not None:
        page = page.where(beyond(before, forward=False))
    is_falling = descending is not request.is_backward
    page = page.order_by(*(column.desc() if is_falling else column.asc() for column in order)).limit(request.size + 1)
    async with database.read() as connection:
        rows = [row_type._make(row) for row in await connection.execute(page)]
    has_more = len(rows) > request.size
    rows = rows[: request.size]
    if request.is_backward:
        rows.reverse()

    async def exists(condition: ColumnElement[bool]) -> bool:
        async with database.read() as connection:
            found = await connection.execute(statement.where(condition).with_only_columns(sa.literal(1)).limit(1))
            return found.first() is not None

    async def has_next() -> bool:
        if before is None or (has_more and not request.is_backward):
            return has_more and not request.is_backward
        return await exists(beyond(key_of(rows[-1]) if rows else before, forward=True, inclusive=not rows))

    async def has_previous() -> bool:
        if after is None or (has_more and request.is_backward):
            return has_more and request.is_backward
        return await exists(beyond(key_of(rows[0]) if rows else after, forward=False, inclusive=not rows))

    async def count() -> int:
        async with database.read() as connection:
            return int((await connection.execute(total)).scalar_one())

    return Page(rows, lambda row: bound_to.cursor(key_of(row)), has_previous, has_next, count)
