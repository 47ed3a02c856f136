"""Long lists in variables are refused before their values are coerced, so they do not hold the event loop."""

import json
from typing import Any

import pytest

from tests.conftest import Serve
from tests.support.watchdog import check_loop_is_free

FILTER = "query ($v: SessionFilter) { sessions(filter: $v) { totalCount } }"
FILTER_AND_MORE = 'query ($v: SessionFilter!) { search(query: "x", filter: $v) { totalCount } }'
MODELS = "query ($v: [String!]) { sessions(filter: {models: $v}) { totalCount } }"
STATES = "query ($v: [ResumeState!]) { resumeTasks(states: $v) { totalCount } }"
SCOPES = 'query ($v: [SearchScope!]!) { search(query: "x", scopes: $v) { totalCount } }'
ROLES = 'query ($v: [MessageRole!]) { session(id: "s") { messages(roles: $v) { totalCount } } }'


@pytest.mark.parametrize(
    ("query", "list_name", "value"),
    [
        (FILTER, "v.models", "m"),
        (FILTER_AND_MORE, "v.sources", "CODEWHALE"),
        (MODELS, "v", "m"),
        (STATES, "v", "READY"),
        (SCOPES, "v", "TITLE"),
        (ROLES, "v", "USER"),
        # Wrong values are not looked at.
        (ROLES, "v", None),
        (FILTER, "v.models", []),
    ],
)
async def test_a_long_list_is_refused(serve: Serve, query: str, list_name: str, value: Any) -> None:
    server = await serve(seed=False)

    def variables(count: int) -> dict[str, Any]:
        values = [value] * count
        return {"v": {list_name.removeprefix("v."): values} if "." in list_name else values}

    for _ in range(3):
        if isinstance(value, str):
            assert await server.client.data(query, **variables(1_000))
        answer = await server.client.execute(query, variables(1_001))
        assert answer.get("data") is None
        assert [(error["message"], error["extensions"]["code"]) for error in answer["errors"]] == [
            (f"The variable `{list_name}` has 1,001 values; 1,000 are allowed.", "BAD_USER_INPUT")
        ]


async def test_a_document_may_have_long_lists(serve: Serve) -> None:
    server = await serve(seed=False)
    query = "mutation ($v: ImportSessionInput!) { importSession(input: $v) { userErrors { code } } }"
    document = [{"type": "x"}] * 1_001
    data = await server.client.data(query, v={"document": document})
    assert [error["code"] for error in data["importSession"]["userErrors"]] == ["INVALID_VALUE"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"models": [f"m{number}" for number in range(100_000)]}, id="strings"),
        pytest.param({"models": [None] * 200_000}, id="nulls"),
        pytest.param({"sources": [7] * 400_000}, id="wrong values"),
        pytest.param({f"x{number}": 1 for number in range(70_000)}, id="unknown fields"),
        pytest.param({"models": "x" * 1_000_000}, id="one string"),
        pytest.param([[]] * 300_000, id="a list that should be an object"),
    ],
)
async def test_large_variables_do_not_hold_the_event_loop(serve: Serve, value: Any) -> None:
    server = await serve(seed=False)
    headers = {"content-type": "application/json"}

    bodies: dict[int, bytes] = {}

    # It takes as long as what is tested, on the same loop.
    async def encode(run: int) -> None:
        # A document of its own for each run: the cache has no plan of it.
        members = {"query": f"{FILTER} # {run}", "variables": {"v": value}}
        bodies[run] = json.dumps(members, separators=(",", ":")).encode()

    async def send(run: int) -> None:
        for _ in range(3):
            response = await server.client.http.post("/graphql", content=bodies[run], headers=headers)
            assert response.status_code in (200, 400)

    await check_loop_is_free(send, encode)
