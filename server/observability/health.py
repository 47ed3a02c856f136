"""Whether the process is alive, and whether it is ready for requests. Neither tells anything else."""

from starlette.responses import JSONResponse, Response

from resolvers.operating import Operating

_NO_STORE = {"Cache-Control": "no-store"}


async def healthz(_: object) -> Response:
    """Alive: 200 as soon as requests are answered at all. No database is asked."""
    return JSONResponse({"status": "ok"}, headers=_NO_STORE)


class Readiness:
    """200 while the database can be reached and stands at the newest migration, else 503."""

    def __init__(self, operating: Operating) -> None:
        self._operating = operating

    async def endpoint(self, _: object) -> Response:
        """Answers within the seconds of `resolvers.operating.PATIENCE`."""
        if await self._operating.is_ready():
            return JSONResponse({"status": "ok"}, headers=_NO_STORE)
        error = {"message": "Not ready; try again.", "extensions": {"code": "SERVICE_UNAVAILABLE"}}
        return JSONResponse({"errors": [error]}, 503, _NO_STORE)
