"""Creates the database and the seeder from the settings."""

import contextlib
import os
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
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
    """Raises TracingRefused."""
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


def deriving(database: Database) -> AbstractAsyncContextManager[None]:
    """Derives sessions of older formats again while the block runs."""
    return in_background(keep_derived(database, FORMATS), "reprise-deriving")


def watching(database: Database, places: Sequence[Path]) -> AbstractAsyncContextManager[None]:
    """Imports from the homes of agents, or from `places`, what changes there while the block runs."""
    # Imported here, as everything that a server does not need for reading: see docs/speed.md.
    from storage.transcripts.watch import Watch

    watch = Watch(database, FORMATS, places, os.environ, Path.home())
    return in_background(watch.run(), "reprise-watching")
