"""Pages that Vite builds: an `index.html` and, in `assets/`, gzip files with content hashes in their names.

The pages are public; they ask for the token of their operations.
"""

import gzip
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

Handler = Callable[[Request], Awaitable[Response]]

MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
"""The content security policy that pages add to."""
SAFETY = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def page(html: str, policy: Mapping[str, str]) -> Response:
    """A page with its content security policy; browsers ask for it again each time."""
    directives = "; ".join(f"{name} {sources}" for name, sources in policy.items())
    headers = {**SAFETY, "Content-Security-Policy": directives, "Cache-Control": "no-cache"}
    return HTMLResponse(html, headers=headers)


def responding(response: Response) -> Handler:
    """A handler that always returns `response`."""

    async def respond(_: Request) -> Response:
        return response

    return respond


def serving_assets(dist: Path) -> Handler:
    """A handler that serves the gzip files of `dist/assets` by their name.

    They are a few megabytes in memory, so that a new build does not break open pages.
    """
    assets = {path.stem: path.read_bytes() for path in (dist / "assets").glob("*.gz")}

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
