"""The reader: the app that browsers get at `/`, for reading, searching and resuming sessions.

`make reader` builds it from `reader/` into `server/reader/`.
"""

import logging
from pathlib import Path

from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route

from server.pages import built
from server.pages.built import SAFETY, page, responding, serving_assets

log = logging.getLogger("reprise")

DIST = Path(__file__).parents[1] / "reader"
POLICY = {
    **built.POLICY,
    "style-src": "'self'",
    "font-src": "'self'",
    # Transcripts contain pictures as data.
    "img-src": "'self' data:",
    # Only text that passed the policy of the page becomes markup or script.
    "require-trusted-types-for": "'script'",
}
# The paths that the reader's own router knows.
PATHS = ("/", "/s/{path:path}")


def reader_routes(dist: Path = DIST) -> list[BaseRoute]:
    """The routes of the reader and its assets. Without a build in `dist`, `/` leads to the playground."""
    index = dist / "index.html"
    if not index.is_file():
        log.warning("The reader is not built: / leads to the playground instead (run `make reader`)")
        # Relative, for proxies that add a prefix.
        return [Route("/", responding(RedirectResponse("graphql", headers=SAFETY)))]
    index_page = page(index.read_text(encoding="utf-8"), POLICY)
    return [
        *(Route(path, responding(index_page)) for path in PATHS),
        Route("/assets/{name}", serving_assets(dist)),
    ]
