"""Without the token no request, however it is put, gets anything but the page, the probes and refusals."""

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPResponse
from itertools import chain
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.support.clients import samples
from tests.support.spawned import Spawned

# They need servers in processes of their own. test_access_token.py and test_hardened.py test the same by few requests.
pytestmark = pytest.mark.slow
PATIENCE = 60
TOKEN = "sesame-1"
FRIEND = "http://app.example"
READ = "{ sessions(first: 1) { nodes { id title } } }"
PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
OK = {"status": "ok"}
# A text frame, masked with zeros.
SUBSCRIBE = json.dumps({"id": "1", "type": "subscribe", "payload": {"query": READ}}).encode()
FRAME = bytes([0x81, 0x80 | len(SUBSCRIBE)]) + bytes(4) + SUBSCRIBE
HANDSHAKE = (
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Protocol", "graphql-transport-ws"),
)

Header = tuple[str, str]


@dataclass(frozen=True)
class Stranger:
    """A server that has a token, and what it shows to those who do not know it."""

    server: Spawned
    page: bytes | None = field(repr=False)
    assets: dict[str, bytes] = field(repr=False)


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: dict[str, str]
    after: bytes = b""


@pytest.fixture(scope="module", params=[False, True], ids=["playground", "hardened"])
def stranger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    folder = tmp_path_factory.mktemp("strangers")
    with samples(folder, seed=False, token=TOKEN, allowed_origins=FRIEND, hardened=request.param) as server:
        page = None if request.param else _asked(server, "GET", "/graphql", [("Accept", PAGE)]).body
        files = re.findall(rb'(?:src|href)="(/graphql/assets/[^"]+)"', page or b"")
        assets = {file.decode(): _asked(server, "GET", file.decode()).body for file in files}
        # What strangers ask for is there to be had.
        known = _asked(server, "POST", "/graphql", [*_json(), ("Authorization", f"Bearer {TOKEN}")], _operation(READ))
        assert b'"title"' in known.body
        yield Stranger(server, page, assets)


def _operation(query: str) -> bytes:
    return json.dumps({"query": query}).encode()


def _json() -> list[Header]:
    return [("Content-Type", "application/json")]


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY")
PATHS = (
    *(
        "/graphql",
        "/graphql",
        "/graphql",
        "/graphql",
        "/graphql/",
        "//graphql",
        "/%67raphql",
        "/graphql%2F",
        "/GraphQL",
    ),
    *("/graphql/assets/", "/graphql/assets/x.js", "/graphql/assets/..%2F..%2Fmetrics", "/graphql/assets/../../metrics"),
    *("/healthz", "/healthz/", "/readyz", "/readyz%2F", "/healthz/../graphql", "/healthz%00", "/healthz;/graphql"),
    *("/metrics", "/metrics/", "/%6detrics", "/nothing", "/", "http://localhost/graphql", "http://localhost/metrics"),
)
QUERIES = (
    "",
    "",
    "?",
    "?query={__typename}",
    "?%71uery=%7B__typename%7D",
    "?query",
    "?QUERY={__typename}",
    "?a=/healthz",
)
MEDIA_RANGES = (
    *("application/json", "application/graphql-response+json", "text/html", "text/html;q=0", "TEXT/HTML;level=1"),
    *("*/*", "text/*", 'multipart/mixed;subscriptionSpec="1.0"', "text/event-stream", "x/text/html", "nonsense"),
)
ORIGINS = ("null", FRIEND, "http://foreign.example", "http://127.0.0.1", "http://localhost")
UPGRADES = ("websocket", "WebSocket", "h2c", "HTTP/2.0", "websocket, h2c", "h2c, websocket")
BODIES = (
    ("application/json", _operation(READ)),
    ("application/json", _operation('mutation { deleteSession(input: {sessionId: "x"}) { deletedSessionId } }')),
    ("application/json", _operation('subscription { resumeTask(threadId: "x") { state } }')),
    ("application/json", b"[" + _operation(READ) + b"]"),
    ("application/json", b"{"),
    ("application/graphql", READ.encode()),
    ("text/plain", _operation(READ)),
    ("application/x-www-form-urlencoded", b"query=%7B__typename%7D"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="query"\r\n\r\n{a}\r\n--x--\r\n'),
    ("application/json", b""),
)
CREDENTIALS = (
    ("Authorization", "Bearer"),
    ("Authorization", "Bearer sesame"),
    ("Authorization", f"Basic {TOKEN}"),
    ("X-Authorization", f"Bearer {TOKEN}"),
    ("Cookie", f"token={TOKEN}; authorization=Bearer {TOKEN}"),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Dest", "document"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-HTTP-Method-Override", "GET"),
    ("X-Original-URL", "/healthz"),
    ("Access-Control-Request-Method", "POST"),
)


def _headers() -> SearchStrategy[list[Header]]:
    accepted = st.lists(st.sampled_from(MEDIA_RANGES), max_size=3).map(", ".join) | st.just(PAGE)
    accept = st.lists(accepted.map(lambda value: ("Accept", value)), max_size=2)
    origin = st.lists(st.sampled_from(ORIGINS).map(lambda value: ("Origin", value)), max_size=1)
    upgrade = st.sampled_from(UPGRADES).map(
        lambda value: [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", value), *HANDSHAKE]
    )
    others = st.lists(st.sampled_from(CREDENTIALS), max_size=2)
    return st.tuples(accept, origin, st.just([]) | upgrade, others).map(lambda parts: [*chain(*parts)])


@given(
    method=st.sampled_from(METHODS),
    path=st.sampled_from(PATHS),
    query=st.sampled_from(QUERIES),
    headers=_headers(),
    body=st.none() | st.sampled_from(BODIES),
    is_chunked=st.booleans(),
)
def test_a_stranger_gets_the_page_the_probes_and_refusals(
    stranger: Stranger,
    method: str,
    path: str,
    query: str,
    headers: list[Header],
    body: tuple[str, bytes] | None,
    is_chunked: bool,
) -> None:
    content_type, content = body or ("application/json", b"")
    headers = [*headers, ("Content-Type", content_type)] if body else headers

    answer = _asked(stranger.server, method, path + query, headers, content, is_chunked=is_chunked)

    if not _is_shown(stranger, method, path, answer) and not _is_preflight(method, headers, answer):
        _check_refusal(method, answer)


def _is_shown(stranger: Stranger, method: str, path: str, answer: Answer) -> bool:
    """Whether the answer is what the address shows to everybody, to the byte."""
    if method not in ("GET", "HEAD") or answer.status not in (200, 307, 404):
        return False
    path = path.removeprefix("http://localhost").replace("%67", "g")
    if path in ("/healthz", "/readyz") and answer.status == 200:
        return method == "HEAD" or json.loads(answer.body) == OK
    if answer.status == 307:
        return stranger.page is not None and path == "/" and answer.headers["location"] == "graphql"
    if path == "/graphql" and answer.status == 200:
        is_page = answer.headers["content-type"].startswith("text/html")
        return stranger.page is not None and is_page and answer.body in (stranger.page, b""[: method == "HEAD"])
    if path.startswith("/graphql/assets/") and stranger.page is not None:
        return answer.status == 404 or answer.body in (stranger.assets.get(path), b""[: method == "HEAD"])
    return False


def _is_preflight(method: str, headers: list[Header], answer: Answer) -> bool:
    """Whether a browser was told which pages may call."""
    is_asked = {"Origin", "Access-Control-Request-Method"} <= dict(headers).keys()
    return method == "OPTIONS" and is_asked and answer.status in (200, 400) and len(answer.body) < 100


def _check_refusal(method: str, answer: Answer) -> None:
    if answer.status == 101:
        # Closed for want of a token (4401), or of a protocol (4406), before anything else was said.
        assert re.fullmatch(rb"\x88.(\x11\x31|\x11\x36)[ -~]*", answer.after, re.DOTALL), answer
        return
    assert 400 <= answer.status < 500, answer
    if method == "HEAD" or not answer.headers["content-type"].startswith("application/"):
        assert answer.body == b"" or answer.status in (400, 426), answer
        return
    refusal = json.loads(answer.body)
    assert refusal.keys() == {"errors"}, answer
    assert [error["extensions"]["code"] for error in refusal["errors"]] in (
        ["UNAUTHENTICATED"],
        ["FORBIDDEN"],
        ["BAD_REQUEST"],
        ["NOT_FOUND"],
    ), answer


@pytest.mark.parametrize("accept", ["application/json, text/html", "text/html", PAGE, "*/*, text/html;q=0"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_operation_is_run_for_who_also_takes_html(stranger: Stranger, method: str, accept: str) -> None:
    path = "/graphql?query=%7B__typename%7D" if method == "GET" else "/graphql"

    answer = _asked(stranger.server, method, path, [*_json(), ("Accept", accept)], _operation("{ __typename }"))

    assert answer.status == 401
    assert b'"data"' not in answer.body


@pytest.mark.parametrize("accept", ["application/json", "text/html", PAGE, "text/plain"])
def test_metrics_need_the_token(stranger: Stranger, accept: str) -> None:
    for headers, status in (([], 401), ([("Authorization", f"Bearer {TOKEN}")], 200)):
        assert _asked(stranger.server, "GET", "/metrics", [*headers, ("Accept", accept)]).status == status


def test_the_token_is_asked_for_before_what_a_request_takes_and_brings(stranger: Stranger) -> None:
    for headers in ([("Accept", "image/png")], [("Content-Type", "text/plain")], [("Content-Encoding", "gzip")]):
        assert _asked(stranger.server, "POST", "/graphql", headers, b"{").status == 401


def _asked(
    server: Spawned,
    method: str,
    address: str,
    headers: list[Header] | None = None,
    body: bytes = b"",
    *,
    is_chunked: bool = False,
) -> Answer:
    """The whole answer to a request, and what follows a handshake when an operation is sent after it."""
    lines = [("Host", "localhost"), *(headers or [])]
    if is_chunked:
        lines.append(("Transfer-Encoding", "chunked"))
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    elif body or method == "POST":
        lines.append(("Content-Length", str(len(body))))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    host, _, port = server.address.partition(":")
    with socket.create_connection((host, int(port)), PATIENCE) as connection:
        connection.sendall(f"{method} {address} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
        response = HTTPResponse(connection, method=method)
        response.begin()
        names = {name.lower(): value for name, value in response.headers.items()}
        if response.status != 101:
            return Answer(response.status, response.read(), names)
        connection.sendall(FRAME)
        return Answer(101, b"", names, response.fp.read() if response.fp else b"")
