"""The ASGI application: guard, one answer, one write.

Routing is not here beyond a table of exact paths: the addresses of SCIM belong to the dialect. Neither is any knowledge
of SCIM beyond the form of an error.

A bug (anything that is not a ``ScimError``) is answered with 500 and the request's id, and logged at level error with
its frames under the same id. It is *not* raised into the server: uvicorn would log it a second time, with the text of
the exception (which may hold a value that a client sent), and the one thing it adds is a closed connection.

**Headers of every answer**: ``x-request-id``; ``x-content-type-options: nosniff``, so that JSON is never rendered; and
``cache-control: private, no-cache``: an answer belongs to one credential, and may be kept only to be asked about again
with its ETag. Answers do not set these themselves, save the last (``tells_cache``).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

import structlog

from rollbook.clock import SYSTEM_CLOCK, Clock
from rollbook.http_message import Request, Response
from rollbook.ids import random_bytes
from rollbook.scim.errors import InternalError, ScimError, Unavailable
from rollbook.web.exchange import EXTENSION, Exchange
from rollbook.web.guard import ClientGone, Guard, Receive
from rollbook.web.refusal import refusal

Answer = Callable[[Request], Awaitable[Response]]
Step = Callable[[], Awaitable[None]]
Send = Callable[[Any], Awaitable[None]]

_NOSNIFF = (b"x-content-type-options", b"nosniff")
_CACHE = (b"cache-control", b"private, no-cache")
_ID_BYTES = 12
_IDS_AT_ONCE = 256


class RequestIds:
    """Random names for requests, made many at a time because one call for each would cost more than the guard."""

    def __init__(self) -> None:
        self._left: list[str] = []

    def next(self) -> str:
        """A new name of 24 hexadecimal digits."""
        if not self._left:
            pool = random_bytes(_ID_BYTES * _IDS_AT_ONCE).hex()
            width = _ID_BYTES * 2
            self._left = [pool[start : start + width] for start in range(0, len(pool), width)]
        return self._left.pop()


class Application:
    """One ASGI 3 application around one function from request to response.

    **Shape**: ``routes`` are exact paths, answered under any Host (probes call by address); everything else goes to
    ``answer``. HEAD is answered by calling with method HEAD and leaving the body out.
    ``startup`` steps run in order, and a failing one stops the start (see ``failure``); ``shutdown`` steps run in
    reverse order, every one of them. ``describe`` tells the access log what a request was (route template, tenant), and
    must not tell ids, filters or names of people. ``before_body`` is asked about a request before its body is read, if
    that did not come with its headers; an answer of it is the request's, and ends the connection. It raises for bugs
    only.
    ``refuse`` writes what the edge refuses at a path in the form of that address.
    """

    def __init__(
        self,
        answer: Answer,
        *,
        guard: Guard | None = None,
        routes: Mapping[str, Answer] | None = None,
        startup: Sequence[Step] = (),
        shutdown: Sequence[Step] = (),
        access_log: bool = False,
        describe: Callable[[Request], Mapping[str, str]] | None = None,
        before_body: Callable[[Request], Awaitable[Response | None]] | None = None,
        refuse: Callable[[ScimError, str], Response] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._answer = answer
        self._guard = guard or Guard()
        self._routes = {path.encode("ascii"): route for path, route in (routes or {}).items()}
        self._startup = tuple(startup)
        self._shutdown = tuple(shutdown)
        self._access_log = access_log
        self._describe = describe
        self._before_body = before_body
        self._refuse = refuse
        self._clock = clock
        self._next_id = RequestIds().next
        self._log = structlog.get_logger("rollbook.web")
        self.draining = False
        """Told by the server that the end is near: readiness fails, and every answer closes its connection."""
        self.failure: Exception | None = None
        """Why the start failed, for whoever started the server."""

    def drain(self) -> None:
        """Begin to end: called by the server when it is told to stop."""
        self.draining = True

    def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        """The ASGI entry."""
        kind = scope["type"]
        if kind == "http":
            return self._serve(scope, receive, send)
        if kind == "lifespan":
            return self._live(receive, send)
        if kind == "websocket":
            return _refuse_socket(receive, send)
        raise ValueError("an ASGI scope of an unknown type")

    async def _serve(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        began = self._clock.elapsed() if self._access_log else 0.0
        request_id = self._next_id()
        request: Request | None = None
        response: Response | None = None
        # A request that is refused before its body was read ends its connection: the rest is not worth reading.
        close = True
        exchange: Exchange | None = scope.get("extensions", _NO_EXTENSIONS).get(EXTENSION)
        try:
            answer = self._routes.get(scope["raw_path"])
            request = self._guard.admit(scope, request_id, any_host=answer is not None)
            headers = request.headers
            if "content-length" in headers or "transfer-encoding" in headers:
                whole = exchange.take_whole() if exchange is not None else None
                if whole is not None:
                    request.body = self._guard.check_body(whole)
                if self._before_body is not None and answer is None:
                    response = await self._before_body(request)
                if response is None and whole is None:
                    request.body = await self._guard.read_body(receive)
            if response is None:
                close = self.draining
                response = await (answer or self._answer)(request)
        except ScimError as error:
            response = self._refused(scope, error)
        except ClientGone:
            return
        except asyncio.CancelledError:
            if not self.draining:
                raise
            # The grace of a server that stops is over: say so instead of hanging up.
            response = self._refused(scope, Unavailable("The server is being stopped: send the request again."))
        except Exception as error:  # noqa: BLE001 - the outermost edge: a bug of ours costs one answer, not the server
            self._log.error("a request failed", request=request_id, method=scope["method"], exc_info=error)
            response = self._refused(
                scope, InternalError(f"The server failed to answer. The operator finds the reason under {request_id}.")
            )
        fields = [*response.headers, (b"x-request-id", (response.request_id or request_id).encode()), _NOSNIFF]
        if not response.tells_cache:
            fields.append(_CACHE)
        if response.rest is not None:
            await self._stream(scope, exchange, send, response, fields, close or self.draining)
        elif exchange is not None:
            await exchange.answer(response.status, fields, response.body, close or self.draining)
        else:
            await _send(send, scope["method"], response, fields, close or self.draining)
        if self._access_log:
            self._note(scope, request, response, request_id, began)

    def _refused(self, scope: Mapping[str, Any], error: ScimError) -> Response:
        """A refusal of the edge's own, in the form of the address where there is one that can be told."""
        if self._refuse is None:
            return refusal(error)
        return self._refuse(error, scope["raw_path"].decode("latin-1"))

    async def _stream(
        self,
        scope: Mapping[str, Any],
        exchange: Exchange | None,
        send: Send,
        response: Response,
        fields: list[tuple[bytes, bytes]],
        close: bool,
    ) -> None:
        """An answer in pieces. One that breaks off breaks the connection off."""
        assert response.rest is not None
        try:
            if exchange is not None:
                await exchange.stream(response.status, fields, response.body, response.rest, close)
            else:
                await _send_pieces(send, scope["method"], response, fields)
        except Exception as error:
            self._log.error("an answer broke off", method=scope["method"], exc_info=error)
            if exchange is None:
                raise
            exchange.cut()
        except asyncio.CancelledError:
            if not self.draining or exchange is None:
                raise
            exchange.cut()
        finally:
            if (done := getattr(response.rest, "aclose", None)) is not None:
                await done()

    def _note(
        self, scope: Mapping[str, Any], request: Request | None, response: Response, request_id: str, began: float
    ) -> None:
        what = self._describe(request) if self._describe and request is not None else {}
        milliseconds = round((self._clock.elapsed() - began) * 1000, 1)
        self._log.info(
            "request", method=scope["method"], status=response.status, ms=milliseconds, request=request_id, **what
        )

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            for step in self._startup:
                await step()
        except Exception as error:  # noqa: BLE001 - told to whoever started the server, who shows it
            self.failure = error
            await send({"type": "lifespan.startup.failed"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for step in reversed(self._shutdown):
            try:
                await step()
            except Exception as error:  # noqa: BLE001 - one step that fails must not keep the others from closing
                self._log.error("a step of the shutdown failed", exc_info=error)
        await send({"type": "lifespan.shutdown.complete"})


_NO_EXTENSIONS: Mapping[str, Any] = {}


async def _refuse_socket(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1008})


async def _send(send: Send, method: str, response: Response, fields: list[tuple[bytes, bytes]], close: bool) -> None:
    """The answer in plain ASGI, for any other server (and for clients that call the application directly)."""
    bodiless = response.status in (204, 304)
    if not bodiless:
        fields.append((b"content-length", b"%d" % len(response.body)))
    if close:
        fields.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": response.status, "headers": fields})
    await send({"type": "http.response.body", "body": b"" if bodiless or method == "HEAD" else response.body})


async def _send_pieces(send: Send, method: str, response: Response, fields: list[tuple[bytes, bytes]]) -> None:
    assert response.rest is not None
    await send({"type": "http.response.start", "status": response.status, "headers": fields})
    if method != "HEAD":
        await send({"type": "http.response.body", "body": response.body, "more_body": True})
        async for piece in response.rest:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
