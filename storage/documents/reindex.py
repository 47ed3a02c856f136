"""Indexes all messages of a session again, from their stored contents."""

import sqlalchemy as sa

from storage.cancellation import run_in_cancellable_thread
from storage.database.tables.message import message
from storage.database.transaction import Transaction
from storage.json_codec import load
from storage.records.searched_text import content_texts
from storage.search.index.drafts import draft_entries
from storage.search.index.entries import entry_ids
from storage.search.index.segment_store import index_entries

_BATCH = 500
_contents = (
    sa.select(message.c.content)
    .where(message.c.session_id == sa.bindparam("session_id"), message.c.position >= sa.bindparam("start"))
    .order_by(message.c.position)
    .limit(_BATCH)
)


async def reindex(transaction: Transaction, session_id: str, number: int, title: str) -> None:
    """Add the title and all messages to the index under a number that has no entries yet."""
    drafts = await run_in_cancellable_thread(draft_entries, [[title]])
    await index_entries(transaction, entry_ids(number, -1, 1), drafts)
    start = 0
    while True:
        contents = (await transaction.execute(_contents, {"session_id": session_id, "start": start})).scalars().all()
        if not contents:
            return
        ids = entry_ids(number, start, len(contents))
        texts = [content_texts(load(content)) for content in contents[: len(ids)]]
        await index_entries(transaction, ids, await run_in_cancellable_thread(draft_entries, texts))
        start += len(contents)
