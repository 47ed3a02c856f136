"""Pages of `sessions`: their arguments, their pageInfo and their cursors."""

import base64
import itertools
import json
from typing import Any

import pytest

from tests.conftest import Serve
from tests.support.client import Client
from tests.support.documents import zagens
from tests.support.sessions import imported, saved_together
from tests.support.statements import statements

PAGE = """query (
  $first: Int, $after: String, $last: Int, $before: String, $filter: SessionFilter
  $orderBy: SessionOrder = {field: TITLE, direction: ASC}
) {
  sessions(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    edges { cursor node { id } }
    nodes { id }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}"""
IDS = "abcdefg"


async def page(client: Client, **arguments: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await client.data(PAGE, **arguments))["sessions"]
    return found


async def refusal(client: Client, **arguments: Any) -> str:
    answer = await client.execute(PAGE, arguments)
    assert answer["data"] == {"sessions": None}
    [error] = answer["errors"]
    assert error["path"] == ["sessions"]
    code: str = error["extensions"]["code"]
    return code


def ids(found: dict[str, Any]) -> str:
    return "".join(one["id"] for one in found["nodes"])


async def seven(client: Client) -> dict[str, str]:
    """Seven sessions, and the cursor of each."""
    await imported(client, *(zagens(id, f"Title {id}") for id in IDS))
    found = await page(client, first=500)
    return {edge["node"]["id"]: edge["cursor"] for edge in found["edges"]}


@pytest.mark.slow
async def test_page_info_says_whether_pages_follow_and_precede(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    cursors = await seven(client)

    for after, before in itertools.product((None, *range(7)), repeat=2):
        start = 0 if after is None else after + 1
        end = 7 if before is None else before
        span = IDS[start:end] if start < end else ""
        for size, way in itertools.product((1, 3, 10), ("first", "last")):
            found = await page(
                client,
                **{way: size},
                after=None if after is None else cursors[IDS[after]],
                before=None if before is None else cursors[IDS[before]],
            )

            expected = span[:size] if way == "first" else span[-size:]
            assert ids(found) == expected
            assert [edge["node"]["id"] for edge in found["edges"]] == list(expected)
            assert [edge["cursor"] for edge in found["edges"]] == [cursors[id] for id in expected]
            assert found["totalCount"] == 7
            info = found["pageInfo"]
            if not expected:
                assert (info["startCursor"], info["endCursor"]) == (None, None)
                continue
            assert (info["startCursor"], info["endCursor"]) == (cursors[expected[0]], cursors[expected[-1]])
            assert info["hasPreviousPage"] is (expected[0] != IDS[0]), (after, before, size, way)
            assert info["hasNextPage"] is (expected[-1] != IDS[-1]), (after, before, size, way)


async def test_page_info_of_an_empty_page_says_whether_pages_follow_and_precede(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    assert (await page(client))["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }
    cursors = await seven(client)

    end = (await page(client, first=3, after=cursors["g"]))["pageInfo"]
    start = (await page(client, last=3, before=cursors["a"]))["pageInfo"]

    assert (end["hasPreviousPage"], end["hasNextPage"]) == (True, False)
    assert (start["hasPreviousPage"], start["hasNextPage"]) == (False, True)


async def test_page_sizes_are_clamped_to_1_to_500_and_default_to_50(serve: Serve) -> None:
    server = await serve(seed=False)
    await saved_together(server, *(zagens(f"s{n}") for n in range(501)))

    sizes = [{}, {"first": 0}, {"last": 0}, {"first": 500}, {"first": 501}, {"last": 501}, {"first": 2**31 - 1}]
    found = [len((await page(server.client, **size))["nodes"]) for size in sizes]

    assert found == [50, 1, 1, 500, 500, 500, 500]
    assert len((await page(server.client, first=None, last=None))["nodes"]) == 50


async def test_contradictory_arguments_are_refused(serve: Serve) -> None:
    client = (await serve(seed=False)).client

    sizes: list[dict[str, int]] = [{"first": -1}, {"last": -1}, {"first": 1, "last": 1}, {"first": 0, "last": 0}]
    for arguments in sizes:
        assert await refusal(client, **arguments) == "BAD_USER_INPUT", arguments
    for garbage in ("", "x", "é", "////", "W10", "e30", "bnVsbA", "eyJhIjoxfQ", "\x00", "\ud800", "x" * 10_000):
        assert await refusal(client, after=garbage) == "BAD_USER_INPUT", garbage
        assert await refusal(client, before=garbage) == "BAD_USER_INPUT", garbage


async def test_a_cursor_is_valid_in_its_own_list_only(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    cursor = (await seven(client))["c"]
    messages = await client.data(
        """mutation ($document: JSON!) { importSession(input: {document: $document}) {
          session { messages { pageInfo { endCursor } } }
        } }""",
        document=zagens("m", messages=[{"role": "user", "content": "a"}]),
    )
    foreign = messages["importSession"]["session"]["messages"]["pageInfo"]["endCursor"]

    others: list[dict[str, Any]] = [
        {"orderBy": {"field": "TITLE", "direction": "DESC"}},
        {"orderBy": {"field": "CREATED_AT", "direction": "ASC"}},
        {"filter": {"archived": "ANY"}},
        {"filter": {"titleContains": "t"}},
        {"filter": {"models": []}},
        {"filter": {"createdAt": {"from": "2026-01-01T00:00:00Z"}}},
    ]
    for arguments in others:
        assert await refusal(client, after=cursor, **arguments) == "BAD_USER_INPUT", arguments
        assert await refusal(client, before=cursor, **arguments) == "BAD_USER_INPUT", arguments
    assert await refusal(client, after=foreign) == "BAD_USER_INPUT"
    # The same list, said in other words.
    assert ids(await page(client, after=cursor, first=1, filter={"archived": "ACTIVE", "models": None})) == "d"


async def test_a_cursor_stays_valid_when_its_session_is_deleted(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    cursors = await seven(client)
    await client.data('mutation { deleteSession(input: {sessionId: "c"}) { deletedSessionId } }')

    assert ids(await page(client, after=cursors["c"])) == "defg"
    assert ids(await page(client, before=cursors["c"])) == "ab"


@pytest.mark.slow
async def test_a_forged_cursor_is_never_an_internal_error(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await seven(client)
    keys = ["\x00", "\ud800", 2**31, 2**62, 2**63, 2**70, True, None, 1.5, [], {}, "2026-01-01", "2026-01-01T00:00:00"]
    keys += ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-10:00", "x" * 5000]

    for field in ("TITLE", "UPDATED_AT", "MESSAGE_COUNT", "TOTAL_TOKENS"):
        order = {"field": field, "direction": "ASC"}
        own = (await page(client, first=1, orderBy=order))["pageInfo"]["endCursor"]
        fingerprint = json.loads(base64.urlsafe_b64decode(own + "==="))[0]
        for key in keys:
            for forged in ([fingerprint, key, "x"], [fingerprint, key], [fingerprint, key, "\x00"], [key, key, key]):
                cursor = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode()
                answer = await client.execute(PAGE, {"after": cursor, "orderBy": order})
                codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
                assert codes <= {"BAD_USER_INPUT"}, (field, forged)


async def test_the_list_is_counted_only_when_total_count_is_selected(serve: Serve) -> None:
    server = await serve(seed=False)
    await seven(server.client)

    with statements(server) as ran:
        await server.client.data(
            "{ sessions { nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage } } }"
        )
    assert len(ran) == 1
    assert not any("count(" in statement.lower() for statement in ran)

    with statements(server) as ran:
        await server.client.data("{ sessions { totalCount nodes { id } } }")
    assert len(ran) == 2
