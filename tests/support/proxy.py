"""A TCP proxy before PostgreSQL that can delay, stall or reset its connections."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qs, urlsplit

_CHUNK = 65_536


class Proxy:
    """Forwards data in both directions.

    `delay` is the number of seconds that each chunk is held back, `lingering` that the end of a connection is.
    """

    def __init__(self, url: str) -> None:
        """`url` is the database's."""
        self._upstream = urlsplit(url)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._is_cut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._watched: tuple[bytes, Callable[[], None]] | None = None
        self.delay = 0.0
        self.lingering = 0.0

    @contextlib.asynccontextmanager
    async def serving(self, address: str = "127.0.0.1") -> AsyncIterator[str]:
        """Listen on an address of this machine; yield the database's URL through the proxy."""
        server = await asyncio.start_server(self._connected, address, 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield f"postgresql://{self._upstream.username or 'postgres'}@{address}:{port}{self._upstream.path}"
        finally:
            server.close()
            self.cut()

    def cut(self) -> None:
        """Reset all connections, and new ones as they come."""
        self._is_cut = True
        self._flowing.set()
        for writer in list(self._writers):
            writer.transport.abort()

    def stall(self) -> None:
        """Hold all data back without closing a connection."""
        self._flowing.clear()

    def heal(self) -> None:
        """Accept connections and forward data again, first the data that was held back."""
        self._is_cut = False
        self._flowing.set()

    def at(self, sent: bytes, action: Callable[[], None]) -> None:
        """Call `action` once, when a client first sends these bytes, and forward them."""
        self._watched = (sent, action)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        upstream_reader, upstream_writer = await self._connect()
        self._writers |= {writer, upstream_writer}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._forward(reader, upstream_writer, self._watch))
                group.create_task(self._forward(upstream_reader, writer, lambda _: None))
        finally:
            self._writers -= {writer, upstream_writer}
            writer.close()
            upstream_writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if folders := parse_qs(self._upstream.query).get("host"):
            return await asyncio.open_unix_connection(f"{folders[0]}/.s.PGSQL.{self._upstream.port or 5432}")
        return await asyncio.open_connection(self._upstream.hostname, self._upstream.port or 5432)

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, watch: Callable[[bytes], None]
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(_CHUNK):
                watch(data)
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._flowing.wait()
                if writer.is_closing():
                    return
                writer.write(data)
                await writer.drain()
        await asyncio.sleep(self.lingering)
        writer.close()

    def _watch(self, data: bytes) -> None:
        if self._watched is not None and self._watched[0] in data:
            action, self._watched = self._watched[1], None
            action()
