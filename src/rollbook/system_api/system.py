"""The application as the edge has it: a request whose sender is proved goes in, an answer comes out, and no socket is
between."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import unquote

from fastapi import FastAPI
from starlette.routing import Match

from rollbook.clock import Clock
from rollbook.http_message import Request, Response
from rollbook.identity.principal import Principal
from rollbook.lockers.pins import Pins
from rollbook.storage.contract import TenantStore
from rollbook.storage.records import Tenant
from rollbook.system_api import app as application
from rollbook.system_api.calling import Caller
from rollbook.system_api.people import DialectOf, People


class Asked(Protocol):
    """One request, with all that is known of it."""

    @property
    def request(self) -> Request: ...
    @property
    def principal(self) -> Principal: ...
    @property
    def tenant(self) -> Tenant: ...
    @property
    def store(self) -> TenantStore: ...
    @property
    def base(self) -> str: ...
    @property
    def rest(self) -> str: ...
    @property
    def body(self) -> dict[str, Any]: ...


class SystemApi:
    """See ``web.system_endpoint.System``."""

    def __init__(self, clock: Clock, dialect_of: DialectOf, key: Callable[[], bytes]) -> None:
        self._clock = clock
        self.app: FastAPI = application.make_app(People(dialect_of), Pins(key))

    async def answer(self, asked: Asked) -> Response:
        """What the application answers. **Raises** only for bugs."""
        request = asked.request
        caller = Caller(request, asked.principal, asked.tenant, asked.store, self._clock, asked.base, asked.body)
        scope = _scope(request, asked.rest)
        scope["state"] = {"caller": caller}
        bodies = [{"type": "http.request", "body": request.body, "more_body": False}]
        status = 500
        headers: list[tuple[bytes, bytes]] = []
        parts: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return bodies.pop() if bodies else {"type": "http.disconnect"}

        async def send(message: Mapping[str, Any]) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message["headers"])
            else:
                parts.append(message.get("body", b""))

        await self.app(scope, receive, send)
        kept = [(name, value) for name, value in headers if name != b"content-length"]
        return Response(status, kept, b"".join(parts))

    def refusal(self, error: Exception, trace: str) -> Response:
        """A refusal before the application is asked. **Raises** the error itself where it is a bug."""
        return application.refusal(error, trace)

    def document(self) -> dict[str, Any]:
        """The OpenAPI document of the API, which stands beside it."""
        return application.document(self.app, ".")

    def template(self, method: str, rest: str) -> str:
        """The route of a request, without ids."""
        scope = {"type": "http", "method": method, "path": rest, "headers": []}
        for route in application.served(self.app):
            if route.matches(scope)[0] is Match.FULL:
                return route.path
        return "-"


def _scope(request: Request, rest: str) -> dict[str, Any]:
    # HEAD is answered as GET is; the edge leaves the body out.
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET" if request.method == "HEAD" else request.method,
        "scheme": "http",
        "path": unquote(rest),
        "raw_path": rest.encode(),
        "query_string": request.query.encode(),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()],
        "client": None,
        "server": None,
    }
