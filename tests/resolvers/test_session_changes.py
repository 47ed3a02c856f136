"""The subscription to changes of sessions: every change, in order, and which changes pass a filter."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.change import tombstone
from storage.database.tables.session import session as session_table
from storage.database.types import clock
from storage.documents.formats import read_document
from storage.documents.imports import import_document, import_documents
from storage.records.session_change import PAGE
from tests.conftest import Serve
from tests.support.changes import CHANGES, PATIENCE, change_seq, changes
from tests.support.client import SubscriptionError
from tests.support.documents import assistant, codewhale, user, zagens
from tests.support.resumes import resumed
from tests.support.server import Served
from tests.support.sessions import delete_session, imported, run_sql, saved, session, update_session


@pytest.fixture
async def here(serve: Serve) -> Served:
    """A server that seeds nothing."""
    return await serve(seed=False)


async def test_every_kind_of_change_is_sent_in_order_and_seq_rises(here: Served) -> None:
    client = here.client
    async with changes(client, since=0) as stream:
        await imported(client, zagens("s1", messages=[user("a")]))
        first = await stream.next()
        assert (first["kind"], first["session"]["title"]) == ("CREATED", "Why does the export skip Feb 29?")
        await imported(client, zagens("s1", messages=[user("a"), assistant("b")]))
        second = await stream.next()
        await update_session(client, "s1", title="Renamed")
        third = await stream.next()
        await update_session(client, "s1", isArchived=True)
        fourth = await stream.next()
        await resumed(client, "s1")
        fifth = await stream.next()
        await delete_session(client, "s1")
        last = await stream.next()
    between = [second, third, fourth, fifth]
    assert [change["kind"] for change in between] == ["UPDATED"] * 4
    assert (third["session"]["title"], fourth["session"]["isArchived"]) == ("Renamed", True)
    assert (last["kind"], last["sessionId"], last["session"]) == ("DELETED", "s1", None)
    seqs = [change["seq"] for change in (first, *between, last)]
    assert seqs == sorted(set(seqs))
    times = [change["session"]["savedAt"] for change in (first, *between)]
    assert times == sorted(set(times))


async def test_changes_before_the_subscription_are_sent_from_since_on(here: Served) -> None:
    client = here.client
    await imported(client, zagens("s1"), zagens("s2"))
    since = await change_seq(client)
    await imported(client, zagens("s3"), zagens("s4"), zagens("s5"))
    await update_session(client, "s1", title="Renamed")
    await delete_session(client, "s4")
    async with changes(client, since=since) as stream:
        assert await stream.kinds(4) == [("CREATED", "s3"), ("CREATED", "s5"), ("UPDATED", "s1"), ("DELETED", "s4")]


async def test_without_since_only_later_changes_are_sent(here: Served) -> None:
    client = here.client
    await imported(client, zagens("s1"))

    async def rename() -> None:
        for number in range(100):
            await update_session(client, "s1", title=f"Renamed {number}")
            await asyncio.sleep(0.05)

    async with changes(client) as stream:
        renaming = asyncio.create_task(rename())
        change = await stream.next()
        renaming.cancel()
    assert (change["kind"], change["seq"] > 1) == ("UPDATED", True)


async def test_a_session_that_is_deleted_and_imported_again_is_created(here: Served) -> None:
    client = here.client
    await imported(client, zagens("s1"))
    since = await change_seq(client)
    await delete_session(client, "s1")
    async with changes(client, since=since) as stream:
        assert await stream.kinds(1) == [("DELETED", "s1")]
        await imported(client, zagens("s1"))
        assert await stream.kinds(1) == [("CREATED", "s1")]
    async with changes(client, since=since) as stream:
        assert await stream.kinds(1) == [("CREATED", "s1")]


async def test_an_import_that_changes_nothing_is_no_change(here: Served) -> None:
    client = here.client
    await imported(client, zagens("s1", messages=[user("a")]))
    since = await change_seq(client)
    await imported(client, zagens("s1", messages=[user("a")]))
    await update_session(client, "s1")
    await update_session(client, "nobody", title="Renamed")
    await delete_session(client, "nobody")
    assert await change_seq(client) == since


@pytest.mark.slow
async def test_a_batch_takes_a_number_for_each_session(here: Served) -> None:
    documents = [read_document(zagens(f"s{number:03}")) for number in range(3 * PAGE + 1)]
    await import_documents(here.app.state.database, documents)
    async with changes(here.client, since=0) as stream:
        received = [await stream.next() for _ in documents]
    assert [change["seq"] for change in received] == list(range(1, len(documents) + 1))
    assert [change["sessionId"] for change in received] == [document.id for document in documents]
    assert {change["kind"] for change in received} == {"CREATED"}


async def test_a_session_that_was_created_and_changed_since_is_created_on_every_page(here: Served) -> None:
    documents = [read_document(zagens(f"s{number:03}")) for number in range(PAGE + 1)]
    await import_documents(here.app.state.database, documents)
    await update_session(here.client, "s000", title="Renamed")
    async with changes(here.client, since=0) as stream:
        received = [await stream.next() for _ in documents]
    assert {change["kind"] for change in received} == {"CREATED"}
    assert received[-1]["sessionId"] == "s000"


async def test_a_transaction_that_changes_and_deletes_takes_a_number_for_each(here: Served) -> None:
    await imported(here.client, zagens("s1"))
    since = await change_seq(here.client)
    async with here.app.state.database.write() as transaction:
        await transaction.execute(sa.update(session_table).values(note="Changed."))
        await transaction.execute(sa.insert(tombstone).values(session_id="s2", source="ZAGENS", deleted_at=clock()))
    async with changes(here.client, since=since) as stream:
        received = [await stream.next() for _ in range(2)]
    assert sorted(change["seq"] for change in received) == [since + 1, since + 2]
    assert {(change["kind"], change["sessionId"]) for change in received} == {("UPDATED", "s1"), ("DELETED", "s2")}
    assert await change_seq(here.client) == since + 2


async def test_a_change_by_another_process_is_sent(here: Served, database_url: str) -> None:
    async with changes(here.client, since=0) as stream, Database(database_url, listens=False) as elsewhere:
        waiting = asyncio.create_task(stream.next())
        await asyncio.sleep(0.2)
        await import_document(elsewhere, read_document(zagens("s1")))
        assert (await waiting)["sessionId"] == "s1"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_change_by_another_process_is_sent_by_polling(serve: Serve, database_url: str) -> None:
    here = await serve(seed=False, poll_seconds=0.05)
    async with changes(here.client, since=0) as stream, Database(database_url, poll_seconds=1, listens=False) as there:
        waiting = asyncio.create_task(stream.next())
        await asyncio.sleep(0.2)
        await import_document(there, read_document(zagens("s1")))
        assert (await waiting)["sessionId"] == "s1"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_transaction_that_began_first_and_commits_last_is_not_skipped(here: Served) -> None:
    database: Database = here.app.state.database
    await saved(here, zagens("s1"), zagens("s2"))
    since = await change_seq(here.client)
    async with changes(here.client, since=since) as stream:
        async with database.write() as slow:
            await slow.execute(_touch("s1"))
            await update_session(here.client, "s2", title="Renamed")
            assert await stream.kinds(1) == [("UPDATED", "s2")]
        assert await stream.kinds(1) == [("UPDATED", "s1")]


def _touch(id: str) -> sa.Update:
    return sa.update(session_table).where(session_table.c.id == id).values(mode="plan")


@pytest.mark.parametrize("since", [2, 6])
async def test_a_since_with_unknown_changes_after_it_is_refused(here: Served, since: int) -> None:
    await imported(here.client, *(zagens(f"s{number}") for number in range(5)))
    await run_sql(here, "UPDATE change_counter SET first = 3")
    with pytest.raises(SubscriptionError, match="Load the list again"):
        async with changes(here.client, since=since) as stream:
            await stream.next()
    for known in (0, 3):
        async with changes(here.client, since=known) as stream:
            assert await stream.kinds(1) == [("CREATED", f"s{known}")]


async def test_a_stream_ends_where_the_database_has_lost_changes_that_it_sent(here: Served) -> None:
    """As a standby that lacks the last changes does when it takes over: their numbers are used again."""
    client = here.client
    await imported(client, *(zagens(f"s{number}") for number in range(3)))
    async with aclosing(client.subscribe(CHANGES, {"since": 0})) as payloads, asyncio.timeout(PATIENCE):
        for _ in range(3):
            await anext(payloads)
        await run_sql(here, "UPDATE change_counter SET last = 1")
        await update_session(client, "s1", title="Renamed")
        [error] = (await anext(payloads))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "Load the list again" in error["message"]
    since = await change_seq(client)
    async with changes(client, since=since) as stream:
        await update_session(client, "s2", title="Renamed")
        assert (await stream.next())["sessionId"] == "s2"


FILTERS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "archived": ({"archived": "ACTIVE"}, {"isArchived": False}, {"isArchived": True}),
    "title": ({"archived": "ANY", "titleContains": "BLUE"}, {"title": "Light blue"}, {"title": "Green"}),
    "starred": ({"isStarred": True}, {"isStarred": True}, {"isStarred": False}),
    "tags": ({"tags": ["b", "a"]}, {"tags": ["a", "c", "b"]}, {"tags": ["a"]}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FILTERS)
async def test_a_filter_passes_changes_of_sessions_that_match_before_or_after(here: Served, name: str) -> None:
    chosen, matching, other = FILTERS[name]
    client = here.client
    await imported(client, zagens("s1"), zagens("end"))
    await update_session(client, "s1", **other)
    await update_session(client, "end", **matching)
    since = await change_seq(client)
    async with changes(client, since=since, filter=chosen) as stream:
        await update_session(client, "s1", **other)
        await update_session(client, "s1", **matching)
        assert await stream.kinds(1) == [("UPDATED", "s1")]
        await update_session(client, "s1", **other)
        assert await stream.kinds(1) == [("UPDATED", "s1")]
        await update_session(client, "s1", **other)
        await update_session(client, "end", note="The last one.")
        assert await stream.kinds(1) == [("UPDATED", "end")]


async def test_filters_by_source_model_workspace_and_time_pass_only_what_matches(here: Served) -> None:
    client = here.client
    inside: dict[str, Any] = {
        "model": "m1",
        "mode": "plan",
        "workspace": "/work/shop/api",
        "updated_at": "2026-07-01T00:00:00Z",
    }
    chosen = {
        "sources": ["CODEWHALE"],
        "models": ["m1", "m2"],
        "workspaceWithin": "/work/shop",
        "updatedAt": {"from": "2026-06-30T00:00:00Z"},
        "savedAt": {"from": "2026-01-01T00:00:00Z"},
        "kinds": ["MAIN"],
        "modes": ["plan"],
    }
    async with changes(client, since=0, filter=chosen) as stream:
        await imported(client, zagens("other-source", **inside))
        await imported(client, codewhale("other-model", **{**inside, "model": "m3"}))
        await imported(client, codewhale("other-workspace", **{**inside, "workspace": "/work/shopping"}))
        await imported(client, codewhale("other-time", **{**inside, "updated_at": "2026-06-01T00:00:00Z"}))
        await imported(client, codewhale("other-mode", **{**inside, "mode": "agent"}))
        await imported(client, codewhale("fork", **inside, parent_session_id="s1", forked_from_message_count=1))
        await imported(client, codewhale("s1", **inside))
        assert await stream.kinds(1) == [("CREATED", "s1")]
        await imported(client, codewhale("s1", messages=[user("a")], **{**inside, "model": "m3"}))
        assert await stream.kinds(1) == [("UPDATED", "s1")]
        await delete_session(client, "other-source")
        await delete_session(client, "other-model")
        assert await stream.kinds(1) == [("DELETED", "other-model")]


async def test_a_session_that_changed_several_times_since_is_sent_when_it_may_have_matched(here: Served) -> None:
    client = here.client
    await imported(client, zagens("s1", "Blue"))
    since = await change_seq(client)
    await update_session(client, "s1", title="Green")
    await update_session(client, "s1", title="Red")
    async with changes(client, since=since, filter={"titleContains": "blue"}) as stream:
        assert await stream.kinds(1) == [("UPDATED", "s1")]


@pytest.mark.slow
async def test_many_subscribers_get_every_session_while_a_batch_is_imported(here: Served) -> None:
    count = 2 * PAGE

    async def receive() -> set[str]:
        async with changes(here.client, since=0) as stream:
            return {(await stream.next())["sessionId"] for _ in range(count)}

    following = [asyncio.create_task(receive()) for _ in range(20)]
    await saved(here, *(zagens(f"s{number}") for number in range(count)))
    async with asyncio.timeout(PATIENCE):
        assert {len(ids) for ids in await asyncio.gather(*following)} == {count}


async def test_saved_at_rises_with_each_change_and_sorts(here: Served) -> None:
    client = here.client
    await imported(client, zagens("s1"), zagens("s2"), zagens("s3"))
    await update_session(client, "s2", title="Renamed")
    data = await client.data("{ sessions(orderBy: {field: SAVED_AT}) { nodes { id savedAt updatedAt } } }")
    assert [node["id"] for node in data["sessions"]["nodes"]] == ["s2", "s3", "s1"]
    assert (await session(client, "s2", "updatedAt")) == {"updatedAt": "2026-06-11T08:03:44.902000Z"}


async def test_saved_at_does_not_go_back_with_the_clock(here: Served) -> None:
    await imported(here.client, zagens("s1"))
    ahead = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    async with here.app.state.database.write() as transaction:
        await transaction.execute(sa.update(session_table).values(saved_at=ahead))
    await update_session(here.client, "s1", title="Renamed")
    data = await here.client.data('{ session(id: "s1") { savedAt } }')
    assert datetime.fromisoformat(data["session"]["savedAt"]) == ahead
