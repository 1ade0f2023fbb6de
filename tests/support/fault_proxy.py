"""A proxy that understands requests, and breaks the ones it is told to: before the server sees them, or after."""

import asyncio
import contextlib
import os
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit


class Where(Enum):
    """When something happens to a request."""

    BEFORE = "the server never sees it"
    AFTER = "the server does it, and its answer is lost"
    PASSED = "the answer is passed on, and it happens right then"


@dataclass(frozen=True)
class Cut:
    """The connection is reset."""

    where: Where


@dataclass(frozen=True)
class Late:
    """The answer comes so many seconds later."""

    seconds: float


@dataclass(frozen=True)
class Says:
    """The proxy answers in place of the server, which sees nothing unless ``where`` says so."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    where: Where = Where.BEFORE
    body: bytes = b'{"detail":"out of order"}'


@dataclass(frozen=True)
class Kills:
    """A process is killed, and the connection is reset."""

    pid: Callable[[], int]
    where: Where


Fault = Cut | Late | Says | Kills
Plan = Callable[["Seen"], Fault | None]


@dataclass(frozen=True)
class Seen:
    """A request on its way."""

    number: int
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class FaultProxy:
    """``plan`` is asked about every request; ``seen`` is what came."""

    url: str
    plan: Plan = lambda seen: None
    seen: list[Seen] = field(default_factory=list)
    _host: str = ""
    _port: int = 0

    def methods(self) -> dict[str, int]:
        """How many requests came, by method."""
        found: dict[str, int] = {}
        for one in self.seen:
            found[one.method] = found.get(one.method, 0) + 1
        return found

    async def serve(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        server_in, server_out = await asyncio.open_connection(self._host, self._port)
        try:
            while await self._request(client_in, client_out, server_in, server_out):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            server_out.close()
            client_out.close()

    async def _request(
        self,
        client_in: asyncio.StreamReader,
        client_out: asyncio.StreamWriter,
        server_in: asyncio.StreamReader,
        server_out: asyncio.StreamWriter,
    ) -> bool:
        head, body = await _message(client_in)
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        seen = Seen(len(self.seen) + 1, method, path, headers, body)
        self.seen.append(seen)
        fault = self.plan(seen)
        where = getattr(fault, "where", None)
        if where is Where.BEFORE and fault is not None:
            return await _happens(fault, client_out)
        server_out.write(head + b"\r\n\r\n" + body)
        await server_out.drain()
        answer_head, answer_body = await _message(server_in)
        if where is Where.AFTER and fault is not None:
            return await _happens(fault, client_out)
        if isinstance(fault, Late):
            await asyncio.sleep(fault.seconds)
        client_out.write(answer_head + b"\r\n\r\n" + answer_body)
        await client_out.drain()
        if where is Where.PASSED and fault is not None:
            return await _happens(fault, client_out)
        return True


async def _happens(fault: Fault, client_out: asyncio.StreamWriter) -> bool:
    if isinstance(fault, Kills):
        with contextlib.suppress(ProcessLookupError):
            os.kill(fault.pid(), signal.SIGKILL)
    if isinstance(fault, Says):
        headers = "".join(f"{name}: {value}\r\n" for name, value in fault.headers)
        head = f"HTTP/1.1 {fault.status} Out Of Order\r\n{headers}content-length: {len(fault.body)}\r\n\r\n"
        client_out.write(head.encode() + fault.body)
        await client_out.drain()
        return True
    # Lingering for no time makes the system send a reset.
    client_out.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client_out.transport.abort()
    return False


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The head of a message, without the line that ends it, and its body as it stands on the wire."""
    head = (await reader.readuntil(b"\r\n\r\n"))[:-4]
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        body = b""
        while not body.endswith(b"0\r\n\r\n") or body[-7:-5] not in (b"\r\n", b""):
            size_line = await reader.readuntil(b"\r\n")
            size = int(size_line.split(b";")[0], 16)
            body += size_line + await reader.readexactly(size + 2)
            if size == 0:
                break
        return head, body
    at = lower.find(b"content-length:")
    length = int(lower[at + 15 :].split(b"\r\n")[0]) if at >= 0 else 0
    return head, await reader.readexactly(length)


@contextlib.contextmanager
def fault_proxy(url: str) -> Iterator[FaultProxy]:
    """A proxy before a server, in a thread of its own. ``proxy.url`` leads through it, with the path of ``url``."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    proxy = FaultProxy("", _host=parts.hostname, _port=parts.port or 80)
    begun, loop = threading.Event(), asyncio.new_event_loop()
    end = asyncio.Event()

    async def work() -> None:
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=1 << 24)
        proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{parts.path}"
        begun.set()
        await end.wait()
        server.close()

    def run() -> None:
        try:
            loop.run_until_complete(work())
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.wait(left))
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="fault-proxy")
    thread.start()
    assert begun.wait(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(10)
