"""The listener, which connects the buses of several processes over PostgreSQL."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from storage.database.background import in_background
from storage.database.bus import CHANNEL, Bus

log = logging.getLogger("reprise.bus")

HEARTBEAT_SECONDS = 5.0
RECONNECT_SECONDS = 0.5


def listening(bus: Bus, connect: Callable[[], Awaitable[Any]]) -> AbstractAsyncContextManager[None]:
    """Publish PostgreSQL's notifications on `bus` until the block ends. Connects in the background, and reconnects."""
    return in_background(_listen(bus, connect), "reprise-listener")


async def _listen(bus: Bus, connect: Callable[[], Awaitable[Any]]) -> None:
    while True:
        try:
            await _listen_once(bus, connect)
        except Exception as error:
            # Any error: the driver raises many kinds, and the listener must not stop.
            log.warning("Listener lost its connection and reconnects: %s", type(error).__name__)
        await asyncio.sleep(RECONNECT_SECONDS)


async def _listen_once(bus: Bus, connect: Callable[[], Awaitable[Any]]) -> None:
    connection = await connect()
    lost = asyncio.Event()
    try:
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(CHANNEL, lambda *message: bus.receive(str(message[3])))
        bus.publish_all()
        while not lost.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await lost.wait()
            await connection.execute("SELECT 1", timeout=HEARTBEAT_SECONDS)
    finally:
        connection.terminate()
