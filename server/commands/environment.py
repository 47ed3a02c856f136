"""Shared by the commands: settings from the environment, the database, and one-line error messages."""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from server.default_database import default_database_url
from server.observability.logs import configure
from server.observability.terminal import printable
from server.observability.tracing import TracingRefused
from server.services import create_database
from server.settings import Settings
from storage.database.engines import driver_url
from storage.database.file_permissions import create_private_folder, restrict_folder
from storage.database.migrations import migrate
from storage.errors import StorageError, Unavailable


def read_settings(**options: Any) -> Settings:
    known = {f"REPRISE_{name.upper()}" for name in Settings.model_fields}
    unknown = {name for name in os.environ if name.upper().startswith("REPRISE_") and name.upper() not in known}
    if unknown:
        raise click.UsageError(printable(f"{', '.join(sorted(unknown))}: unknown setting"))
    try:
        settings = Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        raise click.UsageError("\n".join(_setting_error(e["loc"], e["msg"]) for e in error.errors())) from None
    configure(settings.log_format, settings.log_level)
    return settings


def _setting_error(location: tuple[int | str, ...], message: str) -> str:
    """The line for pydantic's error about one setting."""
    message = message.removeprefix("Value error, ").replace("Input should be", "must be")
    return printable(f"REPRISE_{'_'.join(map(str, location)).upper()}: {message}")


def is_sqlite(settings: Settings) -> bool:
    return driver_url(settings.database_url).get_backend_name() == "sqlite"


def prepare_database(settings: Settings) -> None:
    """Create the folder of a SQLite file, restrict its permissions and run the migrations."""
    if is_sqlite(settings):
        create_private_folder(_folder(settings.database_url))
        restrict_default_folder(settings)
    asyncio.run(migrate(settings.database_url))


def require_database(settings: Settings) -> None:
    """Raises ClickException if there is no SQLite file: commands that only read create none."""
    if is_sqlite(settings) and not Path(path := str(driver_url(settings.database_url).database)).is_file():
        raise click.ClickException(printable(f"There is no database at {path}."))


def restrict_default_folder(settings: Settings) -> None:
    """Remove the permissions of other users on the default folder. Any other folder may be shared on purpose."""
    folder = _folder(settings.database_url)
    if folder == _folder(default_database_url()):
        restrict_folder(folder)


def _folder(database_url: str) -> Path:
    return Path(str(driver_url(database_url).database)).absolute().parent


@contextlib.contextmanager
def plain_failures() -> Any:
    try:
        yield
    except Unavailable as error:
        # The driver's error, without the statement that SQLAlchemy adds to it.
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        reason = str(cause).partition("\n")[0]
        raise click.ClickException(printable(f"The database is not available: {reason}")) from None
    except (StorageError, TracingRefused, OSError) as error:
        raise click.ClickException(printable(str(error))) from None


async def with_database(settings: Settings, use: Any, *arguments: Any) -> Any:
    # A command waits for no other process, and what a listener logs would be mixed with its output.
    async with create_database(settings, listens=False) as database:
        return await use(database, *arguments)


def run_on_stored(use: Any, *arguments: Any) -> Any:
    """Run a function of the database that the settings name, which must exist, and migrate it before."""
    settings = read_settings()
    with plain_failures():
        require_database(settings)
        prepare_database(settings)
        return asyncio.run(with_database(settings, use, *arguments))


def say(line: str, *, is_error: bool = False) -> None:
    """Print a line that may contain untrusted text."""
    click.echo(printable(line), err=is_error)
