"""Saving session documents: each is created, updated or left as it is, in one transaction."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from storage.database.database import Database, Transaction
from storage.database.tables import message, session
from storage.documents.document import Document, NewMessage, drafts_of_all
from storage.documents.formats.agent_json import UNTITLED
from storage.json_codec import dump, load
from storage.records.casefold import title_columns
from storage.search.index.compaction import compact
from storage.search.index.drafts import Draft, drafts_of_spelled
from storage.search.index.entries import entry_ids
from storage.search.index.segment_store import index_entries, next_numbers
from storage.search.index.vocabulary import spelled

CREATED = "CREATED"
UPDATED = "UPDATED"
UNCHANGED = "UNCHANGED"

_MESSAGE_COLUMNS = ("session_id", *NewMessage._fields)
_hashes = sa.select(
    *(session.c[name] for name in ("id", "header_hash", "transcript_hash", "message_count", "title", "is_renamed"))
).where(session.c.id.in_(sa.bindparam("ids", expanding=True)))
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
    known = (await _known(database, [document])).get(document.id)
    if known is not None and _is_same(known, document):
        return UNCHANGED
    outcome = await _save(database, document, known)
    await compact(database)
    return outcome


async def import_documents(
    database: Database, documents: Sequence[Document], drafts: Sequence[Draft] | None = None
) -> list[str]:
    """CREATED, UPDATED or UNCHANGED for each, in order. Raises Unavailable; what was saved by then stays.

    All sessions that are not there yet are added in one transaction; every other document has one of its own. `drafts`
    are those of all documents, as `drafts_of_all` gives them. Merging is left to the caller.
    """
    known = await _known(database, documents)
    new: dict[str, Document] = {}
    for document in documents:
        if document.id not in known:
            new.setdefault(document.id, document)
    if drafts is None or len(new) != len(documents):
        drafts = await asyncio.to_thread(drafts_of_all, list(new.values()))
    created: set[str] = set()
    if new:
        async with database.write() as transaction:
            created = await _create(transaction, list(new.values()), drafts)
    outcomes = []
    for document in documents:
        if document.id in created and new[document.id] is document:
            outcomes.append(CREATED)
        elif document.id in known and _is_same(known[document.id], document):
            outcomes.append(UNCHANGED)
        else:
            outcomes.append(await _save(database, document, known.pop(document.id, None)))
    return outcomes


async def _known(database: Database, documents: Sequence[Document]) -> dict[str, Any]:
    async with database.read() as connection:
        rows = await connection.execute(_hashes, {"ids": [document.id for document in documents]})
        return {row.id: row for row in rows}


class _Change(NamedTuple):
    """What must be indexed of a document: the title, unless that is None, and the messages from `start` on."""

    is_rewrite: bool
    title: str | None
    start: int

    @classmethod
    def of(cls, document: Document, known: Any, title: str | None) -> "_Change":
        """Of one that takes the place of what is known; `title` is the session's new one, if it gets one."""
        count = known.message_count
        transcript = document.transcript
        if len(transcript.rows) >= count and known.transcript_hash == transcript.digest(count):
            return cls(False, title, count)
        return cls(True, known.title if title is None else title, 0)

    @classmethod
    def expected(cls, document: Document, known: Any) -> "_Change":
        """Most often right; of a session that is not there when `known` is None."""
        if known is None:
            return cls(True, document.title, 0)
        change = cls.of(document, known, None)
        return change._replace(title=document.title) if change.is_rewrite and not known.is_renamed else change

    def drafts(self, document: Document) -> list[Draft]:
        """Of what must be indexed."""
        title = [] if self.title is None else [spelled([self.title])]
        return drafts_of_spelled([*title, *document.transcript.spelled(self.start)])


async def _save(database: Database, document: Document, known: Any) -> str:
    # Made before the transaction, which it would hold up; once more in it, should things have changed meanwhile.
    expected = _Change.expected(document, known)
    drafts = await asyncio.to_thread(expected.drafts, document)
    is_whole = expected == _Change.expected(document, None)
    async with database.write() as transaction:
        if known is None and await _create(transaction, [document], drafts):
            return CREATED
        known = (await transaction.execute(_locked, {"session_id": document.id})).first()
        if known is None:
            await _create(transaction, [document], drafts if is_whole else None)
            return CREATED
        if _is_same(known, document):
            return UNCHANGED
        kept = _kept(document, known)
        change = _Change.of(document, known, document.title if "title" in kept else None)
        if change != expected:
            drafts = await asyncio.to_thread(change.drafts, document)
        await _update(transaction, document, known, kept, change, drafts)
        return UPDATED


def _is_same(known: Any, document: Document) -> bool:
    rows = document.transcript.rows
    return bool(
        known.message_count == len(rows)
        and known.header_hash == document.header_digest
        and known.transcript_hash == document.transcript.digest(len(rows))
    )


async def _create(transaction: Transaction, documents: Sequence[Document], drafts: Sequence[Draft] | None) -> set[str]:
    """The ids of the sessions that were added: without those that another transaction added first.

    `drafts` are those of all documents; made here when there are none or they do not fit.
    """
    # In one order wherever many are added: no two transactions wait for each other.
    ordered = sorted(documents, key=lambda document: document.id)
    numbers = dict(zip((one.id for one in ordered), await next_numbers(transaction, len(ordered)), strict=True))
    insert = (sqlite if transaction.is_sqlite else postgresql).insert(session)
    statement = insert.on_conflict_do_nothing(index_elements=["id"]).returning(session.c.id)
    values = [{**_columns(document), **_firsts(document), "number": numbers[document.id]} for document in ordered]
    ids = set((await transaction.execute(statement, values)).scalars())
    created = [document for document in documents if document.id in ids]
    if not created:
        return ids
    await transaction.insert(
        message, _MESSAGE_COLUMNS, [(document.id, *row) for document in created for row in document.transcript.rows]
    )
    if drafts is None or len(created) != len(documents):
        drafts = await asyncio.to_thread(drafts_of_all, created)
    entries = [entry_ids(numbers[document.id], -1, 1 + len(document.transcript.rows)) for document in created]
    await index_entries(transaction, np.concatenate(entries), drafts)
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


async def _update(
    transaction: Transaction,
    document: Document,
    known: Any,
    kept: dict[str, object],
    change: _Change,
    drafts: Sequence[Draft],
) -> None:
    rows = document.transcript.rows
    values = {**_columns(document), **kept}
    number = known.number
    if change.is_rewrite:
        await transaction.execute(sa.delete(message).where(message.c.session_id == document.id))
        # What the index says of the old one counts for nothing from now on.
        [number] = await next_numbers(transaction, 1)
        values |= {"number": number, "transcript_rewrites": known.transcript_rewrites + 1}
    if change.start < len(rows) or change.is_rewrite:
        values["transcript_version"] = known.transcript_version + 1
    await transaction.execute(sa.update(session).where(session.c.id == document.id).values(values))
    await transaction.insert(message, _MESSAGE_COLUMNS, [(document.id, *row) for row in rows[change.start :]])
    ids = entry_ids(number, change.start, len(rows) - change.start)
    await index_entries(transaction, np.concatenate([entry_ids(number, -1, change.title is not None), ids]), drafts)


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
