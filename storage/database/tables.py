"""The tables, one SQLModel class each.

Keys begin with the session or thread id, so that a distributed PostgreSQL can store the rows of one together. Rows of a
thread are only added, and deleted with the thread, so that these tables have no foreign keys to check.
"""

import re
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from storage.database.long_text import LongText
from storage.database.types import Instant, KeyText

# Not a Boolean: SQLAlchemy would render `= 1` on SQLite, which then does not use the indexes.
IS_NO_SUBAGENT: sa.ColumnClause[bool] = sa.literal_column("kind <> 'SUBAGENT'")
"""The condition on `session` for what lists show by default: it selects the indexes that are restricted to it."""

# Not as arguments of the dialects, for which SQLAlchemy would import both: migrations create the indexes.
_OF_NO_SUBAGENT = {"where": IS_NO_SUBAGENT}

HAS_SHORT_TEXTS: sa.ColumnClause[bool] = sa.literal_column(
    "octet_length(source) + octet_length(model) + octet_length(workspace_key) + octet_length(workspace)"
    " + octet_length(tag_lines) + octet_length(title_folded) + coalesce(octet_length(mode), 0) < 2000"
)
"""The condition on `session` that selects PostgreSQL's index `session_facets`, which has all columns of filters."""


def _column(kind: Any, *constraints: Any, **options: Any) -> Any:
    return Field(sa_column=sa.Column(kind, *constraints, **{"nullable": False, **options}))


def _previous(kind: Any, name: str, **options: Any) -> Any:
    """A column for the value that column `name` of `session` had before the last change.

    Every UPDATE sets it. `changed_seq` is 0 after the first one of a transaction.
    """
    before = f"CASE WHEN session.changed_seq = 0 THEN session.previous_{name} ELSE session.{name} END"
    return _column(kind, nullable=True, onupdate=sa.literal_column(before, kind), **options)


class _Table(SQLModel):
    """Base of the tables, which are named after their classes: `thread_item` for ThreadItem."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 - SQLAlchemy calls it with the class
        return re.sub("(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()


class Session(_Table, table=True):
    """A saved session without its messages: the agent's data, and the changes made here.

    `parser_version` is that of the format which derived the session from the archive, 0 for a document that holds the
    session whole. `message_count` counts the stored messages, `prompt_count` the prompts among them, `newest_count`
    those of the newest document. `replaced` has the hashes of transcripts with the newest document's clock that were
    replaced. `is_automated` is false where the agent does not record it. `is_starred`, `tag_lines` (see
    `storage.records.tags`) and `note` are a person's: no import writes them.

    `created_seq` and `changed_seq` number the session's creation and its last change, see `change_numbers.py`. What was
    written by the running transaction has 0. The `previous` columns
    have the values from before the last change of the columns that filters compare; null for a session that is new.
    """

    id: str = _column(KeyText, primary_key=True)
    number: int = _column(sa.BigInteger, unique=True)
    source: str = _column(sa.Text)
    is_source_certain: bool = _column(sa.Boolean)
    title: str = _column(sa.Text)
    is_renamed: bool = _column(sa.Boolean)
    title_folded: str = _column(KeyText)
    title_key: str = _column(KeyText)
    workspace: str = _column(sa.Text)
    workspace_key: str = _column(sa.Text)
    model: str = _column(sa.Text)
    mode: str | None = _column(sa.Text, nullable=True)
    system_prompt: str | None = _column(sa.Text, nullable=True)
    is_archived: bool = _column(sa.Boolean)
    is_starred: bool = _column(sa.Boolean, server_default=sa.false())
    is_automated: bool = _column(sa.Boolean, server_default=sa.false())
    tag_lines: str = _column(sa.Text, server_default="")
    note: str | None = _column(sa.Text, nullable=True)
    message_count: int = _column(sa.Integer)
    prompt_count: int = _column(sa.Integer)
    newest_count: int = _column(sa.Integer)
    item_count: int = _column(sa.Integer)
    total_tokens: int = _column(sa.BigInteger)
    created_at: datetime = _column(Instant)
    updated_at: datetime = _column(Instant)
    kind: str = _column(sa.Text)
    parent_id: str | None = _column(KeyText, nullable=True)
    first_prompt: str | None = _column(sa.Text, nullable=True)
    agent_version: str | None = _column(sa.Text, nullable=True)
    git_branch: str | None = _column(sa.Text, nullable=True)
    input_tokens: int = _column(sa.BigInteger)
    cache_read_tokens: int = _column(sa.BigInteger)
    cache_write_tokens: int = _column(sa.BigInteger)
    output_tokens: int = _column(sa.BigInteger)
    reasoning_tokens: int = _column(sa.BigInteger)
    recorded_cost: float | None = _column(sa.Double, nullable=True)
    saved_at: datetime = _column(Instant)
    thread_id: str | None = _column(KeyText, nullable=True)
    parser_version: int = _column(sa.Integer)
    transcript_version: int = _column(sa.Integer)
    transcript_rewrites: int = _column(sa.Integer)
    header_hash: bytes = _column(sa.LargeBinary)
    transcript_hash: bytes = _column(sa.LargeBinary)
    replaced: bytes = _column(sa.LargeBinary)
    header: str = _column(sa.Text)
    created_seq: int = _column(sa.BigInteger, server_default="0")
    changed_seq: int = _column(sa.BigInteger, server_default="0", onupdate=0, index=True)
    previous_changed_seq: int | None = _previous(sa.BigInteger(), "changed_seq")
    previous_is_archived: bool | None = _previous(sa.Boolean(), "is_archived")
    previous_is_starred: bool | None = _previous(sa.Boolean(), "is_starred")
    previous_is_automated: bool | None = _previous(sa.Boolean(), "is_automated")
    previous_tag_lines: str | None = _previous(sa.Text(), "tag_lines")
    previous_title_folded: str | None = _previous(KeyText, "title_folded")
    previous_workspace_key: str | None = _previous(sa.Text(), "workspace_key")
    previous_model: str | None = _previous(sa.Text(), "model")
    previous_mode: str | None = _previous(sa.Text(), "mode")
    previous_source: str | None = _previous(sa.Text(), "source")
    previous_kind: str | None = _previous(sa.Text(), "kind")
    previous_prompt_count: int | None = _previous(sa.Integer(), "prompt_count")
    previous_created_at: datetime | None = _previous(Instant(), "created_at")
    previous_updated_at: datetime | None = _previous(Instant(), "updated_at")
    previous_saved_at: datetime | None = _previous(Instant(), "saved_at")

    __table_args__ = (
        sa.Index("session_parent_id", "parent_id", "created_at", "id"),
        # For each start, which derives the sessions of older versions: it reads this index and no rows. The source is
        # second, since SQLite would prefer an index of sources to those in the order of a list of one source.
        sa.Index("session_parser_version", "parser_version", "source", "id"),
        # The numbers of what lists show by default, in order, for what is counted of these sessions.
        sa.Index(
            "session_is_archived_number",
            "is_archived",
            "number",
            # For SQLite, which reads an index alone only if it has all columns of the condition.
            "kind",
            info=_OF_NO_SUBAGENT,
        ),
        *(
            index
            for field in ("updated_at", "created_at", "saved_at", "title_key", "message_count", "total_tokens")
            for index in (
                sa.Index(f"session_{field}", field, "id"),
                # Subagents are left out of lists unless they are asked for.
                sa.Index(
                    f"session_is_archived_{field}",
                    "is_archived",
                    field,
                    "id",
                    info=_OF_NO_SUBAGENT,
                ),
            )
        ),
    )


class SessionStatistics(_Table, table=True):
    """What is counted of the messages of a session that has any such: see `storage.records.session_counts`.

    The key is the session's number, since joining tens of thousands of rows by texts takes twice as long. `activity` is
    empty where no message has a time, and `first_quarter` and `last_quarter` are null.
    """

    session_number: int = _column(
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        sa.ForeignKey("session.number", onupdate="CASCADE", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    first_quarter: int | None = _column(sa.Integer, nullable=True)
    last_quarter: int | None = _column(sa.Integer, nullable=True)
    activity: bytes = _column(sa.LargeBinary)
    tools: str | None = _column(sa.Text, nullable=True)


class Tombstone(_Table, table=True):
    """A session that was deleted here, so that imports of whole folders do not bring it back. `seq` numbers this."""

    session_id: str = _column(KeyText, primary_key=True)
    source: str = _column(sa.Text, primary_key=True)
    deleted_at: datetime = _column(Instant)
    seq: int = _column(sa.BigInteger, server_default="0", index=True)


class ChangeCounter(_Table, table=True):
    """The single row that numbers the changes of sessions. `last` is the number of the last one.

    Who has seen the changes up to a number can be told the later ones from `first` on: before it, rows were lost.
    """

    id: int = _column(sa.Integer, primary_key=True, autoincrement=False)
    first: int = _column(sa.BigInteger)
    last: int = _column(sa.BigInteger)


class Message(_Table, table=True):
    """A message. `content` is JSON text; `extra` is the message without its content, if it has other unmodelled keys.

    `place` is its index in the session's newest document, null if that does not hold it. `digest` is equal for equal
    messages. `usage` is a JSON list of the tokens of the reply, in the order of `TokenUsage`. `item_count` counts the
    thread items that it makes, its tool results left out. The small columns come first, so that SQLite reads them
    without the overflow pages of a long content.
    """

    session_id: str = _column(KeyText, sa.ForeignKey("session.id", ondelete="CASCADE"), primary_key=True)
    position: int = _column(sa.Integer, primary_key=True, autoincrement=False)
    place: int | None = _column(sa.Integer, nullable=True)
    role: str = _column(sa.Text)
    created_at: datetime | None = _column(Instant, nullable=True)
    is_injected: bool = _column(sa.Boolean)
    model: str | None = _column(sa.Text, nullable=True)
    usage: str | None = _column(sa.Text, nullable=True)
    item_count: int = _column(sa.Integer)
    size: int = _column(sa.Integer)
    digest: bytes = _column(sa.LargeBinary)
    tool_links: str | None = _column(sa.Text, nullable=True)
    extra: str | None = _column(sa.Text, nullable=True)
    content: str = _column(LongText)


class Transcript(_Table, table=True):
    """An agent's transcript in the archive. A file that was replaced or rewritten begins another generation of it.

    `name` is the path below the agent's home, `size` counts the bytes that are stored, `modified_at` is when the file
    was last changed. `session_id` is null while the transcript belongs to no session. `is_derived` is false while the
    session's rows lack something of the transcript.
    """

    id: int = _column(sa.BigInteger, primary_key=True, autoincrement=False)
    source: str = _column(sa.Text)
    name: str = _column(KeyText)
    generation: int = _column(sa.Integer)
    session_id: str | None = _column(KeyText, nullable=True, index=True)
    is_rewritten: bool = _column(sa.Boolean)
    is_derived: bool = _column(sa.Boolean)
    modified_at: datetime = _column(Instant)
    size: int = _column(sa.BigInteger)

    __table_args__ = (sa.UniqueConstraint("name", "source", "generation", name="transcript_name_key"),)


class TranscriptChunk(_Table, table=True):
    """Bytes of a transcript from `start` on: `size` of them, compressed with zstd. `digest` is that of the plain bytes.

    All chunks of a transcript but its last have the same size.
    """

    transcript_id: int = _column(sa.BigInteger, primary_key=True, autoincrement=False)
    start: int = _column(sa.BigInteger, primary_key=True, autoincrement=False)
    size: int = _column(sa.Integer)
    digest: bytes = _column(sa.LargeBinary)
    data: bytes = _column(sa.LargeBinary)


class TranscriptCompanion(_Table, table=True):
    """A file that belongs to a transcript, by its path below the agent's home; compressed with zstd."""

    transcript_id: int = _column(sa.BigInteger, primary_key=True, autoincrement=False)
    name: str = _column(KeyText, primary_key=True)
    digest: bytes = _column(sa.LargeBinary)
    data: bytes = _column(sa.LargeBinary)


class TranscriptKey(_Table, table=True):
    """A key by which transcripts refer to one another: the transcript's own, or that of one that it goes on from."""

    key: str = _column(KeyText, primary_key=True)
    source: str = _column(sa.Text, primary_key=True)
    is_own: bool = _column(sa.Boolean, primary_key=True)
    transcript_id: int = _column(sa.BigInteger, primary_key=True, autoincrement=False, index=True)


class TranscriptFile(_Table, table=True):
    """A file below an agent's home as it was read last, to tell whether it has changed since.

    `taken` counts the bytes that were stored of it; the hashes are those of the first and the last of them. A
    transcript in a database has a fingerprint instead, and shares its path with others.
    """

    path: bytes = _column(sa.LargeBinary, primary_key=True)
    name: str = _column(KeyText, primary_key=True)
    source: str = _column(sa.Text)
    transcript_id: int = _column(sa.BigInteger, index=True)
    is_companion: bool = _column(sa.Boolean)
    device: int = _column(sa.BigInteger)
    inode: int = _column(sa.BigInteger)
    size: int = _column(sa.BigInteger)
    mtime_ns: int = _column(sa.BigInteger)
    taken: int = _column(sa.BigInteger)
    head_hash: bytes = _column(sa.LargeBinary)
    tail_hash: bytes = _column(sa.LargeBinary)
    fingerprint: str = _column(sa.Text)


class ImportRun(_Table, table=True):
    """An import of files that is running, and how far it is. Its process writes the row every second."""

    id: str = _column(KeyText, primary_key=True)
    source: str | None = _column(sa.Text, nullable=True)
    files_done: int = _column(sa.Integer)
    files_total: int = _column(sa.Integer)
    bytes_done: int = _column(sa.BigInteger)
    bytes_total: int = _column(sa.BigInteger)
    started_at: datetime = _column(Instant)
    updated_at: datetime = _column(Instant)


class Thread(_Table, table=True):
    """A runtime thread. `session_id` is null after the session is deleted."""

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

    __table_args__ = (sa.Index("thread_created_at", "created_at", "id"),)


class Turn(_Table, table=True):
    """A turn of a thread: a prompt and everything up to the next one."""

    thread_id: str = _column(KeyText, primary_key=True)
    position: int = _column(sa.Integer, primary_key=True, autoincrement=False)
    status: str = _column(sa.Text)
    summary: str = _column(sa.Text)


class ThreadItem(_Table, table=True):
    """An item of a turn. `detail` is JSON text: the input of a tool, or a block as stored."""

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


class ThreadEvent(_Table, table=True):
    """An event of a thread. The event of an item has the item's position; its payload is made from the item."""

    thread_id: str = _column(KeyText, primary_key=True)
    seq: int = _column(sa.BigInteger, primary_key=True, autoincrement=False)
    event: str = _column(sa.Text)
    created_at: datetime = _column(Instant)
    turn_position: int | None = _column(sa.Integer, nullable=True)
    item_position: int | None = _column(sa.Integer, nullable=True)
    payload: str | None = _column(sa.Text, nullable=True)


class ResumeTask(_Table, table=True):
    """The task of seeding a thread: queue entry, lease, cursor and progress in one row."""

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
    leased_at: datetime | None = _column(Instant, nullable=True)
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


class SearchSegment(_Table, table=True):
    """A segment of the search index: the postings of `size` entries. `runs` lists the entries by session.

    Its terms are stored in blocks. Segments are immutable: additions make new ones, and compaction merges small ones.
    """

    id: int = _column(sa.BigInteger, primary_key=True, autoincrement=False)
    size: int = _column(sa.Integer)
    weight: int = _column(sa.BigInteger)
    runs: bytes = _column(sa.LargeBinary)


class SearchBlock(_Table, table=True):
    """A block of a segment: a range of its terms, beginning with `first`, and their postings."""

    segment_id: int = _column(sa.BigInteger, primary_key=True, autoincrement=False)
    first: str = _column(KeyText, primary_key=True)
    data: bytes = _column(sa.LargeBinary)


class SeedGate(_Table, table=True):
    """The single row that serializes the claims of tasks; `capacity` is how many tasks may be seeding at once."""

    id: int = _column(sa.Integer, primary_key=True, autoincrement=False)
    capacity: int = _column(sa.Integer)
    claims: int = _column(sa.BigInteger)


def _table(model: type[SQLModel]) -> sa.Table:
    return cast("sa.Table", vars(model)["__table__"])


session = _table(Session)
session_statistics = _table(SessionStatistics)
tombstone = _table(Tombstone)
change_counter = _table(ChangeCounter)
message = _table(Message)
transcript = _table(Transcript)
transcript_chunk = _table(TranscriptChunk)
transcript_companion = _table(TranscriptCompanion)
transcript_key = _table(TranscriptKey)
transcript_file = _table(TranscriptFile)
import_run = _table(ImportRun)
thread = _table(Thread)
turn = _table(Turn)
thread_item = _table(ThreadItem)
thread_event = _table(ThreadEvent)
resume_task = _table(ResumeTask)
seed_gate = _table(SeedGate)
search_segment = _table(SearchSegment)
search_block = _table(SearchBlock)

metadata = SQLModel.metadata
