"""Saving session documents: each is created, updated or left as it is, in one transaction."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Database, Transaction
from storage.document import Document, MessageRow
from storage.folded import title_columns
from storage.formats.agent_json import UNTITLED
from storage.jsontext import dump, load
from storage.search.index import forget_messages, index_messages, index_sessions, index_title, next_numbers
from storage.search.settling import gather
from storage.tables import message, session

CREATED = "CREATED"
UPDATED = "UPDATED"
UNCHANGED = "UNCHANGED"

_MESSAGE_COLUMNS = ("session_id", *MessageRow._fields)
_hashes = sa.select(session.c.id, session.c.header_hash, session.c.transcript_hash, session.c.message_count).where(
    session.c.id.in_(sa.bindparam("ids", expanding=True))
)
_locked = (
    sa.select(
        *(session.c[name] for name in ("header_hash", "transcript_hash", "message_count", "title", "is_renamed")),
        *(session.c[name] for name in ("number", "header", "is_archived", "transcript_version", "transcript_rewrites")),
    )
    .where(session.c.id == sa.bindparam("session_id"))
    .with_for_update()
)


async def import_document(database: Database, document: Document) -> str:
    """CREATED, UPDATED or UNCHANGED. Raises Unavailable."""
    known = await _known(database, [document])
    if document.id in known and _is_same(known[document.id], document):
        return UNCHANGED
    return await _save(database, document, may_be_new=document.id not in known)


async def import_documents(database: Database, documents: Sequence[Document], *, gathers: bool = False) -> list[str]:
    """CREATED, UPDATED or UNCHANGED for each, in order. Raises Unavailable; what was saved by then stays.

    All sessions that are not there yet are added in one transaction; every other document has one of its own. With
    `gathers` the index is left to a Settler.
    """
    known = await _known(database, documents)
    new: dict[str, Document] = {}
    for document in documents:
        if document.id not in known:
            new.setdefault(document.id, document)
    created: set[str] = set()
    if new:
        async with database.write() as transaction:
            if gathers:
                await gather(transaction)
            created = await _create(transaction, list(new.values()))
    outcomes = []
    for document in documents:
        if document.id in created and new[document.id] is document:
            outcomes.append(CREATED)
        elif document.id in known and _is_same(known[document.id], document):
            outcomes.append(UNCHANGED)
        else:
            known.pop(document.id, None)
            outcomes.append(await _save(database, document, may_be_new=False))
    return outcomes


async def _known(database: Database, documents: Sequence[Document]) -> dict[str, Any]:
    async with database.read() as connection:
        rows = await connection.execute(_hashes, {"ids": [document.id for document in documents]})
        return {row.id: row for row in rows}


async def _save(database: Database, document: Document, *, may_be_new: bool) -> str:
    async with database.write() as transaction:
        if may_be_new and await _create(transaction, [document]):
            return CREATED
        known = (await transaction.execute(_locked, {"session_id": document.id})).first()
        if known is None:
            await _create(transaction, [document])
            return CREATED
        if _is_same(known, document):
            return UNCHANGED
        await _update(transaction, document, known)
        return UPDATED


def _is_same(known: Any, document: Document) -> bool:
    rows = document.transcript.rows
    return bool(
        known.message_count == len(rows)
        and known.header_hash == document.header_digest
        and known.transcript_hash == document.transcript.digest(len(rows))
    )


async def _create(transaction: Transaction, documents: Sequence[Document]) -> set[str]:
    """The ids of the sessions that were added: without those that another transaction added first."""
    # In one order wherever many are added: no two transactions wait for each other.
    documents = sorted(documents, key=lambda document: document.id)
    numbers = await next_numbers(transaction, len(documents))
    insert = (sqlite if transaction.is_sqlite else postgresql).insert(session)
    statement = insert.on_conflict_do_nothing(index_elements=["id"]).returning(session.c.id)
    values = [
        {**_columns(document), **_firsts(document), "number": number}
        for number, document in zip(numbers, documents, strict=True)
    ]
    ids = set((await transaction.execute(statement, values)).scalars())
    created = [(number, document) for number, document in zip(numbers, documents, strict=True) if document.id in ids]
    await transaction.insert(
        message, _MESSAGE_COLUMNS, [(document.id, *row) for _, document in created for row in document.transcript.rows]
    )
    await index_sessions(
        transaction, [(number, document.title, document.transcript.tokens) for number, document in created]
    )
    return ids


def _firsts(document: Document) -> dict[str, object]:
    """What a later document of the session does not set again."""
    return {
        **title_columns(document.title),
        "id": document.id,
        "is_renamed": False,
        "is_archived": document.is_archived,
        "thread_id": None,
        "transcript_version": 1,
        "transcript_rewrites": 0,
    }


async def _update(transaction: Transaction, document: Document, known: Any) -> None:
    rows = document.transcript.rows
    values = {**_columns(document), **_kept(document, known)}
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
    await transaction.insert(message, _MESSAGE_COLUMNS, [(document.id, *row) for row in rows[start:]])
    await index_messages(transaction, known.number, start, document.transcript.tokens[start:])


def _columns(document: Document) -> dict[str, object]:
    rows = document.transcript.rows
    return {
        "source": document.source,
        "workspace": document.workspace,
        "model": document.model,
        "mode": document.mode,
        "system_prompt": document.system_prompt,
        "message_count": len(rows),
        "item_count": document.item_count,
        "total_tokens": document.total_tokens,
        "created_at": document.created_at,
        "updated_at": document.updated_at,
        "parent_id": document.parent_id,
        "header_hash": document.header_digest,
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
