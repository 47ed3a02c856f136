"""Import of session documents: creates, updates or leaves each session, one transaction a change."""

import asyncio
import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.tables import message, session
from storage.database.transaction import Transaction
from storage.documents.document import Document, NewMessage, drafts_of_all
from storage.documents.formats.agent_json import UNTITLED
from storage.json_codec import dump, load
from storage.records.casefold import title_columns
from storage.search.index.compaction import compact
from storage.search.index.drafts import Draft, draft_encoded
from storage.search.index.entries import entry_ids
from storage.search.index.segment_store import index_entries, next_numbers
from storage.search.index.vocabulary import encode_entry

CREATED = "CREATED"
UPDATED = "UPDATED"
UNCHANGED = "UNCHANGED"


class _StoredVersion(NamedTuple):
    """What decides how a document changes the session that is stored under its id."""

    id: str
    header_hash: bytes
    transcript_hash: bytes
    message_count: int
    title: str
    is_renamed: bool
    number: int
    transcript_version: int
    transcript_rewrites: int

    def equals(self, document: Document) -> bool:
        """Whether the document is the one imported last."""
        return self.header_hash == document.header_digest and (
            self.message_count == len(document.transcript.rows) and self.is_prefix_of(document)
        )

    def is_prefix_of(self, document: Document) -> bool:
        """Whether the document's transcript begins with the stored one."""
        count = self.message_count
        return len(document.transcript.rows) >= count and self.transcript_hash == document.transcript.digest(count)


_MESSAGE_COLUMNS = ("session_id", *NewMessage._fields)
_version_columns = [session.c[name] for name in _StoredVersion._fields]
_by_id_locked = (
    sa.select(*_version_columns, session.c.header).where(session.c.id == sa.bindparam("session_id")).with_for_update()
)


async def import_document(database: Database, document: Document) -> str:
    """Import a document; returns CREATED, UPDATED or UNCHANGED. Raises Unavailable."""
    stored = (await _stored_versions(database, [document])).get(document.id)
    if stored is not None and stored.equals(document):
        return UNCHANGED
    outcome = await _save(database, document, stored)
    await compact(database)
    return outcome


async def import_documents(
    database: Database, documents: Sequence[Document], drafts: Sequence[Draft] | None = None
) -> list[str]:
    """Import many documents; returns CREATED, UPDATED or UNCHANGED for each, in order. Raises Unavailable.

    All new sessions are created in one transaction; every other document has its own, so a failure keeps what was
    saved before. `drafts` are what `drafts_of_all` returns for the documents. The caller compacts the search index.
    """
    stored = await _stored_versions(database, documents)
    new: dict[str, Document] = {}
    for document in documents:
        if document.id not in stored:
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
        elif document.id in stored and stored[document.id].equals(document):
            outcomes.append(UNCHANGED)
        else:
            outcomes.append(await _save(database, document, stored.pop(document.id, None)))
    return outcomes


async def _stored_versions(database: Database, documents: Sequence[Document]) -> dict[str, _StoredVersion]:
    rows = await database.read(_by_ids(is_sqlite=database.is_sqlite), ids=[document.id for document in documents])
    return {row.id: _StoredVersion._make(row) for row in rows}


@functools.lru_cache
def _by_ids(*, is_sqlite: bool) -> CompiledSelect[_StoredVersion]:
    statement = sa.select(*_version_columns).where(is_any_of(session.c.id, "ids"))
    return CompiledSelect(statement, _StoredVersion, _StoredVersion._fields, is_sqlite=is_sqlite)


class _IndexChange(NamedTuple):
    """What the search index must gain for a document: the title unless None, and the messages from `start` on."""

    is_rewrite: bool
    title: str | None
    start: int

    @classmethod
    def of(cls, document: Document, stored: _StoredVersion, new_title: str | None) -> "_IndexChange":
        """The change for a document that replaces the stored version; `new_title` is None if the title stays."""
        if stored.is_prefix_of(document):
            return cls(False, new_title, stored.message_count)
        return cls(True, stored.title if new_title is None else new_title, 0)

    @classmethod
    def predict(cls, document: Document, stored: _StoredVersion | None) -> "_IndexChange":
        """The likely change, from a version read outside of the transaction; None is a new session."""
        if stored is None:
            return cls(True, document.title, 0)
        change = cls.of(document, stored, None)
        return change._replace(title=document.title) if change.is_rewrite and not stored.is_renamed else change

    def drafts(self, document: Document) -> list[Draft]:
        """Search drafts of the entries to add."""
        title = [] if self.title is None else [encode_entry([self.title])]
        return draft_encoded([*title, *document.transcript.spelled(self.start)])


async def _save(database: Database, document: Document, stored: _StoredVersion | None) -> str:
    # Drafts are made before the transaction, to keep it short, and again in it if another writer came first.
    prediction = _IndexChange.predict(document, stored)
    drafts = await asyncio.to_thread(prediction.drafts, document)
    is_whole = prediction == _IndexChange.predict(document, None)
    async with database.write() as transaction:
        if stored is None and await _create(transaction, [document], drafts):
            return CREATED
        row = (await transaction.execute(_by_id_locked, {"session_id": document.id})).first()
        if row is None:
            await _create(transaction, [document], drafts if is_whole else None)
            return CREATED
        stored = _StoredVersion._make(row[:-1])
        if stored.equals(document):
            return UNCHANGED
        overwritten = _overwritten_columns(document, stored, row.header)
        change = _IndexChange.of(document, stored, document.title if "title" in overwritten else None)
        if change != prediction:
            drafts = await asyncio.to_thread(change.drafts, document)
        await _update(transaction, document, stored, overwritten, change, drafts)
        return UPDATED


async def _create(transaction: Transaction, documents: Sequence[Document], drafts: Sequence[Draft] | None) -> set[str]:
    """Insert the sessions that do not exist, and return their ids.

    `drafts` are those of all documents; they are made here when None, or when another transaction created a session.
    """
    # Sorted, so that two transactions which create the same sessions do not deadlock.
    ordered = sorted(documents, key=lambda document: document.id)
    numbers = dict(zip((each.id for each in ordered), await next_numbers(transaction, len(ordered)), strict=True))
    insert = (sqlite if transaction.is_sqlite else postgresql).insert(session)
    statement = insert.on_conflict_do_nothing(index_elements=["id"]).returning(session.c.id)
    values = [{**_columns(each), **_initial_columns(each), "number": numbers[each.id]} for each in ordered]
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


def _initial_columns(document: Document) -> dict[str, object]:
    """Columns that an update does not set from the document."""
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
    stored: _StoredVersion,
    overwritten: dict[str, object],
    change: _IndexChange,
    drafts: Sequence[Draft],
) -> None:
    rows = document.transcript.rows
    values = {**_columns(document), **overwritten}
    number = stored.number
    if change.is_rewrite:
        await transaction.execute(sa.delete(message).where(message.c.session_id == document.id))
        # Index entries under the old number are stale from here on.
        [number] = await next_numbers(transaction, 1)
        values |= {"number": number, "transcript_rewrites": stored.transcript_rewrites + 1}
    if change.start < len(rows) or change.is_rewrite:
        values["transcript_version"] = stored.transcript_version + 1
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


def _overwritten_columns(document: Document, stored: _StoredVersion, header: str) -> dict[str, object]:
    """The title and archive mark, if the agent changed them since the last import; else those set here stay."""
    before, after = _metadata(load(header)), _metadata(document.header)
    values: dict[str, object] = {}
    if before.get("title") != after.get("title") or not (stored.is_renamed or stored.title != UNTITLED):
        values = {**title_columns(document.title), "is_renamed": False}
    if (before.get("archived") is True) != document.is_archived:
        values["is_archived"] = document.is_archived
    return values


def _metadata(header: object) -> dict[str, object]:
    assert isinstance(header, dict)
    metadata = header["metadata"]
    assert isinstance(metadata, dict)
    return metadata
