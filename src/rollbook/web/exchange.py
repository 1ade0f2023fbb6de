"""How an answer is written: one call, one write.

uvicorn's cycle takes an answer in two ASGI messages and checks every header by regular expressions; an application that
knows the extension hands its whole answer over at once. Plain ASGI applications are served as ever.

An answer whose length nobody knows yet goes out piece by piece (``stream``), no faster than the client reads: of it no
more than some pieces are in memory, however long it gets.

Source: RFC 9110 §8.6 (when there is a length), RFC 9112 §6.1 (who is sent chunks), §7.1 (chunks), §9.6 (closing).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

Headers = Sequence[tuple[bytes, bytes]]

EXTENSION = "rollbook.exchange"
"""The ASGI extension of this server: its value is the :class:`Exchange` of the request."""

_STALLED_SECONDS = 60.0
"""How long a client may read nothing of an answer that is not all written. Precedent: an idle connection's."""


class Connection(Protocol):
    """What an exchange asks of its connection."""

    def date_line(self) -> bytes:
        """The server's own header lines."""

    def finish(self) -> None:
        """Close: the last answer has been written."""


class _NobodyWaits(asyncio.Event):
    """Stands where an event is set that nobody has asked for: few requests ever wait for their body."""

    def set(self) -> None:
        pass


_LOG = logging.getLogger("uvicorn.error")
_NOBODY_WAITS = _NobodyWaits()
_SPENT: Any = {}
_BODILESS = frozenset((204, 304))


class Exchange(RequestResponseCycle):
    """One request and its answer, with the whole answer in one write.

    What is the same for every request, and what most requests never touch, is said once for the class.
    """

    logger = access_logger = _LOG
    access_log = False
    disconnected = False
    response_started = False
    response_complete = False
    chunked_encoding: bool | None = None
    expected_content_length = 0
    more_body = True
    body: Any = b""
    message_event: asyncio.Event = _NOBODY_WAITS
    _told_whole = False
    """Whether the application has the whole body; what it waits for after that is the end of the exchange."""

    def __init__(
        self,
        scope: Any,
        transport: asyncio.Transport,
        flow: FlowControl,
        default_headers: list[tuple[bytes, bytes]],
        expect_100_continue: bool,
        keep_alive: bool,
        connection: Connection,
        on_response: Callable[[], None],
    ) -> None:
        # Not the constructor of the class above: it would set everything again.
        self.scope = scope
        self.transport = transport
        self.flow = flow
        self.default_headers = default_headers
        self.waiting_for_100_continue = expect_100_continue
        self.keep_alive = keep_alive
        self.connection = connection
        self.on_response = on_response

    async def receive(self) -> Any:
        """The next piece of the body (ASGI)."""
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        while not (self.disconnected or self.response_complete):
            self.flow.resume_reading()
            if self.body or not (self.more_body or self._told_whole):
                body, self.body = self.body, b""
                self._told_whole = not self.more_body
                return {"type": "http.request", "body": bytes(body), "more_body": self.more_body}
            self.message_event = asyncio.Event()
            await self.message_event.wait()
        return {"type": "http.disconnect"}

    def take_whole(self) -> bytes | None:
        """The body, where all of it is there; None: it is still coming (``receive``), or was asked for before."""
        if self.more_body or self._told_whole or self.disconnected:
            return None
        body, self.body = self.body, b""
        self._told_whole = True
        return bytes(body)

    async def answer(self, status: int, headers: Headers, body: bytes, close: bool = False) -> None:
        """Write a whole answer; the framing is done here.

        **Rules**: ``headers`` has at least one, and no ``content-length``, ``connection`` or ``date``. A body is
        counted but not sent for HEAD, and neither counted nor sent with 204 and 304 (RFC 9110 §8.6). A client that has
        gone is no error.
        """
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        self.response_started = True
        self.waiting_for_100_continue = False
        if close:
            self.keep_alive = False
        given = b"\r\n".join([b": ".join(field) for field in headers])
        # A line break inside a value would split the answer in two (CWE-113); counting is cheaper than a regex a value.
        breaks = len(headers) - 1
        if given.count(b"\n") != breaks or given.count(b"\r") != breaks:
            self.response_started = False
            raise ValueError("a header value of the answer holds a line break")
        ending = b"\r\n\r\n" if self.keep_alive else b"\r\nconnection: close\r\n\r\n"
        if status in _BODILESS:
            parts: tuple[bytes, ...] = (STATUS_LINE[status], self.connection.date_line(), given, ending)
        else:
            length = b"\r\ncontent-length: %d" % len(body)
            shown = body if self.scope["method"] != "HEAD" else b""
            parts = (STATUS_LINE[status], self.connection.date_line(), given, length, ending, shown)
        self.transport.write(b"".join(parts))
        self.response_complete = True
        self.scope = _SPENT  # which holds this exchange: without the ring, what it held is gone at once
        self.message_event.set()
        if not self.keep_alive:
            self.connection.finish()
        self.on_response()

    async def stream(
        self, status: int, headers: Headers, body: bytes, rest: AsyncIterator[bytes], close: bool = False
    ) -> None:
        """Write an answer piece by piece: ``body``, then each piece of ``rest``, as fast as the client reads.

        **Rules**: as ``answer``. A client that knows no chunks (HTTP/1.0) is told the end by closing. One that reads
        nothing for a minute is cut off. What ``rest`` raises goes to the caller, and the connection is to be ended
        then: the client must not take what it has for the whole.
        """
        if not await self._writable():
            return
        chunked = self.scope["http_version"] != "1.0"
        shown = self.scope["method"] != "HEAD"
        if close or not chunked:
            self.keep_alive = False
        given = b"\r\n".join([b": ".join(field) for field in headers])
        breaks = len(headers) - 1
        if given.count(b"\n") != breaks or given.count(b"\r") != breaks:
            raise ValueError("a header value of the answer holds a line break")
        self.response_started = True
        self.waiting_for_100_continue = False
        coding = b"\r\ntransfer-encoding: chunked" if chunked else b""
        ending = b"\r\n\r\n" if self.keep_alive else b"\r\nconnection: close\r\n\r\n"
        first = _chunk(body, chunked) if shown else b""
        self.transport.write(b"".join((STATUS_LINE[status], self.connection.date_line(), given, coding, ending, first)))
        if shown:
            async for piece in rest:
                if not await self._writable():
                    return
                self.transport.write(_chunk(piece, chunked))
                await asyncio.sleep(0)  # a piece may be made without waiting for anything: the others have their turn
            if chunked:
                self.transport.write(b"0\r\n\r\n")
        self.response_complete = True
        self.scope = _SPENT
        self.message_event.set()
        if not self.keep_alive:
            self.connection.finish()
        self.on_response()

    def cut(self) -> None:
        """End the connection in the middle of an answer."""
        self.disconnected = True
        self.transport.abort()

    async def _writable(self) -> bool:
        """Whether the client still reads, once it has read most of what was written."""
        if self.flow.write_paused and not self.disconnected:
            try:
                async with asyncio.timeout(_STALLED_SECONDS):
                    await self.flow.drain()
            except TimeoutError:
                self.cut()
                return False
        return not self.disconnected


def _chunk(piece: bytes, chunked: bool) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece) if chunked and piece else piece
