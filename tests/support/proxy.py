"""A network between a process and PostgreSQL that can be slow, silent or cut."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qs, urlsplit

_CHUNK = 65_536


class Proxy:
    """Passes on what either side sends, until told otherwise.

    `delay` is how many seconds each piece of a message takes, `lingering` how many the end of a connection takes.
    """

    def __init__(self, url: str) -> None:
        """`url` is that of a database."""
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
        """Yields the URL by which the database is reached through here, at an address of this machine."""
        server = await asyncio.start_server(self._connected, address, 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield f"postgresql://{self._upstream.username or 'postgres'}@{address}:{port}{self._upstream.path}"
        finally:
            server.close()
            self.cut()

    def cut(self) -> None:
        """Ends every connection, and each new one at once."""
        self._is_cut = True
        self._flowing.set()
        for writer in list(self._writers):
            writer.transport.abort()

    def silence(self) -> None:
        """Holds back all that is sent, and tells nobody."""
        self._flowing.clear()

    def heal(self) -> None:
        """Passes on again, first what was held back."""
        self._is_cut = False
        self._flowing.set()

    def at(self, sent: bytes, deed: Callable[[], None]) -> None:
        """Does `deed` once, when a client first sends these bytes; they are passed on."""
        self._watched = (sent, deed)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        upstream_reader, upstream_writer = await self._connect()
        self._writers |= {writer, upstream_writer}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, upstream_writer, self._look))
                group.create_task(self._pass(upstream_reader, writer, lambda _: None))
        finally:
            self._writers -= {writer, upstream_writer}
            writer.close()
            upstream_writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if folders := parse_qs(self._upstream.query).get("host"):
            return await asyncio.open_unix_connection(f"{folders[0]}/.s.PGSQL.{self._upstream.port or 5432}")
        return await asyncio.open_connection(self._upstream.hostname, self._upstream.port or 5432)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, look: Callable[[bytes], None]
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(_CHUNK):
                look(data)
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._flowing.wait()
                if writer.is_closing():
                    return
                writer.write(data)
                await writer.drain()
        await asyncio.sleep(self.lingering)
        writer.close()

    def _look(self, data: bytes) -> None:
        if self._watched is not None and self._watched[0] in data:
            deed, self._watched = self._watched[1], None
            deed()
