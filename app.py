"""The entry point: `create_app` builds the ASGI application, `main` is the command line."""

import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from server.commands.group import command_group

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from server.settings import Settings


def create_app(settings: "Settings") -> "Starlette":
    """The application; the database must be at the newest migration. Raises TracingRefused."""
    # Imported here, since commands that serve nothing start in half the time without, and so do reader processes.
    import contextlib
    from importlib.metadata import version

    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.middleware import Middleware
    from starlette.routing import Route, WebSocketRoute

    from resolvers.context import Context
    from resolvers.readiness import DatabaseStatus
    from schema.build import create_schema
    from schema.execution.loader import PlanLoader
    from schema.execution.operations import PreparedOperations
    from server.access import access_middleware
    from server.http.body_parser import BodyParser
    from server.http.compression import CompressionMiddleware
    from server.http.endpoint import Endpoint
    from server.http.response import handle_http_exception, handle_server_error
    from server.observability.health import Readiness, healthz
    from server.observability.logs import RequestLog
    from server.observability.metrics import Metrics
    from server.observability.observation import ObservationMiddleware, Observer
    from server.open_streams import OpenStreams
    from server.pages.playground import playground_routes
    from server.pages.reader import reader_routes
    from server.services import create_database, create_seeder, running
    from server.websocket.dependencies import SocketDependencies
    from server.websocket.endpoint import WebSocketEndpoint

    database = create_database(settings)
    seeder, traces = create_seeder(settings, database)
    schema = create_schema(settings.limits, is_hardened=settings.hardened)
    streams = OpenStreams(settings.max_sockets)
    status = DatabaseStatus(database)
    # The workers share one address: each scrape reaches one of them.
    labels = {"worker": str(os.getpid())} if settings.workers > 1 else {}
    metrics = Metrics(version("reprise"), streams, seeder.tally, status, labels)
    observers: list[Observer] = [RequestLog(), metrics]
    if traces:
        observers.append(traces)
    context = Context(database)
    prepared = None
    if settings.prepared:
        prepared = PreparedOperations(schema, Context(database, PlanLoader), settings.response_cache_bytes)
    # Shared by both transports.
    parser = BodyParser(settings.limits)
    endpoint = Endpoint(schema, context, settings.limits, streams, prepared, parser, allows_get=not settings.hardened)
    dependencies = SocketDependencies(schema, context, settings.limits, settings.access, streams, prepared, parser)

    @contextlib.asynccontextmanager
    async def lifespan(_: "Starlette") -> AsyncIterator[None]:
        async with running(settings, database, seeder, traces):
            yield

    public = [
        *([] if settings.hardened else [*reader_routes(), *playground_routes()]),
        Route("/healthz", healthz),
        Route("/readyz", Readiness(status).endpoint),
    ]
    app = Starlette(
        routes=[
            # Tried first, since nearly all requests are POSTs.
            Route("/graphql", endpoint, methods=["POST"]),
            # Before the endpoint, so that callers with and without the token get the same page.
            *public,
            Route("/graphql", endpoint),
            WebSocketRoute("/graphql", WebSocketEndpoint(dependencies)),
            Route("/metrics", metrics.endpoint),
        ],
        middleware=[
            Middleware(ObservationMiddleware, observers=observers),
            Middleware(CompressionMiddleware),
            *access_middleware(settings.access, public),
        ],
        exception_handlers={HTTPException: handle_http_exception, Exception: handle_server_error},
        lifespan=lifespan,
    )
    app.state.database = database
    app.state.seeder = seeder
    app.state.streams = streams
    app.state.traces = traces
    return app


main = command_group(create_app)

if __name__ == "__main__":
    main()
