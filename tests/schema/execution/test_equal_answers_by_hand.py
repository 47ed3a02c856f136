"""Prepared operations and graphql-core give the same answers to operations that are hard to plan."""

import json
import re
from typing import Any

import pytest

from tests.support.client import SubscriptionError
from tests.support.http import GRAPHQL
from tests.support.operations.case import BOTH, BROKEN, DATA, ERRORS
from tests.support.operations.inputs import INPUTS
from tests.support.operations.request import KNOWN
from tests.support.operations.shapes import SHAPES
from tests.support.server import Served
from tests.support.twins import Answer, Twins, answer_of, check

CASES = SHAPES | INPUTS
WAYS: tuple[dict[str, Any], ...] = (
    {},
    {"accept": GRAPHQL, "extensions": {"cost": True}},
    {"method": "GET", "accept": "*/*"},
)
_ERROR_ID = re.compile('(?<="errorId": ")[0-9a-f]{32}')
BODIES: dict[str, Any] = {
    "a-batch": [{"query": "{ __typename }"}],
    "an-empty-object": {},
    "a-text": "{ __typename }",
    "nothing": None,
    "a-query-of-null": {"query": None},
    "variables-of-null": {"query": "{ __typename }", "variables": None, "operationName": None, "extensions": None},
    "variables-in-a-list": {"query": "{ __typename }", "variables": []},
    "an-operation-name-of-a-number": {"query": "{ __typename }", "operationName": 1},
    "an-empty-operation-name": {"query": "query A { __typename }", "operationName": ""},
    "extensions-in-a-text": {"query": "{ __typename }", "extensions": "cost"},
    "a-cost-of-one": {"query": "{ sessions { nodes { id } } }", "extensions": {"cost": 1}},
    "a-persisted-query": {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0"}}},
    "more-members": {"query": "{ __typename }", "x": 1},
}

pytestmark = [
    pytest.mark.usefixtures("collected"),
    # graphql-core cancels the fields beside a failed one, and drops what those were to await.
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
]


@pytest.mark.parametrize("name", CASES)
async def test_an_operation_is_answered_alike(both: Twins, name: str) -> None:
    case = CASES[name]
    for way in WAYS:
        for answer in await check(both, case.request(**way)):
            # GET refuses mutations and long URLs.
            assert has(answer) == case.has or "method" in way, answer


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name, case in CASES.items() if case.operation_name is None and case.has != BROKEN]
)
async def test_an_operation_is_answered_alike_over_a_websocket(both: Twins, name: str) -> None:
    request = CASES[name].request()
    for variables in request.variables:
        body = request.body(variables, both.names)
        answers = [
            await over_socket(server, body["query"], body.get("variables"))
            for server in (both.plain, both.prepared, both.prepared)
        ]

        assert answers[1] == answers[0]
        assert answers[2] == answers[0]


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_is_answered_alike(both: Twins, name: str) -> None:
    content, headers = json.dumps(BODIES[name]), {"content-type": "application/json", "accept": GRAPHQL}

    answers = [
        answer_of(await server.client.http.post("/graphql", content=content, headers=headers))
        for server in (both.plain, both.prepared, both.prepared)
    ]

    assert answers[1] == answers[0]
    assert answers[2] == answers[0]


def test_every_placeholder_in_a_case_is_defined() -> None:
    known = {*KNOWN.thread_ids, *(cursor for cursors in KNOWN.cursors.values() for cursor in cursors)}
    known |= {name for id in KNOWN.node_ids for name in re.findall("<[^>]+>", id)}
    text = " ".join(case.query for case in CASES.values())

    assert {part.split(">")[0] for part in text.split("<")[1:]} <= {name.strip("<>") for name in known}


def has(answer: Answer) -> str:
    value = answer.value
    if value is None:
        return BROKEN
    if value.get("data") is None:
        return ERRORS
    return BOTH if "errors" in value else DATA


async def over_socket(server: Served, query: str, variables: Any) -> str:
    """The results of an operation as text, with errors sorted by their paths."""
    try:
        messages: list[Any] = [message async for message in server.client.subscribe(query, variables)]
    except SubscriptionError as refusal:
        messages = [{"errors": refusal.errors}]
    for message in messages:
        message.get("errors", []).sort(key=lambda error: json.dumps(error.get("path")))
    return _ERROR_ID.sub("", json.dumps(messages))
