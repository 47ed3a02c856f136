"""Health checks: liveness and readiness. They reveal nothing else, because they need no token."""

from starlette.responses import JSONResponse, Response

from resolvers.readiness import DatabaseStatus

_NO_STORE = {"Cache-Control": "no-store"}


async def healthz(_: object) -> Response:
    """Liveness: always 200. Does not use the database."""
    return JSONResponse({"status": "ok"}, headers=_NO_STORE)


class Readiness:
    """Readiness: 200 while the database answers and is at the newest migration, otherwise 503."""

    def __init__(self, status: DatabaseStatus) -> None:
        self._status = status

    async def endpoint(self, _: object) -> Response:
        """Responds within `resolvers.readiness.TIMEOUT_SECONDS` seconds."""
        if await self._status.is_ready():
            return JSONResponse({"status": "ok"}, headers=_NO_STORE)
        error = {"message": "The server is not ready.", "extensions": {"code": "SERVICE_UNAVAILABLE"}}
        return JSONResponse({"errors": [error]}, 503, _NO_STORE)
