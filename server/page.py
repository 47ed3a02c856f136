"""The playground: the page that a browser gets at /graphql, and the files that it loads.

`make playground` builds it from `server/playground/`. Nothing of it is secret: it needs no token, and asks for the one
that its operations need.
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
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope
from strawberry.http.ides import get_graphql_ide_html

from server.http.negotiation import header_values, media_ranges

Handler = Callable[[Request], Awaitable[Response]]

log = logging.getLogger("reprise")

BUILT = Path(__file__).parent / "playground" / "dist"
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
    # The editor writes its colours into style elements.
    ("style-src", "'self' 'unsafe-inline'"),
    ("font-src", "'self' data:"),
    ("img-src", "'self' data:"),
    ("base-uri", "'none'"),
    ("form-action", "'none'"),
    ("frame-ancestors", "'none'"),
)
SAFETY = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def page_routes(built: Path = BUILT) -> list[BaseRoute]:
    """Routes of the page and its files, to stand before those of the endpoint.

    `built` holds `index.html` and, in `assets/`, files whose names change with what they hold, compressed with gzip.
    Where it is missing, the page is Strawberry's own.
    """
    index = built / "index.html"
    if index.is_file():
        page = _page(index.read_text(encoding="utf-8"), dict(POLICY))
    else:
        log.warning("The playground is not built (`make playground` does that): a page from a CDN stands in for it")
        html = get_graphql_ide_html()
        page = _page(html, stand_in_policy(html))
    # In memory: two megabytes, and building anew disturbs no page that is open.
    assets = {path.stem: path.read_bytes() for path in (built / "assets").glob("*.gz")}
    return [PageRoute("/graphql", answering(page)), Route("/graphql/assets/{name}", sending(assets))]


def stand_in_policy(html: str) -> dict[str, str]:
    """The policy for a page that loads from a CDN: the files that it names there and the scripts that it holds."""
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
    """Takes the requests of browsers that are led to the address; others are for the routes after it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope.get("method") == "POST":
            return Match.NONE, {}
        match, child = super().matches(scope)
        return (match, child) if match is Match.FULL and wants_page(scope) else (Match.NONE, {})


def wants_page(scope: Scope) -> bool:
    """Whether HTML is welcome and the address holds no operation."""
    accept = header_values(scope).get(b"accept", b"")
    is_welcome = any(media.name == "text/html" and media.quality > 0 for media in media_ranges(accept))
    return is_welcome and "query" not in QueryParams(scope["query_string"])


def answering(response: Response) -> Handler:
    """Answers everything with `response`."""

    async def answer(_: Request) -> Response:
        return response

    return answer


def sending(assets: dict[str, bytes]) -> Handler:
    """Answers with the file of `assets`, gzip by name, that the path's `name` names."""

    async def send(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in assets:
            return PlainTextResponse("There is no such file", 404, SAFETY)
        headers = {**SAFETY, "Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        body = assets[name]
        if "gzip" in request.headers.get("accept-encoding", "").lower():
            headers["Content-Encoding"] = "gzip"
        else:
            body = gzip.decompress(body)
        return Response(body, headers=headers, media_type=MEDIA_TYPES[Path(name).suffix])

    return send
