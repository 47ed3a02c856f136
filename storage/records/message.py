"""Messages as clients read them, and those with given keys."""

import functools
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import orjson
import sqlalchemy as sa

from storage.database.compiled_select import CompiledSelect, Reader
from storage.database.row_types import Columns, Wanted, columns_for, reads_columns, select_columns
from storage.database.tables.message import message
from storage.errors import TooLarge, Unreadable
from storage.json_codec import load
from storage.records.block_steps import iterate_blocks
from storage.records.content_block import ContentBlock
from storage.records.position_range import position_table
from storage.records.searched_text import iterate_texts, searched_texts
from storage.records.stored_blocks import joined_text, message_blocks, read_blocks

T = TypeVar("T")


class MessageRow(NamedTuple):
    """A message as clients see it. `content` is JSON text, and `usage` that of a list."""

    session_id: str
    position: int
    role: str
    created_at: datetime | None
    is_injected: bool
    model: str | None
    usage: str | None
    content: str

    @property
    @reads_columns()
    def typename(self) -> str:
        """The name of the GraphQL type."""
        return "Message"

    @property
    @reads_columns("session_id", "position")
    def id(self) -> str:
        """Unique across sessions."""
        return message_id(self.session_id, self.position)

    @property
    @reads_columns("content", by=orjson.Fragment)
    def raw_content(self) -> orjson.Fragment:
        """The blocks as stored."""
        return orjson.Fragment(self.content)

    @reads_columns("position", "role", "content")
    def blocks(self) -> list[ContentBlock]:
        """The content blocks. Raises Unreadable."""
        return _parsed(self, functools.partial(message_blocks, self.role))

    @reads_columns("position", "content")
    def iterate_blocks(self) -> Iterator[ContentBlock | None]:
        """The content blocks, parsed in short steps, which takes longer than `blocks`; None for a step without one.

        Raises Unreadable.
        """
        try:
            yield from iterate_blocks(self.content)
        except (ValueError, RecursionError):
            raise _unreadable(self) from None

    @reads_columns("position", "content")
    def searched_texts(self) -> Iterator[str]:
        """The searched texts of the content, each read when it is asked for. Raises Unreadable."""
        try:
            yield from iterate_texts(load(self.content))
        except ValueError:
            raise _unreadable(self) from None

    @reads_columns("position", "content")
    def searched_blocks(self) -> list[tuple[int, list[str]]]:
        """The position and the searched texts of each block. Raises Unreadable."""
        blocks = _parsed(self, read_blocks)
        return [(block.position, searched_texts([block])) for block in blocks]

    @reads_columns("position", "content")
    def text(self) -> str:
        """The texts of the text blocks joined by newlines. Raises Unreadable."""
        return joined_text(_parsed(self, read_blocks))


def message_id(session_id: str, position: int) -> str:
    """A message's id for clients; a session id contains no colon."""
    return f"{session_id}:{position}"


def _parsed(row: MessageRow, read: Callable[[object], T]) -> T:
    """The result of `read` for the parsed content. Raises Unreadable."""
    try:
        return read(load(row.content))
    except ValueError:
        raise _unreadable(row) from None


def _unreadable(row: MessageRow) -> Unreadable:
    return Unreadable(f"Message {row.position} of the session could not be understood.")


class _Total(NamedTuple):
    """The number of characters in the contents of messages; None without messages."""

    characters: int | None


class MessageSelect:
    """A statement for messages, which returns none when it is bounded and their contents are too large."""

    def __init__(
        self, rows: sa.Select[Any], total: sa.Select[Any], columns: Columns, *, is_bounded: bool, is_sqlite: bool
    ) -> None:
        """`total` sums up the sizes of the same messages."""
        total = total.correlate(None)
        if is_bounded:
            limit = sa.bindparam("max_characters", type_=sa.BigInteger())
            rows = rows.where(total.scalar_subquery() <= limit)
        self._is_bounded = is_bounded
        self._rows = CompiledSelect(rows, MessageRow, columns, is_sqlite=is_sqlite)
        self._total = CompiledSelect(total, _Total, _Total._fields, is_sqlite=is_sqlite)

    async def read(self, reader: Reader, values: dict[str, Any]) -> Sequence[MessageRow]:
        """The messages. Raises Unavailable, and TooLarge when they have more characters than `max_characters`."""
        rows = await reader.read(self._rows, **values)
        if self._is_bounded and not rows:
            [total] = await reader.read(self._total, **values)
            if (total.characters or 0) > values["max_characters"]:
                raise TooLarge(f"The messages have {total.characters:,} characters.")
        return rows


async def messages_at(
    reader: Reader, at: Sequence[tuple[str, int]], wanted: Wanted = None, max_characters: int | None = None
) -> dict[tuple[str, int], MessageRow]:
    """The messages with these keys (session id, position) by key, read by one statement. Raises Unavailable.

    Raises TooLarge, without reading them, when their contents have more than `max_characters`.
    """
    columns = columns_for(MessageRow, wanted, ("session_id", "position"))
    is_bounded = max_characters is not None and "content" in columns
    select = _at(columns, is_bounded=is_bounded, is_sqlite=reader.is_sqlite)
    values: dict[str, Any] = {
        "owner": [session_id for session_id, _ in at],
        "position": [position for _, position in at],
        "max_characters": max_characters,
    }
    return {(row.session_id, row.position): row for row in await select.read(reader, values)}


@functools.lru_cache(maxsize=64)
def _at(columns: Columns, *, is_bounded: bool, is_sqlite: bool) -> MessageSelect:
    def select(expressions: list[Any]) -> sa.Select[Any]:
        keys = position_table("position", is_sqlite=is_sqlite)
        is_wanted = sa.and_(message.c.session_id == keys.owner, message.c.position == keys.numbers[0])
        return sa.select(*expressions).join_from(keys.source, message, is_wanted)

    return MessageSelect(
        select(select_columns(message, columns)),
        select([sa.func.sum(message.c.size)]),
        columns,
        is_bounded=is_bounded,
        is_sqlite=is_sqlite,
    )
