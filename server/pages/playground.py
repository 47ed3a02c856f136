"""The playground: the page that browsers get at /graphql, and its assets.

`make playground` builds it from `server/playground/`.
"""

import base64
import hashlib
import logging
import re
from pathlib import Path

from starlette.datastructures import QueryParams
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope
from strawberry.http.ides import get_graphql_ide_html

from server.http.negotiation import header_values, media_ranges
from server.pages import built
from server.pages.built import page, responding, serving_assets

log = logging.getLogger("reprise")

DIST = Path(__file__).parents[1] / "playground" / "dist"
POLICY = {
    **built.POLICY,
    "worker-src": "'self'",
    # The editor creates style elements.
    "style-src": "'self' 'unsafe-inline'",
    "font-src": "'self' data:",
    "img-src": "'self' data:",
}


def playground_routes(dist: Path = DIST) -> list[BaseRoute]:
    """The routes of the page and its assets, which must precede those of the endpoint.

    Without a build in `dist`, the page is Strawberry's GraphiQL, which loads from a CDN.
    """
    index = dist / "index.html"
    if index.is_file():
        index_page = page(index.read_text(encoding="utf-8"), POLICY)
    else:
        log.warning("The playground is not built: serving GraphiQL from a CDN instead (run `make playground`)")
        html = get_graphql_ide_html()
        index_page = page(html, cdn_policy(html))
    return [
        PageRoute("/graphql", responding(index_page)),
        Route("/graphql/assets/{name}", serving_assets(dist)),
    ]


def cdn_policy(html: str) -> dict[str, str]:
    """The content security policy of a page that loads from a CDN: its external files and its inline scripts."""
    scripts = re.findall(r'<script[^>]* src="(https://[^"]+)"', html)
    styles = re.findall(r'<link[^>]* href="(https://[^"]+)"', html)
    for inline in re.findall(r"<script>(.*?)</script>", html, re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        scripts.append(f"'sha256-{digest}'")
    return {
        **POLICY,
        "script-src": " ".join(scripts),
        "worker-src": "'none'",
        "style-src": " ".join((*styles, "'unsafe-inline'")),
    }


class PageRoute(Route):
    """A route that matches only page loads of browsers; other requests fall through to the endpoint."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope.get("method") == "POST":
            return Match.NONE, {}
        match, child = super().matches(scope)
        return (match, child) if match is Match.FULL and wants_page(scope) else (Match.NONE, {})


def wants_page(scope: Scope) -> bool:
    """Whether the client accepts HTML and the URL contains no operation, be it by its hash in `extensions`."""
    accept = header_values(scope).get(b"accept", b"")
    accepts_html = any(media.name == "text/html" and media.quality > 0 for media in media_ranges(accept))
    return accepts_html and not {"query", "extensions"} & QueryParams(scope["query_string"]).keys()
