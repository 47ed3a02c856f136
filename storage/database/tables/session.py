"""Sessions, and what is counted of their messages."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.database.tables.table import Table, column, table_of
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


def _previous(kind: Any, name: str, **options: Any) -> Any:
    """A column for the value that column `name` of `session` had before the last change.

    Every UPDATE sets it. `changed_seq` is 0 after the first one of a transaction.
    """
    before = f"CASE WHEN session.changed_seq = 0 THEN session.previous_{name} ELSE session.{name} END"
    return column(kind, nullable=True, onupdate=sa.literal_column(before, kind), **options)


class Session(Table, table=True):
    """A saved session without its messages: the agent's data, and the changes made here.

    `parser_version` is that of the format which derived the session from the archive, 0 for a document that holds the
    session whole. `message_count` counts the stored messages, `prompt_count` the prompts among them, `newest_count`
    those of the newest document. `replaced` has the hashes of transcripts with the newest document's clock that were
    replaced. `is_automated` is false where the agent does not record it. `is_starred`, `tag_lines` (see
    `storage.records.tags`) and `note` are a person's: no import writes them.

    `created_seq` and `changed_seq` number the session's creation and its last change, see `change_numbers.py`. Both are
    0 in rows that the running transaction has written. The `previous` columns have the values that filters compare from
    before the last change; they are null for a new session.
    """

    id: str = column(KeyText, primary_key=True)
    number: int = column(sa.BigInteger, unique=True)
    source: str = column(sa.Text)
    is_source_certain: bool = column(sa.Boolean)
    title: str = column(sa.Text)
    is_renamed: bool = column(sa.Boolean)
    title_folded: str = column(KeyText)
    title_key: str = column(KeyText)
    workspace: str = column(sa.Text)
    workspace_key: str = column(sa.Text)
    model: str = column(sa.Text)
    mode: str | None = column(sa.Text, nullable=True)
    system_prompt: str | None = column(sa.Text, nullable=True)
    is_archived: bool = column(sa.Boolean)
    is_starred: bool = column(sa.Boolean, server_default=sa.false())
    is_automated: bool = column(sa.Boolean, server_default=sa.false())
    tag_lines: str = column(sa.Text, server_default="")
    note: str | None = column(sa.Text, nullable=True)
    message_count: int = column(sa.Integer)
    prompt_count: int = column(sa.Integer)
    newest_count: int = column(sa.Integer)
    item_count: int = column(sa.Integer)
    total_tokens: int = column(sa.BigInteger)
    created_at: datetime = column(Instant)
    updated_at: datetime = column(Instant)
    kind: str = column(sa.Text)
    parent_id: str | None = column(KeyText, nullable=True)
    first_prompt: str | None = column(sa.Text, nullable=True)
    agent_version: str | None = column(sa.Text, nullable=True)
    git_branch: str | None = column(sa.Text, nullable=True)
    input_tokens: int = column(sa.BigInteger)
    cache_read_tokens: int = column(sa.BigInteger)
    cache_write_tokens: int = column(sa.BigInteger)
    output_tokens: int = column(sa.BigInteger)
    reasoning_tokens: int = column(sa.BigInteger)
    recorded_cost: float | None = column(sa.Double, nullable=True)
    saved_at: datetime = column(Instant)
    thread_id: str | None = column(KeyText, nullable=True)
    parser_version: int = column(sa.Integer)
    transcript_version: int = column(sa.Integer)
    transcript_rewrites: int = column(sa.Integer)
    header_hash: bytes = column(sa.LargeBinary)
    transcript_hash: bytes = column(sa.LargeBinary)
    replaced: bytes = column(sa.LargeBinary)
    header: str = column(sa.Text)
    created_seq: int = column(sa.BigInteger, server_default="0")
    changed_seq: int = column(sa.BigInteger, server_default="0", onupdate=0, index=True)
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


class SessionStatistics(Table, table=True):
    """The counts of the messages of a session, see `storage.records.session_counts`. A session without any has no row.

    The key is the session's number, since joining tens of thousands of rows by texts takes twice as long. `activity` is
    empty where no message has a time, and `first_quarter` and `last_quarter` are null.
    """

    session_number: int = column(
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        sa.ForeignKey("session.number", onupdate="CASCADE", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    first_quarter: int | None = column(sa.Integer, nullable=True)
    last_quarter: int | None = column(sa.Integer, nullable=True)
    activity: bytes = column(sa.LargeBinary)
    tools: str | None = column(sa.Text, nullable=True)


session = table_of(Session)
session_statistics = table_of(SessionStatistics)
