"""Creates the database and the seeder from the settings, and runs what a server does beside answering requests."""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Coroutine, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from server.observability.tracing import Tracing, tracing
from server.settings import Settings
from storage.database.background import in_background
from storage.database.database import Database
from storage.database.statement_hooks import observe_statements
from storage.documents.formats.registry import FORMATS
from storage.resume.seeding.seeder import Seeder
from storage.transcripts.rederivation import keep_derived

log = logging.getLogger("reprise")


def create_database(settings: Settings, *, listens: bool = True) -> Database:
    return Database(
        settings.database_url,
        listen_url=settings.listen_url,
        poll_seconds=settings.poll_seconds,
        pool_size=settings.pool_size,
        listens=listens,
    )


def create_seeder(settings: Settings, database: Database) -> tuple[Seeder, Tracing | None]:
    """The seeder, and the traces of what it writes; None where no environment variable asks for traces.

    Raises TracingRefused.
    """
    traces = tracing(os.environ, version("reprise"))
    if traces:
        observe_statements(database, traces.statement_began, traces.statement_ended)
    seeder = Seeder(
        database,
        gate=settings.seed_gate,
        batch_messages=settings.seed_batch,
        lease_seconds=settings.lease_seconds,
        around_batch=traces.around_batch if traces else contextlib.nullcontext,
    )
    return seeder, traces


@contextlib.asynccontextmanager
async def running(
    settings: Settings, database: Database, seeder: Seeder, traces: Tracing | None
) -> AsyncIterator[None]:
    """Keeps the database open while the block runs, derives sessions of older formats again, and watches and seeds as
    the settings say.
    """
    async with contextlib.AsyncExitStack() as resources:
        if traces:
            resources.push_async_callback(asyncio.to_thread, traces.close)
        await resources.enter_async_context(database)
        deriving = _reported(keep_derived(database, FORMATS), "The derivation of sessions of older versions")
        await resources.enter_async_context(in_background(deriving, "reprise-deriving"))
        if settings.watch is not None:
            await resources.enter_async_context(_watching(database, settings.watch))
        if settings.seed:
            await resources.enter_async_context(_seeding(seeder))
        yield


def _watching(database: Database, places: Sequence[Path]) -> contextlib.AbstractAsyncContextManager[None]:
    # Imported here, as everything that a server does not need for reading: see docs/speed.md.
    from storage.transcripts.watch import Watch

    watch = Watch(database, FORMATS, places, os.environ, Path.home())
    return in_background(_reported(watch.run(), "Watching the agents' homes"), "reprise-watching")


@contextlib.asynccontextmanager
async def _seeding(seeder: Seeder) -> AsyncIterator[None]:
    task = asyncio.create_task(_reported(seeder.run(), "Seeding"), name="reprise-seeder")
    try:
        yield
    finally:
        # It finishes its batch, so that other processes can take its tasks over at once.
        seeder.stop()
        await task


async def _reported(work: Coroutine[Any, Any, None], what: str) -> None:
    """Run work without which a server goes on: an error that ends it is raised when the server ends, and logged now."""
    try:
        await work
    except Exception:
        log.exception("%s has ended by an error, and begins again with the next start of the server", what)
        raise
