"""A network that fails on demand: a proxy on loopback that stands between a client and a server."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from enum import Enum
from urllib.parse import urlsplit, urlunsplit


class Loss(Enum):
    """What gets lost once the marker has been seen on its way to the server; the connection is reset in either case."""

    REQUEST = "the server never sees it"
    ANSWER = "the server does it, and its answer is lost"


class Proxy:
    """Passes bytes on, until told otherwise."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._marker = b""
        self._loss = Loss.REQUEST
        self.port = 0
        self.lost = asyncio.Event()
        """Set once something was lost."""

    def lose(self, loss: Loss, marker: bytes) -> None:
        """Lose something once: when these bytes are next sent to the server."""
        self._loss, self._marker = loss, marker
        self.lost.clear()

    def reset(self) -> None:
        """Cut every connection, without a goodbye."""
        for pair in tuple(self._pairs):
            _cut(*pair)

    async def serve(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        server_in, server_out = await asyncio.open_connection(self._host, self._port)
        pair = (client_out, server_out)
        self._pairs.add(pair)
        mute = asyncio.Event()
        here, there = (
            self._pass_on(client_in, server_out, pair, mute),
            self._pass_back(server_in, client_out, pair, mute),
        )
        try:
            await asyncio.gather(here, there)
        except OSError:
            pass
        finally:
            self._pairs.discard(pair)
            _cut(*pair)

    async def _pass_on(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
        mute: asyncio.Event,
    ) -> None:
        while data := await source.read(65536):
            if self._marker and self._marker in data:
                self._marker = b""
                if self._loss is Loss.REQUEST:
                    self.lost.set()
                    _cut(*pair)
                    return
                mute.set()
            target.write(data)
            await target.drain()
        _cut(*pair)

    async def _pass_back(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
        mute: asyncio.Event,
    ) -> None:
        while data := await source.read(65536):
            if mute.is_set():
                self.lost.set()
                break
            target.write(data)
            await target.drain()
        _cut(*pair)


def _cut(*writers: asyncio.StreamWriter) -> None:
    for writer in writers:
        with contextlib.suppress(OSError):
            # Lingering for no time makes the system send a reset.
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


@contextlib.asynccontextmanager
async def proxied(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy before the server of a URL, and the URL that leads through it."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = Proxy(parts.hostname, parts.port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    credentials = parts.netloc.rpartition("@")[0]
    try:
        yield proxy, urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{proxy.port}"))
    finally:
        server.close()
        proxy.reset()
        await asyncio.sleep(0)
