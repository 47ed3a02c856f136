"""Update of a stored session by another version of its document: planned first, then written in one transaction."""

import functools
import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import numpy as np
import sqlalchemy as sa

from storage.database.tables.message import message
from storage.database.tables.session import session
from storage.database.transaction import Transaction
from storage.documents.document import MESSAGE_COLUMNS, Document, DocumentRow, message_values, prompt_count
from storage.documents.formats.agent_json import UNTITLED
from storage.documents.reindex import reindex
from storage.documents.stored_version import StoredVersion
from storage.documents.windows import Insertion, StoredMessage, merge
from storage.json_codec import dump, load
from storage.records.casefold import title_columns
from storage.records.session_statistics import recount, replace_statistics
from storage.records.workspace_key import workspace_key
from storage.search.index.drafts import SegmentDraft, draft_encoded
from storage.search.index.entries import TITLE_POSITION, entry_ids
from storage.search.index.pieces import encode_entry
from storage.search.index.segment_store import index_entries, next_numbers

_offset = sa.bindparam("offset", type_=sa.Integer())
# Messages from `start` on and before `end`. Of many runs, one statement that is prepared once.
_in_run = sa.update(message).where(
    message.c.session_id == sa.bindparam("own"),
    message.c.position >= sa.bindparam("start"),
    message.c.position < sa.bindparam("end"),
)


class HasPlace(Protocol):
    """A stored message, as far as its place is concerned."""

    @property
    def place(self) -> int | None:
        """Its index in the newest document."""
        ...


class Update(NamedTuple):
    """The change of a session's messages; `places` is None when stored messages keep theirs."""

    is_outdated: bool
    insertions: list[Insertion]
    places: list[int | None] | None

    def shifts(self, stored: StoredVersion) -> bool:
        """Whether stored messages change their positions."""
        return bool(self.insertions) and self.insertions[0].position < stored.message_count

    def drafts(self, stored: StoredVersion) -> list[SegmentDraft]:
        """Search drafts of the messages to append."""
        searched = max(0, TITLE_POSITION - stored.message_count)
        return draft_encoded(insertion.row.entry for insertion in self.insertions[:searched])


def needs_messages(stored: StoredVersion, document: Document) -> bool:
    """Whether `plan_update` needs the stored messages: the document is more than a continuation of the newest one."""
    is_older = document.updated_at < stored.updated_at
    return is_older or bool(document.earlier_places) or not stored.is_prefix_of(document)


def plan_update(stored: StoredVersion, document: Document, messages: Sequence[StoredMessage]) -> Update:
    """How a document that differs from the newest one changes the session."""
    if not needs_messages(stored, document):
        if stored.has_replaced_header(document):
            return Update(True, [], None)
        rows = document.rows()[stored.newest_count :]
        return Update(False, [Insertion(stored.message_count, row) for row in rows], None)
    is_outdated = stored.is_newer_than(document, messages)
    merged = merge(messages, document.rows(), replaces=not is_outdated)
    return Update(is_outdated, merged.insertions, None if is_outdated else merged.places)


async def write_update(
    transaction: Transaction,
    document: Document,
    stored: StoredVersion,
    header: str,
    messages: Sequence[StoredMessage],
    update: Update,
    drafts: Sequence[SegmentDraft],
) -> None:
    """Write a planned update; `header` is the stored one, `drafts` are what `update.drafts` returns."""
    shifts = update.shifts(stored)
    values: dict[str, object] = {
        "message_count": stored.message_count + len(update.insertions),
        "prompt_count": session.c.prompt_count + prompt_count([insertion.row for insertion in update.insertions]),
    }
    new_title = None
    if not update.is_outdated:
        overwritten = _overwritten_columns(document, stored, header)
        new_title = document.title if "title" in overwritten else None
        values |= {**document_columns(document), **overwritten, **_version_columns(document, stored)}
    number = stored.number
    if shifts:
        # Index entries name positions, so they are stale under the old number from here on.
        [number] = await next_numbers(transaction, 1)
        values["number"] = number
    await transaction.execute(sa.update(session).where(session.c.id == document.id).values(values))
    if update.places is not None:
        await set_places(transaction, document.id, messages, update.places)
    if shifts:
        await _make_room(transaction, document.id, stored.message_count, update.insertions)
    await insert_messages(
        transaction,
        [(document.id, insertion.position + count, insertion.row) for count, insertion in enumerate(update.insertions)],
    )
    if update.insertions:
        # A result among them may answer an earlier call, and one that is inserted may change all pairs behind it.
        await replace_statistics(transaction, number, await recount(transaction, document.id))
    if shifts:
        await reindex(transaction, document.id, number, stored.title if new_title is None else new_title)
        return
    ids = entry_ids(number, stored.message_count, len(update.insertions))
    if new_title is not None:
        ids = np.concatenate([entry_ids(number, -1, 1), ids])
        drafts = [*draft_encoded([encode_entry([new_title])]), *drafts]
    await index_entries(transaction, ids, drafts)


async def insert_messages(transaction: Transaction, rows: Sequence[tuple[str, int, DocumentRow]]) -> None:
    """Insert messages, each with its session's id and its position."""
    if not rows:
        return
    convert = functools.partial(message_values, is_sqlite=transaction.is_sqlite)
    await transaction.insert(message, MESSAGE_COLUMNS, itertools.starmap(convert, rows))


def document_columns(document: Document) -> dict[str, object]:
    """The session's columns that each newest document sets."""
    count = len(document.transcript.messages)
    return {
        "source": document.source,
        "is_source_certain": document.is_source_certain,
        "workspace": document.workspace,
        "workspace_key": workspace_key(document.workspace),
        "model": document.model,
        "mode": document.mode,
        "system_prompt": document.system_prompt,
        "newest_count": count,
        "item_count": document.item_count,
        "total_tokens": document.total_tokens,
        "created_at": document.created_at,
        "updated_at": document.updated_at,
        "kind": document.kind,
        "parent_id": document.parent_id,
        "first_prompt": document.first_prompt,
        "agent_version": document.agent_version,
        "git_branch": document.git_branch,
        **{f"{name}_tokens": count for name, count in document.usage._asdict().items()},
        "recorded_cost": document.recorded_cost,
        "parser_version": document.parser_version,
        "saved_at": datetime.now(UTC),
        "header_hash": document.header_digest,
        "transcript_hash": document.transcript.digest(count),
        "header": dump(document.header),
    }


def _version_columns(document: Document, stored: StoredVersion) -> dict[str, object]:
    is_rewrite = not stored.is_prefix_of(document)
    is_longer = len(document.transcript.messages) > stored.newest_count
    return {
        "replaced": stored.replaced_by(document),
        "transcript_version": stored.transcript_version + (is_rewrite or is_longer),
        "transcript_rewrites": stored.transcript_rewrites + is_rewrite,
    }


def _overwritten_columns(document: Document, stored: StoredVersion, header: str) -> dict[str, object]:
    """The title and archive mark, if the agent changed them since the last import. A title given here always stays."""
    before, after = _metadata(load(header)), _metadata(document.header)
    values: dict[str, object] = {}
    if not stored.is_renamed and (before.get("title") != after.get("title") or stored.title == UNTITLED):
        values |= title_columns(document.title)
    if (before.get("archived") is True) != document.is_archived:
        values["is_archived"] = document.is_archived
    return values


def _metadata(header: object) -> dict[str, object]:
    assert isinstance(header, dict)
    metadata = header["metadata"]
    assert isinstance(metadata, dict)
    return metadata


async def set_places(
    transaction: Transaction, session_id: str, messages: Sequence[HasPlace], places: Sequence[int | None]
) -> None:
    """Give the stored messages from position 0 on other places."""
    runs = [
        {"own": session_id, "start": start, "end": end, "offset": offset}
        for start, end, offset in _changed_runs(messages, places)
    ]
    removed, moved = [run for run in runs if run["offset"] is None], [run for run in runs if run["offset"] is not None]
    if removed:
        await transaction.execute(_in_run.values(place=sa.null()), removed)
    if moved:
        await transaction.execute(_in_run.values(place=message.c.position - _offset), moved)


def _changed_runs(messages: Sequence[HasPlace], places: Sequence[int | None]) -> Iterator[tuple[int, int, int | None]]:
    """Runs of changed places, each with the offset of its positions from its places; None for no place."""
    start = end = 0
    offset: int | None = None
    for position, (before, place) in enumerate(zip(messages, places, strict=True)):
        if before.place == place:
            continue
        its_offset = None if place is None else position - place
        if position != end or its_offset != offset:
            if start < end:
                yield start, end, offset
            start, offset = position, its_offset
        end = position + 1
    if start < end:
        yield start, end, offset


async def _make_room(transaction: Transaction, session_id: str, count: int, insertions: Sequence[Insertion]) -> None:
    """Move stored messages behind the messages that are inserted before them."""
    # The number of insertions up to each place; they are sorted.
    shifts = {insertion.position: shift for shift, insertion in enumerate(insertions, 1) if insertion.position < count}
    starts = list(shifts)
    # By way of negative numbers, since each position is taken until its message has moved.
    moved = sa.update(message).where(message.c.session_id == session_id, message.c.position >= starts[0])
    await transaction.execute(moved.values(position=-1 - message.c.position))
    # Reversed: -1 - position.
    runs = [
        {"own": session_id, "start": -end, "end": -start, "offset": shifts[start] - 1}
        for start, end in zip(starts, [*starts[1:], count], strict=True)
    ]
    await transaction.execute(_in_run.values(position=_offset - message.c.position), runs)
