"""What is stored: one class a table.

Session or thread id leads every key, so that a distributed PostgreSQL can keep together what belongs together.
Rows of a thread are only ever added, and threads are never deleted, so they carry no foreign key to check.
"""

from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from storage.database.types import Instant, KeyText


def _column(kind: Any, *constraints: Any, **options: Any) -> Any:
    return Field(sa_column=sa.Column(kind, *constraints, **{"nullable": False, **options}))


class Session(SQLModel, table=True):
    """A saved session: what its agent wrote, less the messages, and what people did with it here."""

    id: str = _column(KeyText, primary_key=True)
    number: int = _column(sa.BigInteger, unique=True)
    source: str = _column(sa.Text)
    title: str = _column(sa.Text)
    is_renamed: bool = _column(sa.Boolean)
    title_folded: str = _column(KeyText)
    title_key: str = _column(KeyText)
    workspace: str = _column(sa.Text)
    model: str = _column(sa.Text)
    mode: str | None = _column(sa.Text, nullable=True)
    system_prompt: str | None = _column(sa.Text, nullable=True)
    is_archived: bool = _column(sa.Boolean)
    message_count: int = _column(sa.Integer)
    item_count: int = _column(sa.Integer)
    total_tokens: int = _column(sa.BigInteger)
    created_at: datetime = _column(Instant)
    updated_at: datetime = _column(Instant)
    parent_id: str | None = _column(KeyText, nullable=True)
    thread_id: str | None = _column(KeyText, nullable=True)
    transcript_version: int = _column(sa.Integer)
    transcript_rewrites: int = _column(sa.Integer)
    header_hash: bytes = _column(sa.LargeBinary)
    transcript_hash: bytes = _column(sa.LargeBinary)
    header: str = _column(sa.Text)

    __table_args__ = tuple(
        index
        for field in ("updated_at", "created_at", "title_key", "message_count", "total_tokens")
        for index in (
            sa.Index(f"session_{field}", field, "id"),
            sa.Index(f"session_is_archived_{field}", "is_archived", field, "id"),
        )
    )


class Message(SQLModel, table=True):
    """One message. `content` is its JSON text; `extra` the whole message less its content, when there is more to it.

    The small columns come first: SQLite then reads them without touching the pages that long contents spill to.
    """

    session_id: str = _column(KeyText, sa.ForeignKey("session.id", ondelete="CASCADE"), primary_key=True)
    position: int = _column(sa.Integer, primary_key=True, autoincrement=False)
    role: str = _column(sa.Text)
    created_at: datetime | None = _column(Instant, nullable=True)
    size: int = _column(sa.Integer)
    tool_links: str | None = _column(sa.Text, nullable=True)
    extra: str | None = _column(sa.Text, nullable=True)
    content: str = _column(sa.Text)


class Thread(SQLModel, table=True):
    """A runtime thread. `session_id` is null once that session is deleted."""

    id: str = _column(KeyText, primary_key=True)
    session_id: str | None = _column(KeyText, nullable=True, index=True)
    title: str | None = _column(sa.Text, nullable=True)
    model: str = _column(sa.Text)
    mode: str = _column(sa.Text)
    task_type: str = _column(sa.Text)
    workspace: str = _column(sa.Text)
    system_prompt: str | None = _column(sa.Text, nullable=True)
    created_at: datetime = _column(Instant)
    updated_at: datetime = _column(Instant)


class Turn(SQLModel, table=True):
    """One prompt and all that followed it."""

    thread_id: str = _column(KeyText, primary_key=True)
    position: int = _column(sa.Integer, primary_key=True, autoincrement=False)
    status: str = _column(sa.Text)
    summary: str = _column(sa.Text)


class ThreadItem(SQLModel, table=True):
    """Something that happened in a turn. `detail` is JSON text: a tool's input, or a block as stored."""

    __tablename__ = "thread_item"

    thread_id: str = _column(KeyText, primary_key=True)
    turn_position: int = _column(sa.Integer, primary_key=True, autoincrement=False)
    position: int = _column(sa.Integer, primary_key=True, autoincrement=False)
    type: str = _column(sa.Text)
    status: str = _column(sa.Text)
    summary: str = _column(sa.Text)
    kind: str | None = _column(sa.Text, nullable=True)
    name: str | None = _column(sa.Text, nullable=True)
    tool_use_id: str | None = _column(sa.Text, nullable=True)
    detail: str | None = _column(sa.Text, nullable=True)
    text: str | None = _column(sa.Text, nullable=True)


class ThreadEvent(SQLModel, table=True):
    """An entry of a thread's log. An item's event names the item; its payload is that item as it stands."""

    __tablename__ = "thread_event"

    thread_id: str = _column(KeyText, primary_key=True)
    seq: int = _column(sa.BigInteger, primary_key=True, autoincrement=False)
    event: str = _column(sa.Text)
    created_at: datetime = _column(Instant)
    turn_position: int | None = _column(sa.Integer, nullable=True)
    item_position: int | None = _column(sa.Integer, nullable=True)
    payload: str | None = _column(sa.Text, nullable=True)


class ResumeTask(SQLModel, table=True):
    """Seeding one thread: queue entry, lease, cursor and progress in one row."""

    __tablename__ = "resume_task"

    thread_id: str = _column(KeyText, primary_key=True)
    session_id: str = _column(KeyText, index=True)
    state: str = _column(sa.Text)
    items_written: int = _column(sa.Integer)
    items_total: int = _column(sa.Integer)
    messages_read: int = _column(sa.Integer)
    message_items: int = _column(sa.Integer)
    messages_total: int = _column(sa.Integer)
    turns_written: int = _column(sa.Integer)
    turn_items: int = _column(sa.Integer)
    transcript_version: int = _column(sa.Integer)
    transcript_rewrites: int = _column(sa.Integer)
    seed_version: int = _column(sa.Integer)
    claims: int = _column(sa.Integer)
    attempt: int = _column(sa.Integer)
    revision: int = _column(sa.BigInteger)
    owner: str | None = _column(sa.Text, nullable=True)
    lease_until: datetime | None = _column(Instant, nullable=True)
    error_code: str | None = _column(sa.Text, nullable=True)
    error_message: str | None = _column(sa.Text, nullable=True)
    created_at: datetime = _column(Instant)
    queued_at: datetime = _column(Instant)
    started_at: datetime | None = _column(Instant, nullable=True)
    finished_at: datetime | None = _column(Instant, nullable=True)

    __table_args__ = (
        sa.Index("resume_task_created_at", "created_at", "thread_id"),
        sa.Index("resume_task_state_created_at", "state", "created_at", "thread_id"),
        sa.Index("resume_task_state_queued_at", "state", "queued_at", "thread_id"),
    )


class SearchSegment(SQLModel, table=True):
    """Which of `size` entries hold which words. `runs` names the entries: a run is a session's title and messages.

    Its words lie in blocks. It is never changed; what is added makes a new one, and small ones are merged.
    """

    __tablename__ = "search_segment"

    id: int = _column(sa.BigInteger, primary_key=True, autoincrement=False)
    size: int = _column(sa.Integer)
    weight: int = _column(sa.BigInteger)
    runs: bytes = _column(sa.LargeBinary)


class SearchBlock(SQLModel, table=True):
    """A piece of a segment, by the word that it begins with."""

    __tablename__ = "search_block"

    segment_id: int = _column(sa.BigInteger, primary_key=True, autoincrement=False)
    first: str = _column(KeyText, primary_key=True)
    data: bytes = _column(sa.LargeBinary)


class SeedGate(SQLModel, table=True):
    """The one row that claims pass through, one at a time, and how many tasks may be seeding at once."""

    __tablename__ = "seed_gate"

    id: int = _column(sa.Integer, primary_key=True, autoincrement=False)
    capacity: int = _column(sa.Integer)
    claims: int = _column(sa.BigInteger)


def _table(model: type[SQLModel]) -> sa.Table:
    return cast("sa.Table", vars(model)["__table__"])


session = _table(Session)
message = _table(Message)
thread = _table(Thread)
turn = _table(Turn)
thread_item = _table(ThreadItem)
thread_event = _table(ThreadEvent)
resume_task = _table(ResumeTask)
seed_gate = _table(SeedGate)
search_segment = _table(SearchSegment)
search_block = _table(SearchBlock)

metadata = SQLModel.metadata
