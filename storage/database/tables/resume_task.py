"""The tasks that seed threads, and the gate."""

from datetime import datetime

import sqlalchemy as sa

from storage.database.tables.table import Table, column, table_of
from storage.database.types import Instant, KeyText


class ResumeTask(Table, table=True):
    """The task of seeding a thread: queue entry, lease, cursor and progress in one row."""

    thread_id: str = column(KeyText, primary_key=True)
    session_id: str = column(KeyText, index=True)
    state: str = column(sa.Text)
    items_written: int = column(sa.Integer)
    items_total: int = column(sa.Integer)
    messages_read: int = column(sa.Integer)
    message_items: int = column(sa.Integer)
    messages_total: int = column(sa.Integer)
    turns_written: int = column(sa.Integer)
    turn_items: int = column(sa.Integer)
    transcript_version: int = column(sa.Integer)
    transcript_rewrites: int = column(sa.Integer)
    seed_version: int = column(sa.Integer)
    claims: int = column(sa.Integer)
    attempt: int = column(sa.Integer)
    revision: int = column(sa.BigInteger)
    owner: str | None = column(sa.Text, nullable=True)
    leased_at: datetime | None = column(Instant, nullable=True)
    lease_until: datetime | None = column(Instant, nullable=True)
    error_code: str | None = column(sa.Text, nullable=True)
    error_message: str | None = column(sa.Text, nullable=True)
    created_at: datetime = column(Instant)
    queued_at: datetime = column(Instant)
    started_at: datetime | None = column(Instant, nullable=True)
    finished_at: datetime | None = column(Instant, nullable=True)

    __table_args__ = (
        sa.Index("resume_task_created_at", "created_at", "thread_id"),
        sa.Index("resume_task_state_created_at", "state", "created_at", "thread_id"),
        sa.Index("resume_task_state_queued_at", "state", "queued_at", "thread_id"),
    )


class SeedGate(Table, table=True):
    """The single row that serializes the claims of tasks; `capacity` is how many tasks may be seeding at once."""

    id: int = column(sa.Integer, primary_key=True, autoincrement=False)
    capacity: int = column(sa.Integer)
    claims: int = column(sa.BigInteger)


resume_task = table_of(ResumeTask)
seed_gate = table_of(SeedGate)
