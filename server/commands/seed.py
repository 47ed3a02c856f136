"""`reprise seed`."""

import asyncio
import logging
import signal

import click
from uvicorn.loops.auto import auto_loop_factory

from server.commands.environment import plain_failures, prepare_database, read_settings
from server.services import create_database, create_seeder
from server.settings import Settings
from storage.database.server_lock import hold_server_lock

log = logging.getLogger("reprise")


@click.command("seed")
def seed_command() -> None:
    """Seed resumed threads without serving requests."""
    settings = read_settings()
    with plain_failures(), hold_server_lock(settings.database_url):
        prepare_database(settings)
        with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
            runner.run(_seed(settings))


async def _seed(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    async with create_database(settings) as database:
        seeder, traces = create_seeder(settings, database)

        def stop(*_: object) -> None:
            loop.call_soon_threadsafe(seeder.stop)

        previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        log.info("Seeder started")
        await seeder.run()
        for number, handler in previous.items():
            signal.signal(number, handler)
    if traces:
        await asyncio.to_thread(traces.close)
