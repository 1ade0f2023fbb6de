"""The part of HTTP/1.1 that an ASGI application never sees: sizes and deadlines of what is still being read.

uvicorn's httptools protocol has no limits of its own, so this subclass adds them; what needs whole headers (Host, path,
method, content coding) is ``web.guard``. Every refusal is a SCIM error, and the connection ends with it.

::

    begun ──headers──▶ read ──body──▶ answered ──▶ idle ──▶ begun …
      │ 5 s: 408         │ 30 s: 408                │ 60 s: closed
      └ 414, 431, 400    └ 400

Source: RFC 9112 (message syntax; §9.6: close in two steps, so that the answer is not lost), RFC 6585 §5 (431).

Cost matters more than beauty here. Timers are armed only when a segment ends inside a message, which it rarely does,
and the idle timer is armed once and looks at the clock when it fires. How an answer is written is ``web.exchange``.
"""

import asyncio
import re
import urllib.parse
from typing import Any, NoReturn

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from rollbook.web.exchange import EXTENSION, Exchange
from rollbook.web.incoming import Incoming
from rollbook.web.limits import Limits
from rollbook.web.outgoing import Outgoing, Together
from rollbook.web.refusal import refusal_body
from rollbook.web.steps import run_now

_NOTHING, _HEADERS, _BODY = range(3)
_METHOD_NOT_KNOWN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40} ")

_MALFORMED = (
    "This is not a well-formed HTTP/1.1 message: look at its address (percent-encoded?), line ends, header lines, "
    "lengths and chunks."
)
_SLOW_HEADERS = "The headers of the request did not arrive in time: send them at once."
_SLOW_BODY = "The body of the request did not arrive in time: send it faster, or in smaller requests."


class _Refused(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class _NoTrailers(list[tuple[bytes, bytes]]):
    """Stands where headers were collected once they are complete: fields after a chunked body are refused.

    Nobody here reads trailers, and a list shared with the application would let them pass for headers.
    """

    def append(self, field: tuple[bytes, bytes], /) -> NoReturn:
        raise _Refused(400, "Header fields after a chunked body are not accepted: send them before it.")


_NO_TRAILERS = _NoTrailers()


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits; make a class for other numbers with :func:`with_limits`."""

    limits = Limits()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._exchange: Exchange | None = None
        """The same as uvicorn's ``cycle``, which is not there before the first request."""
        self._reading = _NOTHING
        self._segment = 0
        self._begun = 0
        """Messages that began in the present segment."""
        self._fed = -1
        """Bytes of a message's headers in earlier segments; -1: they began in this one."""
        self._unread = 0
        """Bytes of a chunked body that were neither data nor an end: chunk extensions and trailers."""
        self._body_came = False
        self._deadline: asyncio.TimerHandle | None = None
        self._idle_since = 0.0
        self._fresh: Exchange | None = None
        """The exchange that began in this segment and is still to be started."""
        self._deaf = False
        """Nothing that still comes is read: the connection is on its way out."""
        self._last_words = b""
        self._incoming: Incoming[Exchange]

    # -- the connection ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        incoming, outgoing = self._turn()
        self._incoming = incoming
        super().connection_made(Together(transport, outgoing))
        self._deadline = self.loop.call_later(self.limits.header_seconds, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._unset_deadline()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        before = self._reading
        self._segment = len(data)
        self._begun = 0
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Upgrades are not offered: the request is answered as it stands, and what follows it is not HTTP.
            self._deaf = True
        except httptools.HttpParserError as error:
            self._refuse_message(error, data)
        else:
            if self._reading:
                self._watch(before)
        if (exchange := self._fresh) is not None:
            # Only now: an answer may end the connection, and the parser must not be at work then.
            self._fresh = None
            self._incoming.put(self._start, exchange)

    def _start(self, exchange: Exchange) -> None:
        """Start on a request: at once where it is whole; one whose body is still coming waits as a task."""
        if exchange.more_body and not exchange.disconnected:
            self._start_asgi_task(exchange, self.app)
            return
        task = run_now(exchange.run_asgi(self.app), self.loop)
        if task is not None:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def finish(self) -> None:
        """Close after an answer; while the client still sends, in two steps (RFC 9112 §9.6)."""
        self._unset_deadline()
        if self._reading == _NOTHING:
            self.transport.close()
            return
        self._deaf = True
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._deadline = self.loop.call_later(self.limits.linger_seconds, self.transport.abort)

    def _turn(self) -> tuple[Incoming[Exchange], Outgoing]:
        """What all connections of the server begin together, and what they write together."""
        kept: tuple[Incoming[Exchange], Outgoing] | None = getattr(self.server_state, "rollbook_turn", None)
        if kept is None:
            kept = Incoming(self.loop), Outgoing(self.loop)
            self.server_state.rollbook_turn = kept  # type: ignore[attr-defined]
        return kept

    def date_line(self) -> bytes:
        """The server's own header lines (``date``), joined once a second."""
        fields = self.server_state.default_headers
        kept: tuple[object, bytes] | None = getattr(self.server_state, "rollbook_date", None)
        if kept is None or kept[0] is not fields:
            kept = (fields, b"".join(b"%s: %s\r\n" % field for field in fields))
            self.server_state.rollbook_date = kept  # type: ignore[attr-defined]
        return kept[1]

    # -- what the parser tells -----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._reading = _HEADERS
        self._begun += 1
        self._fed = -1
        self._unread = 0
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_headers_complete(self) -> None:
        if self._deadline is not None:
            self._unset_deadline()
        limits = self.limits
        url = self.url
        headers = self.headers
        if len(url) > limits.url_bytes:
            raise self._url_too_long()
        if len(headers) > limits.header_count:
            raise _Refused(431, f"The request has more than {limits.header_count} header fields.")
        if (self._fed >= 0 or self._segment > limits.header_bytes) and self._header_size() > limits.header_bytes:
            raise self._headers_too_large()
        parser = self.parser
        method = parser.get_method().decode("ascii")
        version = parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise _Refused(505, "This version of HTTP is not spoken here: send HTTP/1.1.")
        upgrade = parser.should_upgrade()
        if upgrade:
            self._check_upgrade(method)
        if url[:1] != b"/":
            url = self._origin_form(url)
        path, _, query = url.partition(b"?")
        text = path.decode("latin-1")
        self.headers = _NO_TRAILERS
        self._reading = _BODY
        scope: Any = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": self.root_path,
            "headers": headers,
            "method": method,
            "path": urllib.parse.unquote(text) if "%" in text else text,
            "raw_path": path,
            "query_string": query,
        }
        before = self._exchange
        self.cycle = self._exchange = exchange = Exchange(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            default_headers=self.server_state.default_headers,
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and parser.should_keep_alive() and not upgrade,
            connection=self,
            on_response=self.on_response_complete,
        )
        scope["extensions"] = {EXTENSION: exchange}
        if before is None or before.response_complete:
            self._fresh = exchange
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((exchange, self.app))

    def on_body(self, body: bytes) -> None:
        self._body_came = True
        exchange = self._exchange
        if exchange is None or exchange.response_complete:
            return
        exchange.body = exchange.body + body if exchange.body else body
        if len(exchange.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        exchange.message_event.set()

    def on_message_complete(self) -> None:
        self._reading = _NOTHING
        if self._deadline is not None:
            self._unset_deadline()
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.flow.read_paused:
            self.flow.resume_reading()
        if self.pipeline:
            exchange, app = self.pipeline.pop()
            self._start_asgi_task(exchange, app)
        elif self._last_words:
            self._say(self._last_words)
        elif not self._deaf:
            self._idle_since = self.loop.time()
            if self.timeout_keep_alive_task is None:
                self._wait_idle(self.limits.idle_seconds)

    # -- limits --------------------------------------------------------------------------------------------------------

    def _watch(self, before: int) -> None:
        """A segment ended inside a message: count what it added, and set a deadline for the rest."""
        limits = self.limits
        if self._reading == _HEADERS:
            if self._begun == 1 and before == _NOTHING:
                self._fed = self._segment
            elif self._fed < 0:
                self._fed = self._header_size() + len(self.url)
            else:
                self._fed += self._segment
            if len(self.url) > limits.url_bytes:
                self._refuse(self._url_too_long())
            # The method and version of the request line are within what is left over by the URL.
            elif self._fed > limits.header_bytes + limits.url_bytes:
                self._refuse(self._headers_too_large())
            elif self._deadline is None:
                self._deadline = self.loop.call_later(limits.header_seconds, self._too_slow)
            return
        if not self._body_came:
            self._unread += self._segment
            if self._unread > limits.header_bytes:
                self._refuse(_Refused(400, _MALFORMED))
                return
        self._body_came = False
        if self._deadline is None:
            self._deadline = self.loop.call_later(limits.body_seconds, self._too_slow)

    def _header_size(self) -> int:
        return sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _url_too_long(self) -> _Refused:
        return _Refused(
            414,
            f"The address of the request is longer than {self.limits.url_bytes} bytes: "
            "send a long query as POST to the endpoint's /.search.",
        )

    def _headers_too_large(self) -> _Refused:
        return _Refused(431, f"The header fields of the request are larger than {self.limits.header_bytes} bytes.")

    def _check_upgrade(self, method: str) -> None:
        if method == "CONNECT":
            raise _Refused(405, "CONNECT is not served here.")
        # The parser takes the body of such a request for the new protocol, so it cannot be told from the next request.
        if any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers):
            raise _Refused(400, "A request with a body cannot ask for another protocol: leave the Upgrade header out.")

    def _origin_form(self, url: bytes) -> bytes:
        """The path and query of a target in absolute form, whose host must be the one of the Host header."""
        scheme, mark, rest = url.partition(b"://")
        if not mark or scheme.lower() not in (b"http", b"https"):
            raise _Refused(400, "The request target must be a path, such as /scim/v2/Users.")
        end = len(rest)
        for stop in (b"/", b"?", b"#"):
            found = rest.find(stop)
            end = min(end, found) if found >= 0 else end
        if [rest[:end].lower()] != [value.lower() for name, value in self.headers if name == b"host"]:
            raise _Refused(400, "The host of the request target and the Host header differ.")
        return rest[end:] if rest[end : end + 1] == b"/" else b"/" + rest[end:]

    # -- deadlines -----------------------------------------------------------------------------------------------------

    def _too_slow(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            return
        if self.flow.read_paused:
            # We are the slow ones: what the client sent waits for an earlier request of the same connection.
            self._deadline = self.loop.call_later(self.limits.body_seconds, self._too_slow)
        elif self._reading == _HEADERS:
            self._refuse(_Refused(408, _SLOW_HEADERS))
        elif self._reading == _BODY:
            self._refuse(_Refused(408, _SLOW_BODY))
        else:
            self.transport.close()

    def _unset_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _wait_idle(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self.transport.is_closing():
            return
        if self._reading or (self._exchange is not None and not self._exchange.response_complete):
            return
        left = self._idle_since + self.limits.idle_seconds - self.loop.time()
        if left > 0:
            self._wait_idle(left)
        elif self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    # -- refusals ------------------------------------------------------------------------------------------------------

    def _refuse_message(self, error: httptools.HttpParserError, data: bytes) -> None:
        cause = error.__context__
        if isinstance(cause, _Refused):
            self._refuse(cause)
        elif isinstance(error, httptools.HttpParserInvalidMethodError) and _METHOD_NOT_KNOWN.match(data):
            self._refuse(_Refused(501, "This method is not known here."))
        else:
            self._refuse(_Refused(400, _MALFORMED))

    def _refuse(self, refused: _Refused) -> None:
        """End the connection with a refusal, after the answers to the requests that came before."""
        self._deaf = True
        self._unset_deadline()
        words = self._refusal(refused)
        exchange = self._exchange
        if self._reading == _BODY and exchange is not None:
            if self.pipeline and self.pipeline[0][0] is exchange:
                self.pipeline.popleft()
                self._last_words = words
                return
            if exchange.response_started:
                self.transport.close()
                return
            exchange.disconnected = True
            exchange.message_event.set()
        elif exchange is not None and not exchange.response_complete:
            self._last_words = words
            return
        self._say(words)

    def _refusal(self, refused: _Refused) -> bytes:
        body = refusal_body(refused.status, refused.detail)
        allow = b"allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n" if refused.status == 405 else b""
        return b"".join(
            (
                STATUS_LINE[refused.status],
                self.date_line(),
                allow,
                b"content-type: application/scim+json\r\nx-content-type-options: nosniff\r\n",
                b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body),
                body,
            )
        )

    def _say(self, words: bytes) -> None:
        self.transport.write(words)
        self._reading = self._reading or _HEADERS
        self.finish()


def with_limits(limits: Limits) -> type[GuardedProtocol]:
    """The protocol class with other numbers, for uvicorn's ``http=``."""
    return type("GuardedProtocol", (GuardedProtocol,), {"limits": limits})
