"""Saving a session document: created, updated or left as it is, in one transaction."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Database, Transaction
from storage.document import Document, MessageRow
from storage.folded import title_columns
from storage.formats.agent_json import UNTITLED
from storage.jsontext import dump, load
from storage.search.index import forget_messages, index_messages, index_session, index_title, next_number
from storage.tables import message, session

CREATED = "CREATED"
UPDATED = "UPDATED"
UNCHANGED = "UNCHANGED"

_MESSAGE_COLUMNS = ("session_id", *MessageRow._fields)
_known = sa.select(
    session.c.header_hash, session.c.transcript_hash, session.c.message_count, session.c.title, session.c.is_renamed
).where(session.c.id == sa.bindparam("session_id"))
_locked = _known.add_columns(
    session.c.number,
    session.c.header,
    session.c.is_archived,
    session.c.transcript_version,
    session.c.transcript_rewrites,
).with_for_update()


async def import_document(database: Database, document: Document) -> str:
    """CREATED, UPDATED or UNCHANGED. Raises Unavailable."""
    async with database.read() as connection:
        known: Any = (await connection.execute(_known, {"session_id": document.id})).first()
    header_digest = document.header_digest()
    if known is not None and _is_same(known, document, header_digest):
        return UNCHANGED
    async with database.write() as transaction:
        if known is None and await _create(transaction, document, header_digest):
            return CREATED
        known = (await transaction.execute(_locked, {"session_id": document.id})).first()
        if known is None:
            await _create(transaction, document, header_digest)
            return CREATED
        if _is_same(known, document, header_digest):
            return UNCHANGED
        await _update(transaction, document, header_digest, known)
        return UPDATED


def _is_same(known: Any, document: Document, header_digest: bytes) -> bool:
    rows = document.transcript.rows
    return bool(
        known.message_count == len(rows)
        and known.header_hash == header_digest
        and known.transcript_hash == document.transcript.digest(len(rows))
    )


async def _create(transaction: Transaction, document: Document, header_digest: bytes) -> bool:
    """Whether the session was added; False when another transaction added it first."""
    insert = (sqlite if transaction.is_sqlite else postgresql).insert(session)
    values = {
        **_columns(document, header_digest),
        **title_columns(document.title),
        "id": document.id,
        "is_renamed": False,
        "is_archived": document.is_archived,
        "thread_id": None,
        "transcript_version": 1,
        "transcript_rewrites": 0,
    }
    statement = insert.values({**values, "number": next_number(transaction)}).on_conflict_do_nothing(
        index_elements=["id"]
    )
    number = (await transaction.execute(statement.returning(session.c.number))).scalar()
    if number is None:
        return False
    await _insert_messages(transaction, document, 0)
    await index_session(transaction, number, document.title, document.transcript.tokens)
    return True


async def _update(transaction: Transaction, document: Document, header_digest: bytes, known: Any) -> None:
    rows = document.transcript.rows
    values = {**_columns(document, header_digest), **_kept(document, known)}
    is_longer = len(rows) >= known.message_count and known.transcript_hash == document.transcript.digest(
        known.message_count
    )
    start = known.message_count if is_longer else 0
    if not is_longer:
        await transaction.execute(sa.delete(message).where(message.c.session_id == document.id))
        await forget_messages(transaction, known.number)
        values["transcript_rewrites"] = known.transcript_rewrites + 1
    if start < len(rows) or not is_longer:
        values["transcript_version"] = known.transcript_version + 1
    await transaction.execute(sa.update(session).where(session.c.id == document.id).values(values))
    if "title" in values:
        await index_title(transaction, known.number, document.title)
    await _insert_messages(transaction, document, start)
    await index_messages(transaction, known.number, start, document.transcript.tokens[start:])


def _columns(document: Document, header_digest: bytes) -> dict[str, object]:
    rows = document.transcript.rows
    return {
        "source": document.source,
        "workspace": document.workspace,
        "model": document.model,
        "mode": document.mode,
        "system_prompt": document.system_prompt,
        "message_count": len(rows),
        "item_count": document.transcript.item_count(),
        "total_tokens": document.total_tokens,
        "created_at": document.created_at,
        "updated_at": document.updated_at,
        "parent_id": document.parent_id,
        "header_hash": header_digest,
        "transcript_hash": document.transcript.digest(len(rows)),
        "header": dump(document.header),
    }


def _kept(document: Document, known: Any) -> dict[str, object]:
    """What people set here stays, unless the agent has set it anew since the last import."""
    before, now = _metadata(load(known.header)), _metadata(document.header)
    values: dict[str, object] = {}
    if before.get("title") != now.get("title") or not (known.is_renamed or known.title != UNTITLED):
        values = {**title_columns(document.title), "is_renamed": False}
    if (before.get("archived") is True) != document.is_archived:
        values["is_archived"] = document.is_archived
    return values


def _metadata(header: Any) -> dict[str, object]:
    metadata = header["metadata"]
    assert isinstance(metadata, dict)
    return metadata


async def _insert_messages(transaction: Transaction, document: Document, start: int) -> None:
    rows = [(document.id, *row) for row in document.transcript.rows[start:]]
    await transaction.insert(message, _MESSAGE_COLUMNS, rows)
