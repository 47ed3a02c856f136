"""The playground: the page that browsers get at /graphql, and its assets.

`make playground` builds it from `server/playground/`. The page is public; it asks for the token of its operations.
"""

import base64
import gzip
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope
from strawberry.http.ides import get_graphql_ide_html

from server.http.negotiation import header_values, media_ranges

Handler = Callable[[Request], Awaitable[Response]]

log = logging.getLogger("reprise")

DIST = Path(__file__).parent / "playground" / "dist"
MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
}
POLICY = (
    ("default-src", "'none'"),
    ("script-src", "'self'"),
    ("worker-src", "'self'"),
    ("connect-src", "'self'"),
    # The editor creates style elements.
    ("style-src", "'self' 'unsafe-inline'"),
    ("font-src", "'self' data:"),
    ("img-src", "'self' data:"),
    ("base-uri", "'none'"),
    ("form-action", "'none'"),
    ("frame-ancestors", "'none'"),
)
SAFETY = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def page_routes(dist: Path = DIST) -> list[BaseRoute]:
    """The routes of the page and its assets, which must precede those of the endpoint, and a redirect from `/`.

    `dist` contains `index.html` and, in `assets/`, gzip files with content hashes in their names. Without a build, the
    page is Strawberry's GraphiQL, which loads from a CDN.
    """
    index = dist / "index.html"
    if index.is_file():
        page = _page(index.read_text(encoding="utf-8"), dict(POLICY))
    else:
        log.warning("The playground is not built: serving GraphiQL from a CDN instead (run `make playground`)")
        html = get_graphql_ide_html()
        page = _page(html, cdn_policy(html))
    # Two megabytes in memory, so that a new build does not break open pages.
    assets = {path.stem: path.read_bytes() for path in (dist / "assets").glob("*.gz")}
    return [
        PageRoute("/graphql", _responding(page)),
        Route("/graphql/assets/{name}", _serving(assets)),
        # Relative, for proxies that add a prefix.
        Route("/", _responding(RedirectResponse("graphql", headers=SAFETY))),
    ]


def cdn_policy(html: str) -> dict[str, str]:
    """The content security policy of a page that loads from a CDN: its external files and its inline scripts."""
    scripts = re.findall(r'<script[^>]* src="(https://[^"]+)"', html)
    styles = re.findall(r'<link[^>]* href="(https://[^"]+)"', html)
    for inline in re.findall(r"<script>(.*?)</script>", html, re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        scripts.append(f"'sha256-{digest}'")
    return {
        **dict(POLICY),
        "script-src": " ".join(scripts),
        "worker-src": "'none'",
        "style-src": " ".join((*styles, "'unsafe-inline'")),
    }


def _page(html: str, policy: dict[str, str]) -> Response:
    directives = "; ".join(f"{name} {sources}" for name, sources in policy.items())
    headers = {**SAFETY, "Content-Security-Policy": directives, "Cache-Control": "no-cache"}
    return HTMLResponse(html, headers=headers)


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


def _responding(response: Response) -> Handler:
    """A handler that always returns `response`."""

    async def respond(_: Request) -> Response:
        return response

    return respond


def _serving(assets: dict[str, bytes]) -> Handler:
    """A handler that serves gzip-compressed assets by their name."""

    async def serve(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in assets:
            return PlainTextResponse("Not found", 404, SAFETY)
        headers = {**SAFETY, "Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        body = assets[name]
        if "gzip" in request.headers.get("accept-encoding", "").lower():
            headers["Content-Encoding"] = "gzip"
        else:
            body = gzip.decompress(body)
        return Response(body, headers=headers, media_type=MEDIA_TYPES[Path(name).suffix])

    return serve
