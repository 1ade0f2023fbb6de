"""How an answer is written: one call, one write.

uvicorn's cycle takes an answer in two ASGI messages and checks every header by regular expressions; an application that
knows the extension hands its whole answer over at once. Plain ASGI applications are served as ever.

Source: RFC 9110 §8.6 (when there is a length), RFC 9112 §9.6 (closing).
"""

from collections.abc import Sequence
from typing import Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

Headers = Sequence[tuple[bytes, bytes]]

ANSWER_EXTENSION = "rollbook.answer"
"""The ASGI extension of this server: its value is :meth:`Exchange.answer` of the request."""


class Connection(Protocol):
    """What an exchange asks of its connection."""

    def date_line(self) -> bytes:
        """The server's own header lines."""

    def finish(self) -> None:
        """Close: the last answer has been written."""


class Exchange(RequestResponseCycle):
    """One request and its answer, with the whole answer in one write."""

    connection: Connection

    async def answer(self, status: int, headers: Headers, body: bytes, close: bool = False) -> None:
        """Write a whole answer; the framing is done here.

        **Rules**: ``headers`` has no ``content-length``, ``connection`` or ``date``. A body is counted but not sent for
        HEAD, and neither counted nor sent with 204 and 304 (RFC 9110 §8.6). A client that has gone is no error.
        """
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        self.response_started = True
        self.waiting_for_100_continue = False
        lines = [STATUS_LINE[status], self.connection.date_line()]
        for name, value in headers:
            lines += (name, b": ", value, b"\r\n")
        count = len(headers) + 2
        if status not in (204, 304):
            lines.append(b"content-length: %d\r\n" % len(body))
            count += 1
        if close:
            self.keep_alive = False
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
            count += 1
        head = b"".join(lines)
        # A line break inside a value would split the answer in two (CWE-113); counting is cheaper than a regex a value.
        if head.count(b"\n") != count or head.count(b"\r") != count:
            self.response_started = False
            raise ValueError("a header value of the answer holds a line break")
        if body and status not in (204, 304) and self.scope["method"] != "HEAD":
            self.transport.write(head + b"\r\n" + body)
        else:
            self.transport.write(head + b"\r\n")
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.connection.finish()
        self.on_response()
