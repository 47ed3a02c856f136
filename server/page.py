"""The playground: the page that a browser gets at /graphql, and the files that it loads.

`make playground` builds it from `server/playground/`. Nothing of it is secret: it needs no token, and asks for the one
that its operations need.
"""

import gzip
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope
from strawberry.http.ides import get_graphql_ide_html

Handler = Callable[[Request], Awaitable[Response]]

log = logging.getLogger("reprise")

BUILT = Path(__file__).parent / "playground" / "dist"
MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
}
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "connect-src 'self'",
        # The editor writes its colours into style elements.
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self' data:",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
SAFETY = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def page_routes(built: Path = BUILT) -> list[BaseRoute]:
    """Routes of the page and its files, to stand before those of the endpoint.

    `built` holds `index.html` and, in `assets/`, files whose names change with what they hold, compressed with gzip.
    Where it is missing, the page is Strawberry's own.
    """
    if not (built / "index.html").is_file():
        log.warning("The playground is not built (`make playground` does that): a page from a CDN stands in for it")
        return [PageRoute("/graphql", answering(HTMLResponse(get_graphql_ide_html(), headers=SAFETY)))]
    headers = {**SAFETY, "Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    page = HTMLResponse((built / "index.html").read_text(encoding="utf-8"), headers=headers)
    # In memory: two megabytes, and building anew disturbs no page that is open.
    assets = {path.stem: path.read_bytes() for path in (built / "assets").glob("*.gz")}
    return [PageRoute("/graphql", answering(page)), Route("/graphql/assets/{name}", sending(assets))]


class PageRoute(Route):
    """Takes the requests of browsers that are led to the address; others are for the routes after it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope.get("method") == "POST":
            return Match.NONE, {}
        match, child = super().matches(scope)
        return (match, child) if match is Match.FULL and wants_page(scope) else (Match.NONE, {})


def wants_page(scope: Scope) -> bool:
    """Whether HTML is welcome and the address holds no operation."""
    accept = ",".join(Headers(scope=scope).getlist("accept"))
    return "text/html" in accept.lower() and "query" not in QueryParams(scope["query_string"])


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
