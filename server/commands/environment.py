"""What the commands share: settings from the environment, the database, and failures in one line."""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from server.observability.logs import configure
from server.observability.tracing import TracingRefused
from server.services import create_database
from server.settings import Settings
from storage.database.engines import driver_url
from storage.database.migrations import migrate
from storage.errors import StorageError, Unavailable


def read_settings(**given: Any) -> Settings:
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


def is_sqlite(settings: Settings) -> bool:
    return driver_url(settings.database_url).get_backend_name() == "sqlite"


def prepare_database(settings: Settings) -> None:
    """Make sure of the database's folder and form."""
    if is_sqlite(settings):
        Path(str(driver_url(settings.database_url).database)).parent.mkdir(parents=True, exist_ok=True)
    asyncio.run(migrate(settings.database_url))


@contextlib.contextmanager
def plain_failures() -> Any:
    try:
        yield
    except Unavailable as error:
        raise click.ClickException(f"{error} ({error.__cause__})") from None
    except (StorageError, TracingRefused, OSError) as error:
        raise click.ClickException(str(error)) from None


async def with_database(settings: Settings, use: Any, *arguments: Any) -> Any:
    async with create_database(settings) as database:
        return await use(database, *arguments)
