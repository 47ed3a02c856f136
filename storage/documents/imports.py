"""Import of session documents: creates, updates or leaves each session, one transaction a change.

No import takes a message away: an older copy changes nothing but may add messages to earlier windows, and what a newer
document no longer holds stays as an earlier window (see `windows.py`).
"""

from collections.abc import Collection, Sequence

import numpy as np
import sqlalchemy as sa

from storage.cancellation import run_in_cancellable_thread
from storage.database.database import Database
from storage.database.session_insert import insert_new_sessions
from storage.database.tables.change import tombstone
from storage.database.tables.session import session
from storage.database.transaction import DatabaseConnection, Transaction
from storage.documents.document import Document, drafts_of_all, prompt_count
from storage.documents.outcomes import CONFLICT, CREATED, DELETED, OUTDATED, UNCHANGED, UPDATED
from storage.documents.stored_version import VERSION_COLUMNS, StoredVersion, stored_messages
from storage.documents.updates import (
    Update,
    document_columns,
    insert_messages,
    needs_messages,
    plan_update,
    write_update,
)
from storage.errors import Unavailable
from storage.records.casefold import title_columns
from storage.records.session_statistics import insert_statistics
from storage.search.index.compaction import compact
from storage.search.index.drafts import SegmentDraft
from storage.search.index.entries import entry_ids
from storage.search.index.segment_store import index_entries, next_numbers

# How often a plan is made again when another writer comes first.
_TRIES = 10
_BUSY = "Others keep changing the same sessions."


class _Changed(Exception):
    """Another writer changed a session between the plan of a transaction and the transaction."""


_tombstones = sa.select(tombstone.c.session_id, tombstone.c.source).where(
    tombstone.c.session_id.in_(sa.bindparam("ids", expanding=True))
)
_by_ids = sa.select(*VERSION_COLUMNS).where(session.c.id.in_(sa.bindparam("ids", expanding=True)))
_by_id_locked = (
    sa.select(*VERSION_COLUMNS, session.c.header).where(session.c.id == sa.bindparam("session_id")).with_for_update()
)


async def import_document(database: Database, document: Document) -> str:
    """Import a document; returns CREATED, UPDATED, UNCHANGED, OUTDATED or CONFLICT. Raises Unavailable.

    CONFLICT: another agent's session has the same id. A session that was deleted here is created again.
    """
    stored = (await _stored_versions(database, [document])).get(document.id)
    outcome = await _save(database, document, stored)
    if outcome != UNCHANGED:
        await compact(database)
    return outcome


async def import_documents(
    database: Database,
    documents: Sequence[Document],
    drafts: Sequence[SegmentDraft] | None = None,
    leave_deleted: Collection[str] = (),
) -> list[str]:
    """Import many documents; returns the outcome of each, in order. Raises Unavailable.

    All new sessions are created in one transaction; every other document has its own, so a failure keeps what was
    saved before. `drafts` are what `drafts_of_all` returns for the documents. The caller compacts the search index.
    Sessions of `leave_deleted` that were deleted here are not created again: their outcome is DELETED.
    """
    for _ in range(_TRIES):
        stored = await _stored_versions(database, documents)
        async with database.snapshot() as connection:
            deleted = await _deleted(connection, documents, leave_deleted)
        new: dict[str, Document] = {}
        for document in documents:
            if document.id not in stored and document.id not in deleted:
                new.setdefault(document.id, document)
        if drafts is None or len(new) != len(documents):
            drafts = await run_in_cancellable_thread(drafts_of_all, list(new.values()))
        created: set[str] = set()
        try:
            if new:
                async with database.write() as transaction:
                    created = await _create(transaction, list(new.values()), drafts, leave_deleted)
            break
        except _Changed:
            drafts = None
    else:
        raise Unavailable(_BUSY)
    outcomes = []
    for document in documents:
        if document.id in created and new[document.id] is document:
            outcomes.append(CREATED)
        elif document.id in deleted and document.id not in stored:
            outcomes.append(DELETED)
        else:
            outcomes.append(await _save(database, document, stored.pop(document.id, None), leave_deleted))
    return outcomes


async def _stored_versions(database: Database, documents: Sequence[Document]) -> dict[str, StoredVersion]:
    async with database.snapshot() as connection:
        rows = await connection.execute(_by_ids, {"ids": [document.id for document in documents]})
        return {row.id: StoredVersion._make(row) for row in rows}


def conflict_message(session_id: str, source: str) -> str:
    """The reason why a session with the outcome CONFLICT was not imported."""
    return f"The session {session_id} is stored already, and another agent than {source} wrote it."


async def _deleted(connection: DatabaseConnection, documents: Sequence[Document], ids: Collection[str]) -> set[str]:
    """The documents among `ids` whose sessions were deleted here."""
    sources = {document.id: document.source for document in documents if document.id in ids}
    rows = await connection.execute(_tombstones, {"ids": list(sources)})
    return {row.session_id for row in rows if sources[row.session_id] == row.source}


async def _save(
    database: Database, document: Document, stored: StoredVersion | None, leave_deleted: Collection[str] = ()
) -> str:
    """Save a document, given the version that was stored a moment ago. Raises Unavailable."""
    for _ in range(_TRIES):
        try:
            return await _save_once(database, document, stored, leave_deleted)
        except _Changed:
            stored = (await _stored_versions(database, [document])).get(document.id)
    raise Unavailable(_BUSY)


async def _save_once(
    database: Database, document: Document, stored: StoredVersion | None, leave_deleted: Collection[str]
) -> str:
    """Save a document, given the version that was stored a moment ago. Raises _Changed when it no longer is."""
    # Plan and drafts are made before the transaction, which would keep all other writers waiting.
    expected: Update | None = None
    if stored is None:
        drafts = await run_in_cancellable_thread(drafts_of_all, [document])
    elif stored.conflicts_with(document):
        return CONFLICT
    elif stored.equals(document):
        return UNCHANGED
    else:
        async with database.snapshot() as connection:
            messages = await stored_messages(connection, document.id) if needs_messages(stored, document) else []
        expected = plan_update(stored, document, messages)
        if expected.is_outdated and not expected.insertions:
            return OUTDATED
        drafts = await run_in_cancellable_thread(expected.drafts, stored)
    async with database.write() as transaction:
        if stored is None and await _create(transaction, [document], drafts, leave_deleted):
            return CREATED
        row = (await transaction.execute(_by_id_locked, {"session_id": document.id})).first()
        if row is None:
            if stored is None:
                return DELETED
            raise _Changed
        stored = StoredVersion._make(row[:-1])
        if stored.conflicts_with(document):
            return CONFLICT
        if stored.equals(document):
            return UNCHANGED
        messages = []
        if needs_messages(stored, document):
            messages = await stored_messages(transaction, document.id)
        update = plan_update(stored, document, messages)
        if expected is None or update.insertions != expected.insertions:
            raise _Changed
        if update.insertions or not update.is_outdated:
            await write_update(transaction, document, stored, row.header, messages, update, drafts)
    return OUTDATED if update.is_outdated else UPDATED


async def _create(
    transaction: Transaction,
    documents: Sequence[Document],
    drafts: Sequence[SegmentDraft],
    leave_deleted: Collection[str],
) -> set[str]:
    """Insert the sessions, and return their ids; none when each exists or was deleted.

    `drafts` are those of all documents. Raises _Changed when only some of the sessions exist or were deleted.
    """
    # Before all else: SQLite must begin a transaction with a write, and a deletion that is under way is waited for.
    numbered = await next_numbers(transaction, len(documents))
    deleted = await _deleted(transaction, documents, leave_deleted)
    # Sorted, so that two transactions which create the same sessions do not deadlock.
    ordered = sorted(
        (document for document in documents if document.id not in deleted), key=lambda document: document.id
    )
    if not ordered:
        return set()
    numbers = dict(zip((each.id for each in ordered), numbered, strict=False))
    statement = insert_new_sessions(is_sqlite=transaction.is_sqlite)
    values = [{**document_columns(each), **_initial_columns(each), "number": numbers[each.id]} for each in ordered]
    ids = set((await transaction.execute(statement, values)).scalars())
    created = [document for document in documents if document.id in ids]
    if not created:
        return ids
    if len(created) != len(documents):
        raise _Changed
    await transaction.execute(sa.delete(tombstone).where(tombstone.c.session_id.in_(sorted(ids))))
    await insert_statistics(transaction, [(numbers[document.id], document.statistics) for document in created])
    await insert_messages(
        transaction,
        [(document.id, position, row) for document in created for position, row in enumerate(document.rows())],
    )
    entries = [entry_ids(numbers[document.id], -1, 1 + document.length) for document in created]
    await index_entries(transaction, np.concatenate(entries), drafts)
    return ids


def _initial_columns(document: Document) -> dict[str, object]:
    """Columns that an update does not set from the document alone."""
    return {
        **title_columns(document.title),
        "id": document.id,
        "is_renamed": False,
        "is_archived": document.is_archived,
        "thread_id": None,
        "message_count": document.length,
        "prompt_count": prompt_count(document.rows()),
        "replaced": b"",
        "transcript_version": 1,
        "transcript_rewrites": 0,
    }
