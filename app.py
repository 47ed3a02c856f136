"""Reprise, put together: settings, the HTTP application and the command line. The one place that reads settings."""

import asyncio
import contextlib
import functools
import gc
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

import click
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute
from uvicorn.loops.auto import auto_loop_factory

from resolvers.context import Context
from resolvers.operating import Operating
from schema.build import create_schema
from schema.execution.loads import Loads
from schema.execution.operations import PreparedOperations
from schema.limits import Limits
from schema.transport.access import (
    Access,
    access_middleware,
    checked_hosts,
    checked_origins,
    is_every_address,
    is_loopback,
)
from schema.transport.answer import answer_failure, answer_http_exception
from schema.transport.endpoint import Endpoint
from schema.transport.health import Readiness, healthz
from schema.transport.logs import RequestLog, configure
from schema.transport.metrics import Metrics
from schema.transport.observation import Observation, Observer
from schema.transport.page import page_routes
from schema.transport.server import server_config
from schema.transport.shortcut import Shortcut
from schema.transport.signals import SignaledServer, address
from schema.transport.sockets import Sockets
from schema.transport.tracing import Tracing, TracingRefused, tracing
from schema.transport.websocket import WebSocketEndpoint
from schema.transport.workers import WorkerConfig, Workers
from storage.database import Database
from storage.doctor import examine
from storage.document_files import document_paths
from storage.engines import POOL_SIZE, driver_url
from storage.errors import StorageError, Unavailable
from storage.exports import export_document
from storage.file_imports import import_files
from storage.identifier import trimmed_id
from storage.imports import CREATED, UNCHANGED, UPDATED
from storage.migrations import migrate, refuse_newer_file
from storage.samples.load import load_samples
from storage.seeding.seeder import BATCH_MESSAGES, LEASE_SECONDS, Seeder
from storage.serving import alone_serving
from storage.statements import watch_statements

log = logging.getLogger("reprise")

GC_ALLOCATIONS = 20_000
"""Objects that are made and not freed before the collector looks at them."""


def default_database_url() -> str:
    """A SQLite file in the user's data directory."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Application Support")
    else:
        base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return f"sqlite:///{Path(base, 'reprise', 'reprise.db')}"


def _checked_url(url: str) -> str:
    driver_url(url)
    return url


def _checked_listen_url(url: str | None) -> str | None:
    if url is not None and driver_url(url).get_backend_name() != "postgresql":
        raise ValueError("must begin with postgresql://")
    return url


def _checked_poll(seconds: float | None, given: ValidationInfo) -> float | None:
    if seconds is not None and given.data.get("listen_url") is not None:
        raise ValueError("is instead of LISTEN, for which REPRISE_LISTEN_URL is given")
    return seconds


def _parted(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parted)]
"""Several, with commas between."""


class Settings(BaseSettings):
    """Read from environment variables of the same names with `REPRISE_` before them."""

    model_config = SettingsConfigDict(env_prefix="REPRISE_", extra="forbid")

    database_url: Annotated[str, AfterValidator(_checked_url)] = Field(
        default_factory=default_database_url,
        description="`sqlite:///PATH` or `postgresql://USER@HOST/NAME`.",
    )
    listen_url: Annotated[str | None, AfterValidator(_checked_listen_url)] = Field(
        None,
        description="PostgreSQL itself, for LISTEN, where `REPRISE_DATABASE_URL` is a pooler in transaction mode.",
    )
    poll_seconds: Annotated[float | None, AfterValidator(_checked_poll)] = Field(
        None,
        gt=0,
        le=60,
        description="Seconds between looks for what other processes write, in place of LISTEN and NOTIFY, "
        "where the database or a pooler has none. The same in all processes.",
    )
    pool_size: int = Field(
        POOL_SIZE, ge=2, le=100, description="Connections of a process to PostgreSQL, beside the one that listens."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    workers: int = Field(
        1, ge=1, le=100, description="Processes that serve at the address; more than one on PostgreSQL."
    )
    token: str | None = Field(
        None,
        pattern="^[!-~]+$",
        description="What every caller must present, letters, digits and signs; needed to listen beyond the loopback.",
    )
    allowed_origins: Annotated[Names, AfterValidator(checked_origins)] = Field(
        (),
        description="Other origins whose pages may call, such as `http://localhost:3000`, commas between; `*` for any.",
    )
    allowed_hosts: Annotated[Names, AfterValidator(checked_hosts)] = Field(
        Access.hosts,
        description="Names by which the server may be called, with commas between, beside that of "
        "`REPRISE_HOST`; `*` for any.",
    )
    hardened: bool = Field(
        False, description="Whether to refuse introspection and GET, to suggest no names and to show no playground."
    )
    prepared: bool = Field(True, description="Whether to prepare queries that come again, which answers them faster.")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="One JSON object a line, or for people to read; `auto` looks for a terminal."
    )
    max_tokens: int = Field(Limits.tokens, ge=1, description="Tokens of a document.")
    max_depth: int = Field(Limits.depth, ge=1, description="Levels of fields in a document.")
    max_aliases: int = Field(Limits.aliases, ge=0, description="Aliases in a document.")
    max_directives: int = Field(Limits.directives, ge=0, description="Directives in a document.")
    max_cost: int = Field(Limits.cost, ge=1, description="Objects that an operation could return.")
    max_errors: int = Field(Limits.errors, ge=1, description="Errors that are reported of a document.")
    max_body_bytes: int = Field(Limits.body_bytes, ge=1, description="Bytes of a request or a websocket's message.")
    max_import_bytes: int = Field(Limits.import_bytes, ge=1, description="Bytes of a request that imports a session.")
    request_seconds: float = Field(Limits.request_seconds, gt=0, description="Seconds for a query or a mutation.")
    max_socket_operations: int = Field(
        Limits.socket_operations, ge=1, description="Operations that run at once on a websocket."
    )
    max_sockets: int = Field(
        Limits.sockets, ge=1, description="Websockets and streams that are open at once in a process."
    )
    init_seconds: float = Field(
        Limits.init_seconds, gt=0, description="Seconds that a websocket has for its `connection_init`."
    )
    seed: bool = Field(True, description="Whether a serving process also seeds resumed threads.")
    seed_gate: int = Field(1, ge=1, le=1000, description="How many resumes may be seeding at once, over all processes.")
    seed_batch: int = Field(
        BATCH_MESSAGES, ge=1, le=100_000, description="Messages that seeding writes in one transaction, at most."
    )
    lease_seconds: float = Field(
        LEASE_SECONDS, gt=0, le=3600, description="Seconds after which a seeder that fell silent loses its task."
    )

    @property
    def limits(self) -> Limits:
        """What one request, one socket and the process may ask for."""
        return Limits(
            tokens=self.max_tokens,
            depth=self.max_depth,
            aliases=self.max_aliases,
            directives=self.max_directives,
            cost=self.max_cost,
            errors=self.max_errors,
            body_bytes=self.max_body_bytes,
            import_bytes=self.max_import_bytes,
            request_seconds=self.request_seconds,
            socket_operations=self.max_socket_operations,
            sockets=self.max_sockets,
            init_seconds=self.init_seconds,
        )

    @property
    def access(self) -> Access:
        """Who may ask."""
        own = () if is_every_address(self.host) else (self.host,)
        return Access(token=self.token, hosts=(*self.allowed_hosts, *own), origins=self.allowed_origins)


def _database(settings: Settings) -> Database:
    return Database(
        settings.database_url,
        listen_url=settings.listen_url,
        poll_seconds=settings.poll_seconds,
        pool_size=settings.pool_size,
    )


def _traced_seeder(settings: Settings, database: Database) -> tuple[Seeder, Tracing | None]:
    """Raises TracingRefused."""
    traces = tracing(os.environ, version("reprise"))
    if traces:
        watch_statements(database, traces.statement_began, traces.statement_ended)
    seeder = Seeder(
        database,
        gate=settings.seed_gate,
        batch_messages=settings.seed_batch,
        lease_seconds=settings.lease_seconds,
        around_batch=traces.around_batch if traces else contextlib.nullcontext,
    )
    return seeder, traces


def create_app(settings: Settings) -> Starlette:
    """The application on a database that stands at the newest migration. Raises TracingRefused."""
    database = _database(settings)
    seeder, traces = _traced_seeder(settings, database)
    schema = create_schema(settings.limits, is_hardened=settings.hardened)
    sockets = Sockets(settings.max_sockets)
    operating = Operating(database)
    # Behind one address, each scrape finds another worker.
    labels = {"worker": str(os.getpid())} if settings.workers > 1 else {}
    metrics = Metrics(version("reprise"), sockets, seeder.tally, operating, labels)
    observers: list[Observer] = [RequestLog(), metrics]
    if traces:
        observers.append(traces)
    context = Context(database)
    prepared = PreparedOperations(schema, Context(database, Loads)) if settings.prepared else None
    endpoint = Endpoint(schema, context, settings.limits, sockets, prepared, allows_get=not settings.hardened)
    websocket_endpoint = WebSocketEndpoint(schema, context, settings.limits, settings.access, sockets, prepared)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as resources:
            if traces:
                resources.push_async_callback(asyncio.to_thread, traces.close)
            await resources.enter_async_context(database)
            if not settings.seed:
                yield
                return
            seeding = asyncio.create_task(seeder.run(), name="reprise-seeder")
            try:
                yield
            finally:
                seeder.stop()
                await seeding

    app = Starlette(
        routes=[
            *([] if settings.hardened else page_routes()),
            Route("/graphql", endpoint),
            WebSocketRoute("/graphql", websocket_endpoint),
            Route("/healthz", healthz),
            Route("/readyz", Readiness(operating).endpoint),
            Route("/metrics", metrics.endpoint),
        ],
        middleware=[
            Middleware(Observation, observers=observers),
            *access_middleware(settings.access),
            Middleware(Shortcut, path="/graphql", endpoint=endpoint),
        ],
        exception_handlers={HTTPException: answer_http_exception, Exception: answer_failure},
        lifespan=lifespan,
    )
    app.state.database = database
    app.state.seeder = seeder
    app.state.sockets = sockets
    app.state.traces = traces
    return app


@click.group(context_settings={"max_content_width": 100})
@click.version_option(package_name="reprise")
def main() -> None:
    """Keep, search and resume the saved sessions of coding agents."""


def _settings(**given: Any) -> Settings:
    known = {f"REPRISE_{name.upper()}" for name in Settings.model_fields}
    unknown = {name for name in os.environ if name.upper().startswith("REPRISE_") and name.upper() not in known}
    if unknown:
        raise click.UsageError(f"{', '.join(sorted(unknown))}: there is no such setting")
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        complaints = [f"REPRISE_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise click.UsageError("\n".join(complaints)) from None
    configure(settings.log_format)
    return settings


def _is_sqlite(settings: Settings) -> bool:
    return driver_url(settings.database_url).get_backend_name() == "sqlite"


def _prepare(settings: Settings) -> None:
    """Make sure of the database's folder and form."""
    if _is_sqlite(settings):
        Path(str(driver_url(settings.database_url).database)).parent.mkdir(parents=True, exist_ok=True)
    asyncio.run(migrate(settings.database_url))


@contextlib.contextmanager
def _plain_failures() -> Any:
    try:
        yield
    except Unavailable as error:
        raise click.ClickException(f"{error} ({error.__cause__})") from None
    except (StorageError, TracingRefused, OSError) as error:
        raise click.ClickException(str(error)) from None


@main.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on.")
@click.option("--workers", type=int, help="Processes that serve, on PostgreSQL.")
@click.option("--samples", is_flag=True, help="Load the sample sessions into an empty database.")
@click.option("--no-seed", is_flag=True, help="Leave seeding to other processes.")
def serve(host: str | None, port: int | None, workers: int | None, samples: bool, no_seed: bool) -> None:
    """Serve GraphQL over HTTP and websockets."""
    settings = _settings(host=host, port=port, workers=workers, seed=False if no_seed else None)
    if settings.token is None and not is_loopback(settings.host):
        raise click.UsageError(
            f"REPRISE_TOKEN: without one only the loopback is listened on, and {settings.host!r} is reached by others."
        )
    if settings.workers > 1 and _is_sqlite(settings):
        raise click.UsageError("REPRISE_WORKERS: SQLite is for one serving process; use PostgreSQL for more.")
    with _plain_failures(), alone_serving(settings.database_url):
        _prepare(settings)
        if samples:
            asyncio.run(_with_database(settings, load_samples))
        _serve(settings)


def _serve(settings: Settings) -> None:
    if settings.workers == 1:
        _server(settings).run()
        return
    config = WorkerConfig(
        functools.partial(_worker, settings), host=settings.host, port=settings.port, workers=settings.workers
    )
    Workers(config, functools.partial(_announce, settings)).run()


def _worker(settings: Settings) -> SignaledServer:
    configure(settings.log_format)
    return _server(settings)


def _server(settings: Settings) -> SignaledServer:
    app = create_app(settings)
    config = server_config(app, settings.limits, host=settings.host, port=settings.port, timeout_graceful_shutdown=10)
    # What is here by now stays: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    # Answers are trees of thousands of objects: to look for circles among them finds nothing, and takes its time.
    gc.set_threshold(GC_ALLOCATIONS, 20, 100)
    return SignaledServer(config, app.state.sockets, app.state.seeder.stop, functools.partial(_announce, settings))


def _announce(settings: Settings, listener: socket.socket) -> None:
    workers = f", in {settings.workers} processes" if settings.workers > 1 else ""
    remark = "" if settings.token else ", on the loopback only: REPRISE_TOKEN is not set"
    log.info("Reprise is at http://%s/graphql%s%s", address(listener), workers, remark)


@main.command("seed")
def seed_command() -> None:
    """Seed resumed threads, and serve nothing."""
    settings = _settings()
    with _plain_failures(), alone_serving(settings.database_url):
        _prepare(settings)
        with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
            runner.run(_seed(settings))


async def _seed(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    async with _database(settings) as database:
        seeder, traces = _traced_seeder(settings, database)

        def hand_over(*_: object) -> None:
            loop.call_soon_threadsafe(seeder.stop)

        before = {number: signal.signal(number, hand_over) for number in (signal.SIGINT, signal.SIGTERM)}
        log.info("Reprise seeds")
        await seeder.run()
        for number, handler in before.items():
            signal.signal(number, handler)
    if traces:
        await asyncio.to_thread(traces.close)


async def _with_database(settings: Settings, use: Any, *arguments: Any) -> Any:
    async with _database(settings) as database:
        return await use(database, *arguments)


@main.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest form."""
    with _plain_failures():
        _prepare(_settings())


@main.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--source", type=click.Choice(["ZAGENS", "CODEWHALE"]), help="The agent that wrote the files.")
def import_command(paths: tuple[Path, ...], source: str | None) -> None:
    """Save session documents: files, or all below folders. The status is 1 when any was refused."""
    settings = _settings()
    with _plain_failures():
        _prepare(settings)
        files = list(document_paths(paths))
        refused = asyncio.run(_with_database(settings, _import_files, files, source))
    sys.exit(1 if refused else 0)


async def _import_files(database: Database, files: list[Path], source: str | None) -> int:
    counts = {CREATED: 0, UPDATED: 0, UNCHANGED: 0}
    refusals: list[str] = []
    with click.progressbar(length=len(files), label="Importing", file=sys.stderr) as progress:
        async with contextlib.aclosing(import_files(database, files, source)) as batches:
            async for outcomes in batches:
                for outcome in outcomes:
                    if outcome.result is None:
                        refusals.append(f"{outcome.path}: {outcome.reason}")
                    else:
                        counts[outcome.result] += 1
                progress.update(len(outcomes))
    for refusal in refusals:
        click.echo(refusal, err=True)
    summary = ", ".join(f"{count} {outcome.lower()}" for outcome, count in counts.items())
    click.echo(f"{summary}, {len(refusals)} refused")
    return len(refusals)


@main.command("export")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
def export_command(ids: tuple[str, ...]) -> None:
    """Print sessions as the documents that their agents wrote, one after another."""
    settings = _settings()
    with _plain_failures():
        _prepare(settings)
        missing = asyncio.run(_with_database(settings, _export, ids))
    sys.exit(1 if missing else 0)


async def _export(database: Database, ids: tuple[str, ...]) -> int:
    missing = 0
    for session_id in ids:
        document = await export_document(database, trimmed_id(session_id))
        if document is None:
            click.echo(f"{session_id}: there is no such session", err=True)
            missing += 1
        else:
            click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    return missing


@main.command("doctor")
@click.option("--repair", is_flag=True, help="Make the search index anew where it is wrong.")
def doctor_command(repair: bool) -> None:
    """Look for what is wrong in the database. The status is 1 when anything is, and is left so."""
    settings = _settings()
    with _plain_failures():
        refuse_newer_file(driver_url(settings.database_url))
        is_healthy = asyncio.run(_with_database(settings, _examine, repair))
    sys.exit(0 if is_healthy else 1)


async def _examine(database: Database, repair: bool) -> bool:
    is_healthy = True
    async for finding in examine(database, repair=repair):
        click.echo(f"{finding.text} Repaired." if finding.is_repaired else finding.text)
        is_healthy = is_healthy and finding.is_repaired
    return is_healthy


@main.command("schema")
def schema_command() -> None:
    """Print the GraphQL schema."""
    click.echo(create_schema().as_str())


if __name__ == "__main__":
    main()
