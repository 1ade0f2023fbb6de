"""The application in plain ASGI, as another server or a test client calls it."""

import asyncio
from typing import Any

import pytest

from rollbook.http_message import Request, Response
from rollbook.web.asgi import Application


async def answer(request: Request) -> Response:
    return Response(200, ((b"content-type", b"text/plain"),), request.method.encode() + b" " + request.body)


def scope(method: str = "GET", *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), *headers],
        "client": ("127.0.0.1", 1),
    }


async def call(app: Application, given: dict[str, Any], *messages: dict[str, Any]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    coming = list(messages)

    async def receive() -> dict[str, Any]:
        return coming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(given, receive, send)
    return sent


def test_a_get_without_a_body_does_not_wait_for_one() -> None:
    start, body = asyncio.run(call(Application(answer), scope()))
    assert start["status"] == 200
    assert (b"content-length", b"4") in start["headers"]
    assert body["body"] == b"GET "


def test_a_head_has_the_length_and_no_body() -> None:
    start, body = asyncio.run(call(Application(answer), scope("HEAD")))
    assert (b"content-length", b"5") in start["headers"]
    assert body["body"] == b""


def test_a_body_in_parts_is_one_body() -> None:
    parts: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b"},
    ]
    _, body = asyncio.run(call(Application(answer), scope("POST", (b"content-length", b"2")), *parts))
    assert body["body"] == b"POST ab"


def test_a_client_that_is_gone_gets_no_answer() -> None:
    given = scope("POST", (b"content-length", b"2"))
    assert asyncio.run(call(Application(answer), given, {"type": "http.disconnect"})) == []


def test_a_websocket_is_refused() -> None:
    sent = asyncio.run(call(Application(answer), {"type": "websocket"}, {"type": "websocket.connect"}))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_every_step_of_the_shutdown_runs_in_reverse_order() -> None:
    done: list[str] = []

    def step(name: str, error: Exception | None = None) -> Any:
        async def run() -> None:
            done.append(name)
            if error is not None:
                raise error

        return run

    app = Application(answer, startup=(step("a"), step("b")), shutdown=(step("c"), step("d", ValueError()), step("e")))
    sent = asyncio.run(call(app, {"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert done == ["a", "b", "e", "d", "c"]


def test_a_failed_start_is_told_to_the_server_and_kept() -> None:
    async def fails() -> None:
        raise ValueError

    app = Application(answer, startup=(fails,))
    sent = asyncio.run(call(app, {"type": "lifespan"}, {"type": "lifespan.startup"}))
    assert sent == [{"type": "lifespan.startup.failed"}]
    assert isinstance(app.failure, ValueError)


def test_a_cancelled_request_is_raised_unless_the_server_ends() -> None:
    async def cancelled(_: Request) -> Response:
        raise asyncio.CancelledError

    app = Application(cancelled)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(call(app, scope()))
    app.drain()
    start, _ = asyncio.run(call(app, scope()))
    assert start["status"] == 503
    assert (b"connection", b"close") in start["headers"]
