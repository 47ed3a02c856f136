"""Whatever comes in over HTTP, the server answers, says what was wrong with it, and stays well."""

import json
import socket
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from select import select
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clients import samples
from tests.support.endurance import Endurance, check_errors
from tests.support.fuzz import broken, documents, operations, values
from tests.support.spawned import Spawned

pytestmark = pytest.mark.slow

PATIENCE = 60
MOMENT = 0.1
_MEDIA_TYPES = (
    "application/json",
    "application/json; charset=utf-8",
    "application/json; charset=utf-16",
    "application/json; charset=",
    "application/graphql",
    "application/graphql-response+json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json',
    "text/event-stream",
    "text/event-stream",
    "text/plain",
    "text/html",
    "*/*",
    "application/*;q=0.5, text/html;q=nan",
    "",
    ";;=",
)
_ACCEPTED = ("application/json", "application/graphql-response+json", "*/*", "application/*;q=0.5, text/html;q=nan")
_METHODS = (*("GET", "POST") * 5, "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY", "get", "¿")
_HEADERS = (
    *("accept", "authorization", "connection", "content-encoding", "content-length", "content-type", "cookie"),
    *("expect", "forwarded", "host", "if-none-match", "origin", "range", "sec-websocket-version", "te"),
    *("traceparent", "transfer-encoding", "upgrade", "x-forwarded-for", "x-request-id"),
)
_VALUES = (
    *("0", "-1", "99999999999999999999", "chunked", "gzip", "websocket", "Upgrade", "close", "100-continue", "null"),
    *("http://localhost:3000", "http://[::1", "localhost:99999", "[::1]:x", "Bearer", "Bearer \xff", "00-0-0-0"),
)

WHOLE = (
    b"POST /graphql?query HTTP/1.1\r\n"
    b"Host: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'1a\r\n{"query": "{ __typename }"}\r\n0\r\n\r\n'
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spawned]:
    with samples(tmp_path_factory.mktemp("fuzz"), seed=False) as server:
        yield server


@pytest.fixture(scope="module")
def endurance(server: Spawned) -> Iterator[Endurance]:
    endurance = Endurance(server)
    yield endurance
    endurance.check()


@given(body=operations(), accept=st.sampled_from(_ACCEPTED * 5 + _MEDIA_TYPES))
def test_any_json_is_answered_with_json(server: Spawned, endurance: Endurance, body: Any, accept: str) -> None:
    content = json.dumps(body).encode()

    answer = asked(server, request("POST", "/graphql", {"content-type": "application/json", "accept": accept}, content))

    assert answer is not None
    check(answer)
    endurance.check_log()


@given(
    body=st.one_of(st.binary(max_size=200), operations().map(json.dumps).map(str.encode).flatmap(broken)),
    content_type=st.sampled_from(_MEDIA_TYPES[:2] * 10 + _MEDIA_TYPES),
    accept=st.sampled_from(_ACCEPTED * 5 + _MEDIA_TYPES),
)
def test_any_bytes_of_any_media_type_are_answered_with_json(
    server: Spawned, endurance: Endurance, body: bytes, content_type: str, accept: str
) -> None:
    answer = asked(server, request("POST", "/graphql", {"content-type": content_type, "accept": accept}, body))

    assert answer is not None
    check(answer)
    endurance.check_log()


@given(
    parameters=st.fixed_dictionaries(
        {"query": documents()},
        optional={
            "variables": values().map(json.dumps) | st.just('{"id": "nobody", "first": 1}') | st.text(max_size=20),
            "operationName": st.text(max_size=20),
            "extensions": values().map(json.dumps),
            "x": st.text(max_size=20),
        },
    ),
    accept=st.sampled_from(_ACCEPTED),
)
def test_any_parameters_of_an_address_are_answered_with_json(
    server: Spawned, endurance: Endurance, parameters: dict[str, str], accept: str
) -> None:
    address = f"/graphql?{urlencode(parameters, errors='surrogatepass')}"

    answer = asked(server, request("GET", address, {"accept": accept}))

    assert answer is not None
    check(answer)
    endurance.check_log()


@given(
    method=st.sampled_from(_METHODS),
    address=st.one_of(
        st.sampled_from(["/graphql"] * 3 + ["/graphql?query={__typename}"] * 3),
        st.sampled_from(
            [
                "/",
                "/graphql/",
                "/healthz",
                "/readyz",
                "/metrics",
                "/graphql?query",
                "/graphql?query=%ff%00",
                "//",
                "*",
                "/../x",
            ]
        ),
        st.text(st.characters(codec="latin-1", exclude_characters=" \r\n"), min_size=1, max_size=20),
    ),
    headers=st.dictionaries(
        st.sampled_from(_HEADERS),
        st.one_of(
            st.sampled_from(_VALUES + _MEDIA_TYPES),
            st.sampled_from(_VALUES),
            st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=20),
        ),
        max_size=3,
    ),
    body=st.binary(max_size=50),
)
def test_any_request_line_and_headers_do_no_harm(
    server: Spawned, endurance: Endurance, method: str, address: str, headers: dict[str, str], body: bytes
) -> None:
    answer = asked_at_last(server, request(method, address, headers, body))

    assert answer is None or answer.status < 500
    endurance.check_log()


@given(content=st.one_of(st.binary(max_size=300), st.just(WHOLE).flatmap(broken)))
def test_any_bytes_on_a_connection_do_no_harm(server: Spawned, endurance: Endurance, content: bytes) -> None:
    answer = asked_at_last(server, content)

    assert answer is None or answer.status < 500
    endurance.check_log()


class Answer:
    """A response that was read to its end."""

    def __init__(self, response: HTTPResponse) -> None:
        self.status = response.status
        self.media_type = response.headers.get_content_type()
        self.body = response.read()


def check(answer: Answer) -> None:
    """Asserts that an answer of the endpoint is GraphQL's JSON, or the playground where that was asked for."""
    assert answer.status < 500, answer.body
    if answer.status == 200 and answer.media_type in {"text/html", "text/event-stream", "multipart/mixed"}:
        return
    assert answer.media_type in {"application/json", "application/graphql-response+json"}, answer.body
    value = json.loads(answer.body)
    assert "data" in value or value["errors"]
    assert answer.status == 200 or value["errors"]
    check_errors(value)


def request(method: str, address: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Written out by hand: clients would not send most of what this must."""
    lines = {"host": "127.0.0.1", "connection": "close", "content-length": str(len(body)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {address} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body


def asked(server: Spawned, content: bytes) -> Answer | None:
    """What the server answers to a whole request; None if it hangs up."""
    with connected(server) as connection:
        return answered(connection, content)


def asked_at_last(server: Spawned, content: bytes) -> Answer | None:
    """What the server answers to bytes that may be no whole request; None if nothing."""
    with connected(server) as connection:
        return answered(connection, content, is_last=True)


def connected(server: Spawned) -> socket.socket:
    host, _, port = server.address.partition(":")
    return socket.create_connection((host, int(port)), PATIENCE)


def answered(connection: socket.socket, content: bytes, *, is_last: bool = False) -> Answer | None:
    try:
        connection.sendall(content)
        if is_last and not select([connection], [], [], MOMENT)[0]:
            # The server waits for more data until the client closes its side.
            connection.shutdown(socket.SHUT_WR)
        response = HTTPResponse(connection)
        response.begin()
        return Answer(response)
    except (ConnectionError, HTTPException):
        return None
