"""After any sequence of imports, renames, archivings and deletes the index is consistent with the rows."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.doctor.doctor import examine
from storage.documents.formats import read_document
from storage.documents.imports import import_document
from storage.json_codec import storable
from storage.search.index.entries import entry_positions, entry_session_numbers
from storage.search.index.verification import read_indexed_entries
from tests.support.documents import Document
from tests.support.examples import examples
from tests.support.searches import FRAGMENTS, texts_of
from tests.support.server import Served
from tests.support.sessions import rows
from tests.support.stored_sessions import delete_session, update_session
from tests.support.strategies import json_documents

IDS = ["s0", "s1", "s2"]

ids = st.sampled_from(IDS)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("import"), ids, json_documents()),
        st.tuples(st.just("longer"), ids, json_documents()),
        st.tuples(st.just("shorter"), ids, st.integers(0, 3)),
        st.tuples(st.just("rename"), ids, texts_of(FRAGMENTS).map(lambda text: text.strip() or "x")),
        st.tuples(st.just("archive"), ids, st.booleans()),
        st.tuples(st.just("delete"), ids, st.none()),
    ),
    min_size=1,
    max_size=10,
)


async def happen(server: Served, known: dict[str, Document], step: tuple[str, str, Any]) -> None:
    database = server.app.state.database
    kind, id, what = step
    match kind:
        case "import":
            known[id] = {**what, "metadata": {**what["metadata"], "id": id}}
        case "longer":
            before = known.get(id, {**what, "metadata": {**what["metadata"], "id": id}})
            known[id] = {**before, "messages": [*before["messages"], *what["messages"]]}
        case "shorter" if id in known:
            known[id] = {**known[id], "messages": known[id]["messages"][:what]}
        case "rename":
            await update_session(database, id, storable_title(what), None)
        case "archive":
            await update_session(database, id, None, what)
        case "delete":
            await delete_session(database, id)
            known.pop(id, None)
    if kind in {"import", "longer", "shorter"} and id in known:
        await import_document(database, read_document(storable(known[id])))


def storable_title(title: str) -> str:
    text = storable(title)
    assert isinstance(text, str)
    return text


@pytest.mark.slow
@examples(10)
@given(sequence=steps)
async def test_the_index_is_consistent_after_each_step(
    servers: list[Served], sequence: list[tuple[str, str, Any]]
) -> None:
    for server in servers:
        known: dict[str, Document] = {}
        for id in IDS:
            await delete_session(server.app.state.database, id)
        for step in sequence:
            await happen(server, known, step)
            assert [finding.text async for finding in examine(server.app.state.database)] == []
    # Both databases have the same index, but for session numbers and entries of deleted sessions.
    first, second = [await indexed(server) for server in servers]
    assert first == second


async def indexed(server: Served) -> list[tuple[int, int]]:
    """Position and checksum of each entry of the sessions that exist."""
    entries = await read_indexed_entries(server.app.state.database)
    exists = np.isin(entry_session_numbers(entries.ids), [row.number for row in await rows(server, "session")])
    ids, checksums = entries.ids[exists], entries.checksums[exists]
    return sorted(zip(entry_positions(ids).tolist(), checksums.tolist(), strict=True))
