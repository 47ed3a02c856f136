"""updateSession renames and archives sessions, and changes nothing else."""

import re
from typing import Any

from tests.conftest import Serve
from tests.support.documents import user, zagens
from tests.support.server import Served
from tests.support.sessions import imported, rows, run_sql, session, update_session
from tests.support.statements import statements

TITLE = zagens("s")["metadata"]["title"]


async def refusal(server: Served, **changes: Any) -> dict[str, Any]:
    payload = await update_session(server.client, "s", **changes)
    assert payload["session"] is None
    [error] = payload["userErrors"]
    found: dict[str, Any] = error
    return found


async def test_a_rename_is_returned_and_stored(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, zagens("s"))

    payload = await update_session(client, "  s\n", title="  A new title \t")

    assert payload["userErrors"] == []
    assert payload["session"]["title"] == "A new title"
    assert await session(client, "s") == payload["session"]


async def test_an_update_writes_metadata_only(serve: Serve) -> None:
    server = await serve(seed=False)
    [before] = await imported(server.client, zagens("s", messages=[user("a"), user("b")]))
    await run_sql(server, "UPDATE message SET size = -7")
    messages = await rows(server, "message")

    with statements(server) as ran:
        payload = await update_session(server.client, "s", title="Mine", isArchived=True)

    assert payload["session"] == {**before, "title": "Mine", "isArchived": True}
    assert payload["session"]["updatedAt"] == before["updatedAt"]
    assert not any(re.match(r"(INSERT INTO|UPDATE|DELETE FROM) message\b", statement) for statement in ran.writes)
    assert await rows(server, "message") == messages


async def test_null_and_omitted_fields_stay_unchanged(serve: Serve) -> None:
    server = await serve(seed=False)
    await imported(server.client, zagens("s"))
    await update_session(server.client, "s", title="Mine", isArchived=True)
    before = await rows(server)

    for changes in ({}, {"title": None}, {"isArchived": None}, {"title": None, "isArchived": None}):
        payload = await update_session(server.client, "s", **changes)

        assert (payload["session"]["title"], payload["session"]["isArchived"]) == ("Mine", True)
        assert await rows(server) == before
    assert (await update_session(server.client, "s", isArchived=False))["session"]["title"] == "Mine"


async def test_a_title_has_1_to_100_code_points_once_trimmed(serve: Serve) -> None:
    server = await serve(seed=False)
    await imported(server.client, zagens("s"))

    for title in ("", "   ", "\n", "x" * 101, "👍" * 101):
        error = await refusal(server, title=title)
        assert (error["code"], error["path"]) == ("INVALID_VALUE", ["title"]), title
    assert await session(server.client, "s", "title") == {"title": TITLE}
    for title in ("x", "x" * 100, "👍" * 100, " " * 50 + "x" * 100 + " " * 50):
        payload = await update_session(server.client, "s", title=title)
        assert payload["session"]["title"] == title.strip()


async def test_a_title_holds_no_control_or_bidirectional_override_characters(serve: Serve) -> None:
    server = await serve(seed=False)
    await imported(server.client, zagens("s"))

    for character in "\n\t\r\x1b\x7f\x85\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069":
        error = await refusal(server, title=f"a{character}b", isArchived=True)
        assert (error["code"], error["path"]) == ("INVALID_VALUE", ["title"]), repr(character)
    assert await session(server.client, "s", "title isArchived") == {"title": TITLE, "isArchived": False}
    # Joiners, marks and plain direction marks belong to how people write.
    for title in ("👩\u200d💻", "می\u200cخواهم", "a\u200fb", "e\u0301", "a\u00a0b"):
        assert (await update_session(server.client, "s", title=title))["session"]["title"] == title


async def test_a_lone_surrogate_in_a_title_is_replaced(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, zagens("s"))

    assert (await update_session(client, "s", title="a\ud800"))["session"]["title"] == "a\ufffd"


async def test_an_invalid_id_and_an_unknown_one_have_different_errors(serve: Serve) -> None:
    client = (await serve(seed=False)).client

    for id, code in (("s", "NOT_FOUND"), ("../s", "INVALID_ID"), ("", "INVALID_ID"), ("a" * 201, "INVALID_ID")):
        for changes in ({}, {"title": "Mine"}, {"isArchived": True}):
            payload = await update_session(client, id, **changes)

            assert payload["session"] is None
            assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [(code, ["sessionId"])]


async def test_all_errors_of_an_input_are_returned_together(serve: Serve) -> None:
    client = (await serve(seed=False)).client

    errors = (await update_session(client, "../s", title=""))["userErrors"]

    assert [(error["code"], error["path"]) for error in errors] == [
        ("INVALID_ID", ["sessionId"]),
        ("INVALID_VALUE", ["title"]),
    ]


async def test_an_archived_session_moves_to_the_other_list(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, zagens("a"), zagens("b"))
    listing = """{
      plain: sessions { nodes { id } }
      active: sessions(filter: {archived: ACTIVE}) { nodes { id } }
      archived: sessions(filter: {archived: ARCHIVED}) { nodes { id } }
      any: sessions(filter: {archived: ANY}, orderBy: {field: TITLE, direction: ASC}) { nodes { id } }
    }"""

    for is_archived, expected in ((True, ["b", "b", "a", "ab"]), (False, ["ba", "ba", "", "ab"])):
        await update_session(client, "a", isArchived=is_archived)

        found = await client.data(listing)

        assert ["".join(one["id"] for one in page["nodes"]) for page in found.values()] == expected
