"""`reprise serve`."""

import asyncio
import contextvars
import functools
import gc
import logging
import socket
from collections.abc import Callable
from pathlib import Path

import click
from starlette.applications import Starlette

from server.commands.environment import is_sqlite, plain_failures, prepare_database, read_settings, with_database
from server.http.addresses import is_loopback
from server.observability.logs import configure
from server.observability.terminal import printable
from server.process.address_check import refuse_taken_address
from server.process.memory import share_arena
from server.process.server import server_config
from server.process.signals import SignaledServer, address
from server.settings import Settings
from storage.database.server_lock import hold_server_lock
from storage.garbage_collection import collect_rarely
from storage.numpy_threads import without_numpy_threads

log = logging.getLogger("reprise")

CreateApp = Callable[[Settings], Starlette]


@click.command("serve")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on.")
@click.option("--workers", type=int, help="Number of serving processes (PostgreSQL only).")
@click.option("--samples", is_flag=True, help="Load the sample sessions into an empty database.")
@click.option("--watch", is_flag=True, help="Import the agents' sessions and what changes, from their homes or PATHS.")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--no-seed", is_flag=True, help="Do not seed resumed threads in this process.")
@click.pass_obj
def serve_command(
    create_app: CreateApp,
    host: str | None,
    port: int | None,
    workers: int | None,
    samples: bool,
    watch: bool,
    paths: tuple[Path, ...],
    no_seed: bool,
) -> None:
    """Serve GraphQL over HTTP and websockets."""
    # Before there are threads: each of SQLite's connections has one.
    share_arena()
    if paths and not watch:
        raise click.UsageError("PATHS are what --watch watches.")
    settings = read_settings(
        host=host,
        port=port,
        workers=workers,
        watch=tuple(path.absolute() for path in paths) if watch else None,
        seed=False if no_seed else None,
    )
    if settings.token is None and not is_loopback(settings.host):
        host = printable(settings.host) or "all addresses"
        raise click.UsageError(f"Refusing to listen on {host} without REPRISE_TOKEN: it is not a loopback address.")
    if settings.workers > 1 and is_sqlite(settings):
        raise click.UsageError("REPRISE_WORKERS: SQLite supports one serving process; use PostgreSQL for more.")
    if settings.workers > 1 and settings.watch is not None:
        raise click.UsageError("REPRISE_WORKERS: one process watches; start another with one worker for it.")
    with plain_failures(), hold_server_lock(settings.database_url):
        refuse_taken_address(settings.host, settings.port)
        prepare_database(settings)
        if samples:
            # Imported here, as everything that a server does not need for reading: see docs/speed.md.
            from storage.samples.load import load_samples

            asyncio.run(with_database(settings, load_samples))
        # A tracer may have made a span of this command. The server's requests must not become parts of it.
        contextvars.Context().run(_run, create_app, settings)


def _run(create_app: CreateApp, settings: Settings) -> None:
    if settings.workers == 1:
        _create_server(create_app, settings).run()
        return
    from server.process.workers import WorkerConfig, Workers

    config = WorkerConfig(
        functools.partial(_create_worker_server, create_app, settings),
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
    )
    with without_numpy_threads():
        Workers(config, functools.partial(_announce, settings)).run()


def _create_worker_server(create_app: CreateApp, settings: Settings) -> SignaledServer:
    share_arena()
    configure(settings.log_format, settings.log_level)
    return _create_server(create_app, settings)


def _create_server(create_app: CreateApp, settings: Settings) -> SignaledServer:
    # The objects created here live as long as the process, so a collection would find hardly any garbage.
    gc.disable()
    app = create_app(settings)
    config = server_config(app, settings.limits, host=settings.host, port=settings.port, timeout_graceful_shutdown=10)
    collect_rarely()
    gc.enable()
    return SignaledServer(config, app.state.streams, app.state.seeder.stop, functools.partial(_announce, settings))


def _announce(settings: Settings, listener: socket.socket) -> None:
    workers = f" with {settings.workers} workers" if settings.workers > 1 else ""
    access = "" if settings.token else " (loopback only, because REPRISE_TOKEN is not set)"
    log.info("Listening on http://%s/graphql%s%s", address(listener), workers, access)
