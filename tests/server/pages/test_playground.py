"""GET /graphql in a browser: the page, its files and what their headers say."""

import base64
import gzip
import hashlib
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from server.pages.playground import playground_routes
from tests.conftest import Serve

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SCRIPT = b"console.log('Reprise')"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as Vite leaves it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>Reprise</title>", encoding="utf-8")
    (tmp_path / "assets" / "index-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT))
    return tmp_path


@pytest.fixture
def client(built: Path) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=playground_routes(built))) as client:
        yield client


def policy(response: httpx2.Response) -> dict[str, list[str]]:
    """The directives of the Content-Security-Policy."""
    directives = [part.split() for part in response.headers["content-security-policy"].split(";")]
    return {name: values for name, *values in directives}


def test_the_policy_lets_the_page_load_from_its_own_server_only(client: TestClient) -> None:
    directives = policy(client.get("/graphql", headers=BROWSER))
    sources = {source for values in directives.values() for source in values}

    assert directives["default-src"] == ["'none'"]
    assert directives["script-src"] == directives["connect-src"] == directives["worker-src"] == ["'self'"]
    assert directives["frame-ancestors"] == ["'none'"]
    assert sources == {"'none'", "'self'", "'unsafe-inline'", "data:"}
    assert [name for name, values in directives.items() if "'unsafe-inline'" in values] == ["style-src"]


def test_the_page_is_requested_each_time_and_its_files_once(client: TestClient) -> None:
    page = client.get("/graphql", headers=BROWSER)
    script = client.get("/graphql/assets/index-1a2b.js")

    assert page.headers["cache-control"] == "no-cache"
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, deflate, br", "gzip"), ("identity", None)])
def test_a_file_is_compressed_for_those_who_read_that(client: TestClient, accepted: str, encoding: str | None) -> None:
    response = client.get("/graphql/assets/index-1a2b.js", headers={"accept-encoding": accepted})

    assert response.headers.get("content-encoding") == encoding
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.content == SCRIPT


@pytest.mark.parametrize("name", ["missing.js", "index-1a2b.js.gz", "%2e%2e%2findex.html"])
def test_what_is_no_file_of_the_page_is_not_found(client: TestClient, name: str) -> None:
    assert client.get(f"/graphql/assets/{name}").status_code == 404


@pytest.mark.parametrize(
    ("headers", "parameters"),
    [
        ({"accept": "application/json"}, {}),
        ({"accept": "*/*"}, {}),
        ({"accept": "application/json, text/html;q=0"}, {}),
        (BROWSER, {"query": "{__typename}"}),
    ],
    ids=["json", "anything", "no html", "query"],
)
def test_what_asks_for_no_page_is_left_to_the_endpoint(
    client: TestClient, headers: dict[str, str], parameters: dict[str, str]
) -> None:
    assert client.get("/graphql", headers=headers, params=parameters).status_code == 404
    assert client.post("/graphql", headers=headers, params=parameters).status_code == 404


def test_without_a_built_page_another_replaces_it_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), TestClient(Starlette(routes=playground_routes(tmp_path))) as client:
        response = client.get("/graphql", headers=BROWSER)

    assert "GraphiQL" in response.text
    assert "make playground" in caplog.text


def test_the_stand_in_loads_and_runs_what_it_names_itself(tmp_path: Path) -> None:
    with TestClient(Starlette(routes=playground_routes(tmp_path))) as client:
        response = client.get("/graphql", headers=BROWSER)
        missing = client.get("/graphql/assets/index-1a2b.js")
    directives = policy(response)
    [inline] = re.findall(r"<script>(.*?)</script>", response.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    named = set(re.findall(r'(?:src|href)="(https://[^"]+)"', response.text))

    assert {*directives["script-src"], *directives["style-src"]} == {*named, f"'sha256-{digest}'", "'unsafe-inline'"}
    assert [name for name, values in directives.items() if "'unsafe-inline'" in values] == ["style-src"]
    assert directives["default-src"] == directives["frame-ancestors"] == directives["base-uri"] == ["'none'"]
    assert directives["connect-src"] == ["'self'"]
    assert missing.status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_page_needs_no_token(serve: Serve) -> None:
    server = await serve(token="sesame-1")
    async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as stranger:
        page = await stranger.get("/graphql", headers=BROWSER)
        files = re.findall(r'(?:src|href)="(/graphql/assets/[^"]+)"', page.text)
        statuses = [(await stranger.get(file)).status_code for file in files]

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert set(statuses) <= {200}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_hardened_server_shows_no_page(serve: Serve) -> None:
    server = await serve(hardened=True)

    response = await server.client.http.get("/graphql", headers=BROWSER)

    assert response.status_code >= 400
    assert "html" not in response.headers["content-type"]
