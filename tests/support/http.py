"""Unusual HTTP requests."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from httpx2 import Response

from tests.support.server import Served

JSON = {"content-type": "application/json"}
GRAPHQL = "application/graphql-response+json"
OPERATION = '{"query": "{ __typename }"}'
DATA = {"data": {"__typename": "Query"}}


async def post(server: Served, body: Any = OPERATION, headers: Mapping[str, str] | None = None) -> Response:
    """POST a body: text, bytes, or an iterator of bytes, which is sent without a length."""
    return await server.client.http.post("/graphql", content=body, headers={**JSON, **(headers or {})})


async def post_operation(server: Served, query: str, **variables: Any) -> Response:
    return await post(server, json.dumps({"query": query, "variables": variables}))


async def get(server: Served, headers: Mapping[str, str] | None = None, **parameters: str) -> Response:
    return await server.client.http.get("/graphql", params=parameters, headers=headers)


def refusal(response: Response) -> tuple[int, str]:
    """The status and the code of an error response, which must be a GraphQL response without data."""
    assert response.headers["content-type"].endswith("json; charset=utf-8")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    body = response.json()
    assert body.keys() == {"errors"}
    [error] = body["errors"]
    assert error["message"]
    code: str = error["extensions"]["code"]
    return response.status_code, code


async def pieces(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    """A body that is sent in chunks, without a length."""
    for part in parts:
        yield part
