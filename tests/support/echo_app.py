"""A small application on the real edge, which tells what reached it; for tests of the edge itself.

``/echo`` any method: what the request was · ``/slow/{seconds}`` answers late · ``/bug`` raises · ``/refuse`` refuses ·
``/nothing`` 204 · ``/broken-header`` tries to split its answer · ``/pid`` names the process ·
``/pieces/{count}/{bytes}`` answers piece by piece, ``/breaks/{count}/{bytes}`` fails behind so many; ``/written`` tells
how many pieces the last of these has made.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from typing import Any

from rollbook.http_message import Request, Response
from rollbook.scim.errors import Conflict
from rollbook.web.asgi import Application
from rollbook.web.guard import Guard
from rollbook.web.health import Health
from rollbook.web.limits import Limits

JSON = (b"content-type", b"application/json")


_written = 0
_ended = 0


async def _pieces(count: int, size: int, *, breaks: bool) -> AsyncIterator[bytes]:
    global _written, _ended
    _written = 0
    try:
        for _ in range(count):
            await asyncio.sleep(0)
            _written += 1
            yield b"a" * size
        if breaks:
            raise LookupError("the secret of ann")
    finally:
        _ended += 1


async def _answer(request: Request) -> Response:
    path = request.path
    if path.startswith(("/pieces/", "/breaks/")):
        _, what, count, size = path.split("/")
        rest = _pieces(int(count), int(size), breaks=what == "breaks")
        return Response(200, ((b"content-type", b"text/plain"),), b"first", rest=rest)
    if path == "/written":
        return Response(200, (JSON,), json.dumps([_written, _ended]).encode())
    if path.startswith("/slow/"):
        await asyncio.sleep(float(path.removeprefix("/slow/")))
    elif path == "/bug":
        raise LookupError("the secret of ann")
    elif path == "/refuse":
        raise Conflict("There is one of these already.", headers=(("Retry-After", "7"),))
    elif path == "/nothing":
        return Response(204)
    elif path == "/pid":
        return Response(200, (JSON,), json.dumps(os.getpid()).encode())
    elif path == "/broken-header":
        return Response(200, ((b"location", b"/x\r\nset-cookie: a=b"),), b"")
    told = {
        "method": request.method,
        "path": path,
        "query": request.query,
        "headers": request.headers,
        "body": request.body.decode("utf-8", "replace")[:100],
        "size": len(request.body),
        "peer": request.peer,
        "id": request.id,
    }
    return Response(200, (JSON,), json.dumps(told).encode())


def application() -> Any:
    """The echo; its settings are one JSON object in ``ECHO``."""
    given = json.loads(os.environ.get("ECHO", "{}"))
    guard = Guard(
        hosts=given.get("hosts", ()), trusted_proxies=given.get("proxies", ()), limits=Limits(**given.get("limits", {}))
    )
    made: list[Application] = []
    health = Health(_check, draining=lambda: made[0].draining)

    async def start() -> None:
        if given.get("broken"):
            raise RuntimeError("no database of ann")

    made.append(
        Application(
            _answer,
            guard=guard,
            routes={"/healthz": health.healthz, "/readyz": health.readyz},
            startup=(start,),
            access_log=bool(given.get("access_log")),
        )
    )
    return made[0]


async def _check() -> list[str]:
    return []
