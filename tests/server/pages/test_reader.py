"""GET / in a browser: the reader, its client routes and what stands in for it."""

import gzip
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from server.pages.reader import reader_routes
from tests.conftest import Serve

PAGE = "<title>Reprise</title>"
SCRIPT = b"console.log('Reprise')"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """A server of a folder as Vite leaves it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "assets" / "index-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT))
    with TestClient(Starlette(routes=reader_routes(tmp_path))) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/?q=cursor", "/s/1b9d6bcd", "/s/1b9d6bcd/12", "/s/a%2Fb"])
def test_the_reader_is_served_at_its_client_routes(client: TestClient, path: str) -> None:
    assert client.get(path).text == PAGE


def test_the_policy_allows_nothing_from_outside_and_no_inline_script_or_style(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    directives = {name: values for name, *values in map(str.split, policy.split(";"))}

    assert directives["default-src"] == directives["base-uri"] == directives["frame-ancestors"] == ["'none'"]
    assert directives["script-src"] == directives["style-src"] == directives["connect-src"] == ["'self'"]
    assert {source for values in directives.values() for source in values} == {"'none'", "'self'", "'script'", "data:"}
    assert [name for name, values in directives.items() if "data:" in values] == ["img-src"]
    assert directives["require-trusted-types-for"] == ["'script'"]


def test_the_page_is_requested_each_time_and_its_assets_once(client: TestClient) -> None:
    page = client.get("/")
    script = client.get("/assets/index-1a2b.js")

    assert page.headers["cache-control"] == "no-cache"
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.content == SCRIPT


@pytest.mark.parametrize("path", ["/assets/missing.js", "/assets/..%2findex.html", "/index.html", "/sessions"])
def test_other_paths_are_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_without_a_build_the_root_redirects_to_the_playground(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), TestClient(Starlette(routes=reader_routes(tmp_path))) as client:
        response = client.get("/", follow_redirects=False)

    assert response.status_code == 307
    assert response.headers["location"] == "graphql"
    assert "make reader" in caplog.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_reader_needs_no_token(serve: Serve) -> None:
    server = await serve(token="sesame-1")

    response = await server.client.http.get("/", headers={"authorization": ""})

    assert response.status_code in (200, 307)
