"""Creates the database and the seeder from the settings, and runs what a server does beside answering requests."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from importlib.metadata import version
from pathlib import Path

from server.observability.tracing import Tracing, tracing
from server.settings import Settings
from storage.database.background import in_background
from storage.database.database import Database
from storage.database.statement_hooks import observe_statements
from storage.documents.formats.registry import FORMATS
from storage.resume.seeding.seeder import Seeder
from storage.transcripts.rederivation import keep_derived


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
        await resources.enter_async_context(in_background(keep_derived(database, FORMATS), "reprise-deriving"))
        if settings.watch is not None:
            await resources.enter_async_context(_watching(database, settings.watch))
        if settings.seed:
            await resources.enter_async_context(_seeding(seeder))
        yield


def _watching(database: Database, places: Sequence[Path]) -> contextlib.AbstractAsyncContextManager[None]:
    # Imported here, as everything that a server does not need for reading: see docs/speed.md.
    from storage.transcripts.watch import Watch

    watch = Watch(database, FORMATS, places, os.environ, Path.home())
    return in_background(watch.run(), "reprise-watching")


@contextlib.asynccontextmanager
async def _seeding(seeder: Seeder) -> AsyncIterator[None]:
    task = asyncio.create_task(seeder.run(), name="reprise-seeder")
    try:
        yield
    finally:
        # It finishes its batch, so that other processes can take its tasks over at once.
        seeder.stop()
        await task
