"""The first revision: every table. It imports none of the project's code, which changes while a revision does not."""

import sqlalchemy as sa
from alembic import op

revision = "0401"
down_revision = None

KEY_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
IS_NO_SUBAGENT = sa.text("kind <> 'SUBAGENT'")

FACET_COLUMNS = (
    "source, model, workspace_key, tag_lines, workspace, mode, is_starred, is_automated, prompt_count, created_at,"
    " updated_at, saved_at, title_folded, number"
)
HAS_SHORT_TEXTS = (
    "octet_length(source) + octet_length(model) + octet_length(workspace_key) + octet_length(workspace)"
    " + octet_length(tag_lines) + octet_length(title_folded) + coalesce(octet_length(mode), 0) < 2000"
)
SQLITE_STATEMENTS = (
    # Numbers of deleted sessions must not be given again. On PostgreSQL a sequence sees to that.
    "CREATE TABLE session_number (last INTEGER NOT NULL)",
    "INSERT INTO session_number (last) VALUES (0)",
    # All that filters compare and facets count, in the order in which these group it: reading the rows themselves takes
    # five times as long.
    f"CREATE INDEX session_facets ON session (is_archived, kind, {FACET_COLUMNS})",
)
POSTGRESQL_STATEMENTS = (
    "CREATE SEQUENCE session_number",
    # The same. An index of PostgreSQL holds no long texts: the few sessions that have any are found by another one.
    f"CREATE INDEX session_facets ON session (is_archived, kind) INCLUDE ({FACET_COLUMNS}) WHERE {HAS_SHORT_TEXTS}",
    f"CREATE INDEX session_facets_long ON session (number) WHERE NOT ({HAS_SHORT_TEXTS})",
    # Blocks hardly compress, and uncompressed values can be read in part.
    "ALTER TABLE search_block ALTER COLUMN data SET STORAGE EXTERNAL",
    # Compressed before they are stored.
    "ALTER TABLE transcript_chunk ALTER COLUMN data SET STORAGE EXTERNAL",
    "ALTER TABLE transcript_companion ALTER COLUMN data SET STORAGE EXTERNAL",
)


def upgrade() -> None:
    """Create the tables and the single rows of `seed_gate` and `change_counter`."""
    op.create_table(
        "resume_task",
        sa.Column("thread_id", KEY_TEXT, primary_key=True),
        sa.Column("session_id", KEY_TEXT, nullable=False, index=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("items_written", sa.Integer(), nullable=False),
        sa.Column("items_total", sa.Integer(), nullable=False),
        sa.Column("messages_read", sa.Integer(), nullable=False),
        sa.Column("message_items", sa.Integer(), nullable=False),
        sa.Column("messages_total", sa.Integer(), nullable=False),
        sa.Column("turns_written", sa.Integer(), nullable=False),
        sa.Column("turn_items", sa.Integer(), nullable=False),
        sa.Column("transcript_version", sa.Integer(), nullable=False),
        sa.Column("transcript_rewrites", sa.Integer(), nullable=False),
        sa.Column("seed_version", sa.Integer(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("leased_at", INSTANT, nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("queued_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
    )
    op.create_index("resume_task_created_at", "resume_task", ["created_at", "thread_id"])
    op.create_index("resume_task_state_created_at", "resume_task", ["state", "created_at", "thread_id"])
    op.create_index("resume_task_state_queued_at", "resume_task", ["state", "queued_at", "thread_id"])
    op.create_table(
        "seed_gate",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("claims", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "session",
        sa.Column("id", KEY_TEXT, primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("is_source_certain", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("is_renamed", sa.Boolean(), nullable=False),
        sa.Column("title_folded", KEY_TEXT, nullable=False),
        sa.Column("title_key", KEY_TEXT, nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("workspace_key", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=True),
        sa.Column("system_prompt", sa.Text(), nullable=True),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("is_starred", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_automated", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("tag_lines", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("message_count", sa.Integer(), nullable=False),
        sa.Column("prompt_count", sa.Integer(), nullable=False),
        sa.Column("newest_count", sa.Integer(), nullable=False),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.Column("total_tokens", sa.BigInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent_id", KEY_TEXT, nullable=True),
        sa.Column("first_prompt", sa.Text(), nullable=True),
        sa.Column("agent_version", sa.Text(), nullable=True),
        sa.Column("git_branch", sa.Text(), nullable=True),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_read_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_write_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("reasoning_tokens", sa.BigInteger(), nullable=False),
        sa.Column("recorded_cost", sa.Double(), nullable=True),
        sa.Column("saved_at", INSTANT, nullable=False),
        sa.Column("thread_id", KEY_TEXT, nullable=True),
        sa.Column("parser_version", sa.Integer(), nullable=False),
        sa.Column("transcript_version", sa.Integer(), nullable=False),
        sa.Column("transcript_rewrites", sa.Integer(), nullable=False),
        sa.Column("header_hash", sa.LargeBinary(), nullable=False),
        sa.Column("transcript_hash", sa.LargeBinary(), nullable=False),
        sa.Column("replaced", sa.LargeBinary(), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), server_default="0", nullable=False, index=True),
        sa.Column("previous_changed_seq", sa.BigInteger(), nullable=True),
        sa.Column("previous_is_archived", sa.Boolean(), nullable=True),
        sa.Column("previous_is_starred", sa.Boolean(), nullable=True),
        sa.Column("previous_is_automated", sa.Boolean(), nullable=True),
        sa.Column("previous_tag_lines", sa.Text(), nullable=True),
        sa.Column("previous_title_folded", KEY_TEXT, nullable=True),
        sa.Column("previous_workspace_key", sa.Text(), nullable=True),
        sa.Column("previous_model", sa.Text(), nullable=True),
        sa.Column("previous_mode", sa.Text(), nullable=True),
        sa.Column("previous_source", sa.Text(), nullable=True),
        sa.Column("previous_kind", sa.Text(), nullable=True),
        sa.Column("previous_prompt_count", sa.Integer(), nullable=True),
        sa.Column("previous_created_at", INSTANT, nullable=True),
        sa.Column("previous_updated_at", INSTANT, nullable=True),
        sa.Column("previous_saved_at", INSTANT, nullable=True),
        sa.UniqueConstraint("number", name="session_number_key"),
    )
    op.create_index("session_parent_id", "session", ["parent_id", "created_at", "id"])
    op.create_index(
        "session_is_archived_number",
        "session",
        ["is_archived", "number", "kind"],
        sqlite_where=IS_NO_SUBAGENT,
        postgresql_where=IS_NO_SUBAGENT,
    )
    for field in ("updated_at", "created_at", "saved_at", "title_key", "message_count", "total_tokens"):
        op.create_index(f"session_{field}", "session", [field, "id"])
        op.create_index(
            f"session_is_archived_{field}",
            "session",
            ["is_archived", field, "id"],
            sqlite_where=IS_NO_SUBAGENT,
            postgresql_where=IS_NO_SUBAGENT,
        )
    op.create_table(
        "session_statistics",
        sa.Column("session_number", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("first_quarter", sa.Integer(), nullable=True),
        sa.Column("last_quarter", sa.Integer(), nullable=True),
        sa.Column("activity", sa.LargeBinary(), nullable=False),
        sa.Column("tools", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["session_number"], ["session.number"], onupdate="CASCADE", ondelete="CASCADE"),
    )
    op.create_table(
        "tombstone",
        sa.Column("session_id", KEY_TEXT, primary_key=True),
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("deleted_at", INSTANT, nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False, index=True),
    )
    op.create_table(
        "change_counter",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "transcript",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("name", KEY_TEXT, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("session_id", KEY_TEXT, nullable=True, index=True),
        sa.Column("is_rewritten", sa.Boolean(), nullable=False),
        sa.Column("is_derived", sa.Boolean(), nullable=False),
        sa.Column("modified_at", INSTANT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("name", "source", "generation", name="transcript_name_key"),
    )
    op.create_table(
        "transcript_chunk",
        sa.Column("transcript_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("start", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "transcript_companion",
        sa.Column("transcript_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("name", KEY_TEXT, primary_key=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "transcript_key",
        sa.Column("key", KEY_TEXT, primary_key=True),
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("is_own", sa.Boolean(), primary_key=True),
        sa.Column("transcript_id", sa.BigInteger(), primary_key=True, autoincrement=False, index=True),
    )
    op.create_table(
        "transcript_file",
        sa.Column("path", sa.LargeBinary(), primary_key=True),
        sa.Column("name", KEY_TEXT, primary_key=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("transcript_id", sa.BigInteger(), nullable=False, index=True),
        sa.Column("is_companion", sa.Boolean(), nullable=False),
        sa.Column("device", sa.BigInteger(), nullable=False),
        sa.Column("inode", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tail_hash", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
    )
    op.create_table(
        "import_run",
        sa.Column("id", KEY_TEXT, primary_key=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("files_done", sa.Integer(), nullable=False),
        sa.Column("files_total", sa.Integer(), nullable=False),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("bytes_total", sa.BigInteger(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )
    op.create_table(
        "thread",
        sa.Column("id", KEY_TEXT, primary_key=True),
        sa.Column("session_id", KEY_TEXT, nullable=True, index=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("task_type", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("system_prompt", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )
    op.create_index("thread_created_at", "thread", ["created_at", "id"])
    op.create_table(
        "thread_event",
        sa.Column("thread_id", KEY_TEXT, primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("turn_position", sa.Integer(), nullable=True),
        sa.Column("item_position", sa.Integer(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=True),
    )
    op.create_table(
        "thread_item",
        sa.Column("thread_id", KEY_TEXT, primary_key=True),
        sa.Column("turn_position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("tool_use_id", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
    )
    op.create_table(
        "turn",
        sa.Column("thread_id", KEY_TEXT, primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
    )
    op.create_table(
        "message",
        sa.Column("session_id", KEY_TEXT, primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=True),
        sa.Column("is_injected", sa.Boolean(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("usage", sa.Text(), nullable=True),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("tool_links", sa.Text(), nullable=True),
        sa.Column("extra", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
    )
    op.create_table(
        "search_segment",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("runs", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "search_block",
        sa.Column("segment_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("first", KEY_TEXT, primary_key=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_STATEMENTS if is_sqlite else POSTGRESQL_STATEMENTS:
        op.execute(statement)
    op.execute("INSERT INTO seed_gate (id, capacity, claims) VALUES (1, 1, 0)")
    op.execute("INSERT INTO change_counter (id, first, last) VALUES (1, 0, 0)")
