"""Importing a session again updates only what changed."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Serve, postgresql_slow
from tests.support.documents import Document, assistant, codewhale, user, zagens
from tests.support.examples import examples
from tests.support.server import Served
from tests.support.sessions import (
    delete_session,
    exported,
    import_session,
    imported,
    rows,
    run_sql,
    session,
    strictly,
    update_session,
)
from tests.support.statements import statements
from tests.support.strategies import json_documents

LATER = "2027-01-01T00:00:00.000000Z"
MARK = "UPDATE message SET size = -7"


def conversation(length: int, **metadata: Any) -> Document:
    messages = [user(f"Question {n}") if n % 2 == 0 else assistant(f"Answer {n}") for n in range(length)]
    return zagens("s", messages=messages, **metadata)


async def sizes(server: Served) -> list[int]:
    """The `size` column, which no client reads: rows that MARK marked stay -7 until they are written again."""
    async with server.app.state.database.snapshot() as connection:
        found = await connection.connection.exec_driver_sql("SELECT size FROM message ORDER BY position")
        return [size for (size,) in found]


async def test_the_same_document_writes_no_row(serve: Serve) -> None:
    server = await serve(seed=False)
    await imported(server.client, conversation(5))
    before = await rows(server)

    with statements(server) as ran:
        payload = await import_session(server.client, conversation(5))

    assert payload["outcome"] == "UNCHANGED"
    assert payload["session"]["updatedAt"] == "2026-06-11T08:03:44.902000Z"
    assert ran.writes == []
    assert await rows(server) == before


async def test_key_order_is_not_a_change_but_the_type_of_a_number_is(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    document = conversation(2, cost={"turns": 1, "usd": 0.5})
    await imported(client, document)

    turned = {key: document[key] for key in reversed(document)}
    turned["metadata"] = {key: document["metadata"][key] for key in reversed(document["metadata"])}
    turned["messages"] = [{"content": one["content"], "role": one["role"]} for one in document["messages"]]
    assert (await import_session(client, turned))["outcome"] == "UNCHANGED"

    for turns in (1.0, True, "1", [1], None):
        assert (await import_session(client, conversation(2, cost={"turns": turns, "usd": 0.5})))[
            "outcome"
        ] == "UPDATED"


async def test_a_longer_document_writes_only_its_tail(serve: Serve) -> None:
    server = await serve(seed=False)
    await imported(server.client, conversation(5))
    await run_sql(server, MARK)

    payload = await import_session(server.client, conversation(8, updated_at=LATER))

    assert payload["outcome"] == "UPDATED"
    assert payload["session"]["messageCount"] == 8
    assert payload["session"]["updatedAt"] == LATER
    found = await sizes(server)
    assert found[:5] == [-7] * 5
    assert all(size > 0 for size in found[5:])
    assert strictly(await exported(server, "s")) == strictly(conversation(8, updated_at=LATER))


async def test_changed_metadata_alone_writes_no_message(serve: Serve) -> None:
    server = await serve(seed=False)
    await imported(server.client, conversation(3))
    await run_sql(server, MARK)

    payload = await import_session(server.client, conversation(3, model="other", total_tokens=7, updated_at=LATER))

    assert payload["outcome"] == "UPDATED"
    assert payload["session"]["model"] == "other"
    assert payload["session"]["totalTokens"] == 7
    assert await sizes(server) == [-7] * 3


async def test_a_shorter_or_changed_document_that_is_newer_is_exported(serve: Serve) -> None:
    server = await serve(seed=False)
    await imported(server.client, conversation(6))
    changed = conversation(4)
    changed["messages"][1]["content"][0]["text"] = "Another answer"
    changed_and_longer = conversation(9)
    changed_and_longer["messages"][0]["weight"] = 2

    count = 6
    for day, document in enumerate((conversation(4), changed, changed_and_longer, conversation(0), conversation(2))):
        document["metadata"]["updated_at"] = f"2027-01-0{day + 1}T00:00:00Z"
        payload = await import_session(server.client, document)

        assert payload["outcome"] == "UPDATED"
        assert payload["session"]["messageCount"] >= max(count, len(document["messages"]))
        count = payload["session"]["messageCount"]
        assert strictly(await exported(server, "s")) == strictly(document)
        assert (await import_session(server.client, document))["outcome"] == "UNCHANGED"


@postgresql_slow
@examples(12)
@given(versions=st.lists(json_documents(), min_size=2, max_size=4), cut=st.integers(0, 5))
async def test_any_newer_document_may_follow_any_other(server: Served, versions: list[Document], cut: int) -> None:
    versions.append({**versions[-1], "messages": versions[-1]["messages"][:cut]})
    versions.append(versions[-2])
    await delete_session(server.client, "s")
    for minute, version in enumerate(versions):
        updated_at = f"2027-01-01T00:{minute:02}:00Z"
        document = {**version, "metadata": {**version["metadata"], "id": "s", "updated_at": updated_at}}

        [found] = await imported(server.client, document)

        assert found["messageCount"] >= len(document["messages"])
        assert strictly(await exported(server, "s")) == strictly(document)


async def test_a_title_given_here_stays_through_imports_and_is_exported(serve: Serve) -> None:
    server = await serve(seed=False)
    await imported(server.client, conversation(2))
    await update_session(server.client, "s", title="Mine")

    assert (await import_session(server.client, conversation(2)))["outcome"] == "UNCHANGED"
    [found] = await imported(server.client, conversation(4, updated_at=LATER))

    assert found["title"] == "Mine"
    expected = conversation(4, updated_at=LATER)
    expected["metadata"]["title"] = "Mine"
    assert strictly(await exported(server, "s")) == strictly(expected)


async def test_a_title_that_the_agent_changed_is_taken_unless_a_person_gave_one(serve: Serve) -> None:
    server = await serve(seed=False)
    await imported(server.client, conversation(2))
    [found] = await imported(server.client, conversation(2, title="Theirs"))
    assert found["title"] == "Theirs"
    await update_session(server.client, "s", title="Mine")

    [found] = await imported(server.client, conversation(2, title="Theirs again"))

    assert found["title"] == "Mine"
    assert strictly(await exported(server, "s")) == strictly(conversation(2, title="Mine"))


async def test_a_document_of_another_agent_with_the_same_id_is_a_conflict(serve: Serve) -> None:
    server = await serve(seed=False)
    await imported(server.client, conversation(2))
    before = await rows(server)

    for payload in (
        await import_session(server.client, conversation(3), source="CODEWHALE"),
        await import_session(server.client, codewhale("s", messages=conversation(3)["messages"])),
    ):
        assert (payload["session"], payload["outcome"]) == (None, None)
        [error] = payload["userErrors"]
        assert (error["code"], error["path"]) == ("CONFLICT", ["document", "metadata", "id"])
        assert "CODEWHALE" in error["message"]
    assert await rows(server) == before


async def test_a_session_archived_here_stays_archived_until_the_agent_changes_the_mark(serve: Serve) -> None:
    server = await serve(seed=False)
    plain, archived = codewhale("s", messages=[user("a")]), codewhale("s", messages=[user("a")], archived=True)
    await imported(server.client, plain)
    await update_session(server.client, "s", isArchived=True)

    assert (await import_session(server.client, plain))["outcome"] == "UNCHANGED"
    [longer] = await imported(server.client, codewhale("s", messages=[user("a"), user("b")]))
    assert longer["isArchived"]
    assert (await exported(server, "s"))["metadata"]["archived"] is True

    for document, is_archived in ((archived, True), (plain, False)):
        document["metadata"]["updated_at"] = LATER
        [found] = await imported(server.client, document)
        assert found["isArchived"] is is_archived
        assert strictly(await exported(server, "s")) == strictly(document)


async def test_an_untitled_session_takes_its_title_from_the_first_prompt_imported_later(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    [silent] = await imported(client, zagens("s", ""))
    [spoken] = await imported(client, zagens("s", "", messages=[user("Why?")]))
    [later] = await imported(client, zagens("s", "", messages=[user("How?")]))

    assert [one["title"] for one in (silent, spoken, later)] == ["New Session", "Why?", "Why?"]


async def test_importing_a_deleted_session_creates_it_again(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, conversation(2))
    await update_session(client, "s", title="Mine", isArchived=True)
    await client.data('mutation { deleteSession(input: {sessionId: "s"}) { deletedSessionId } }')

    payload = await import_session(client, conversation(2))

    assert payload["outcome"] == "CREATED"
    assert payload["session"]["title"] == conversation(2)["metadata"]["title"]
    assert payload["session"]["isArchived"] is False
    assert await session(client, "s", "messageCount") == {"messageCount": 2}
