"""The straight line of a request to the System API, up to the application that answers it (``rollbook.system_api``).

| step         | may refuse with                                             |
| ------------ | ----------------------------------------------------------- |
| authenticate | 401                                                         |
| tenant       | 404 (the address names another), 403 (suspended), 429, 503  |
| body         | 400, 415                                                    |
| application  | what its document says                                      |

It stands at ``/api/v1`` and ``/t/{tenant}/api/v1``, which is longer than any dialect's base; and it decides about
access at ``/access/v1``, as OpenID AuthZEN has it. The page about it and its document need no credential, nor does the
document that says what decides here.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote

import orjson

from rollbook.deployment import Deployment
from rollbook.events import Event, Kind
from rollbook.http_message import Request, Response
from rollbook.identity.access import enter
from rollbook.identity.authenticate import Authenticator, RefusedLogin
from rollbook.identity.principal import Principal
from rollbook.ids import ordered_id
from rollbook.scim.errors import ScimError, UnsupportedMediaType
from rollbook.scim.json_guard import read_json
from rollbook.storage.contract import TenantStore
from rollbook.storage.errors import StoreError
from rollbook.storage.records import Tenant
from rollbook.web import docs
from rollbook.web.rate import Headers, Rate
from rollbook.web.refused import Refused
from rollbook.web.turns import Turns

BASE = "/api/v1"
ACCESS = "/access/v1"
"""Where OpenID AuthZEN is spoken: an address of its own for routes of the application that begin with ``/authzen``."""
PDP = "/.well-known/authzen-configuration"
_ADDRESS = re.compile(rf"(?:/t/(?P<tenant>[^/]+))?(?P<base>{BASE}|{ACCESS})(?P<rest>/.*)?")
_NAMED = re.compile(r"[!-~]{1,200}")
_METADATA = re.compile(rf"{re.escape(PDP)}(?:/t/(?P<tenant>[^/]+))?")
_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json(?:\s*;.*)?", re.IGNORECASE)
_WRITES = frozenset(("POST", "PUT", "PATCH", "DELETE"))


class Place(NamedTuple):
    """``tenant`` is the one that the address names, ``base`` the path of the API, ``rest`` what is asked of it."""

    tenant: str | None
    base: str
    rest: str


class Asked(NamedTuple):
    """One request, with all that is known of it."""

    request: Request
    principal: Principal
    tenant: Tenant
    store: TenantStore
    base: str
    rest: str
    body: dict[str, Any]


class System(Protocol):
    """The application, as far as it is of concern here."""

    async def answer(self, asked: Asked) -> Response: ...

    def refusal(self, error: Exception, trace: str) -> Response: ...

    def document(self) -> dict[str, Any]: ...

    def template(self, method: str, rest: str) -> str: ...


def find(path: str) -> Place | None:
    """Where in the API a path leads, if it does.

    >>> find("/t/acorn/api/v1/lockers"), find("/api/users")
    (Place(tenant='acorn', base='/t/acorn/api/v1', rest='/lockers'), None)
    """
    found = _ADDRESS.fullmatch(path)
    if found is None:
        return None
    tenant, rest = found["tenant"], found["rest"] or ""
    if found["base"] == ACCESS:
        rest = f"/authzen{rest}"
    elif rest.startswith("/authzen"):
        rest = "/-"  # nothing is there
    return Place(tenant and unquote(tenant), path[: found.end("base")], rest)


class SystemEndpoint:
    """Answers everything below the System API's base."""

    def __init__(
        self,
        house: Deployment,
        system: System,
        authenticator: Authenticator,
        rate: Rate,
        turns: Turns,
        refused: Refused,
    ) -> None:
        self._house = house
        self._system = system
        self._authenticator = authenticator
        self._rate = rate
        self._turns = turns
        self._refused = refused
        self._handle = lru_cache(1024)(house.store.tenant)
        self._document: tuple[bytes, str] | None = None

    firsts = frozenset(("api", "access", ".well-known", "t"))
    """The first parts of its addresses."""
    base = BASE
    about = "/docs", "/openapi.json"
    """Where the page about it is, and its document."""

    def find(self, path: str) -> Callable[[Request], Awaitable[Response]] | None:
        """What answers at a path; None: it is not the System API's."""
        if _METADATA.fullmatch(path) is not None:
            return self._metadata
        return self.answer if self.place(path) is not None else None

    def place(self, path: str) -> Place | None:
        """Where in the API a path leads, if it does."""
        return find(path)

    def admit(self, principal: Principal, place: Place) -> Tenant:
        """The tenant whose API this is. **Raises** ``ScimError``."""
        return enter(principal, place.tenant)

    def read(self, request: Request) -> Mapping[str, Any]:
        """The JSON of a request. **Raises** ``ScimError``."""
        return _body(request)

    def refuse(self, error: ScimError, path: str) -> Response | None:
        """What the edge refuses at a path, in the API's form."""
        return self._system.refusal(error, "") if self.place(path) is not None else None

    def describe(self, request: Request) -> Mapping[str, str]:
        """What a request was, for the access log: the route without ids, and the tenant of a known credential."""
        place = self.place(request.path)
        principal = self._authenticator.remembered(request.headers.get("authorization"))
        template = self._system.template(request.method, place.rest) if place else "-"
        return {"route": f"{self.base}{template}", "tenant": principal.tenant.id if principal else "-"}

    async def before_body(self, request: Request) -> Response | None:
        """The refusal of a request without a good credential, before anybody reads its body; None lets it in."""
        authorization = request.headers.get("authorization")
        if self._authenticator.remembered(authorization) is not None:
            return None
        try:
            await self._authenticator.bearer(authorization)
        except (ScimError, StoreError) as error:
            await self._note(request, error, None, None)
            return self._system.refusal(error, request.id)
        return None

    async def answer(self, request: Request) -> Response:
        """The answer to one request. Raises only for bugs."""
        principal: Principal | None = None
        tenant: Tenant | None = None
        standing: Headers = ()
        place = self.place(request.path)
        assert place is not None
        try:
            if place.rest in self.about:
                return await self._about(request, place)
            authorization = request.headers.get("authorization")
            principal = self._authenticator.remembered(authorization)
            if principal is None:
                principal = await self._authenticator.bearer(authorization)
            tenant = self.admit(principal, place)
            standing = self._rate.take(tenant.id, principal.connection)
            body = dict(self.read(request))
            async with self._turns.turn(tenant.id):
                asked = Asked(request, principal, tenant, self._handle(tenant.id), place.base, place.rest, body)
                answer = await self._system.answer(asked)
            if 400 <= answer.status < 500:
                await self._note_write(request, principal, tenant, answer.status)
        except (ScimError, StoreError) as error:
            await self._note(request, error, principal, tenant)
            answer = self._system.refusal(error, request.id)
        if standing:
            answer.headers = (*answer.headers, *standing)
        if place.rest.startswith("/authzen"):  # AuthZEN: what names a request, comes back with the answer
            named = request.headers.get("x-request-id", "")
            answer.request_id = named if _NAMED.fullmatch(named) else ""
        return answer

    async def _metadata(self, request: Request) -> Response:
        """What decides here (AuthZEN §9): open to everybody, and the same for everybody."""
        try:
            docs.only_reading(request)
        except ScimError as error:
            return self._system.refusal(error, request.id)
        found = _METADATA.fullmatch(request.path)
        tenant = found["tenant"] if found else None
        point = f"{self._house.public_url}{f'/t/{tenant}' if tenant else ''}"
        parts = ("evaluation", "evaluations")
        searches = ("subject", "resource", "action")
        body = {
            "policy_decision_point": point,
            **{f"access_{part}_endpoint": f"{point}{ACCESS}/{part}" for part in parts},
            **{f"search_{part}_endpoint": f"{point}{ACCESS}/search/{part}" for part in searches},
        }
        return Response(200, ((b"content-type", b"application/json"),), orjson.dumps(body))

    async def _about(self, request: Request, place: Place) -> Response:
        """The page about the API, and its document: the same for everybody."""
        if place.rest == self.about[0]:
            return docs.show(docs.Place("docs", place.tenant), request)
        docs.only_reading(request)
        if self._document is None:
            body = orjson.dumps(await asyncio.to_thread(self._system.document))  # it takes a while to make
            self._document = body, sha256(body).hexdigest()[:24]
        return docs.unless_known(request, ((b"content-type", b"application/json"),), *self._document)

    async def _note(
        self, request: Request, error: Exception, principal: Principal | None, tenant: Tenant | None
    ) -> None:
        """A refused login and a refused write each leave an event."""
        if isinstance(error, RefusedLogin):
            made = self._event(request, Kind.LOGIN_REFUSED, error.actor, error.status)
            await self._refused.note(error.tenant, lambda: made)
        elif principal and tenant and isinstance(error, ScimError) and error.status not in (429, 503):
            await self._note_write(request, principal, tenant, error.status)

    async def _note_write(self, request: Request, principal: Principal, tenant: Tenant, status: int) -> None:
        if request.method not in _WRITES:
            return
        made = self._event(request, Kind.WRITE_REFUSED, principal.actor, status)
        await self._refused.note(tenant.id, lambda: made)

    def _event(self, request: Request, kind: Kind, actor: str, status: int) -> Event:
        at = self._house.clock.written()
        return Event(ordered_id(), at, kind, actor, request.peer, request.id, "System", "", status)


def _body(request: Request) -> dict[str, Any]:
    """The JSON of a request that has any. **Raises** ``UnsupportedMediaType``, ``InvalidSyntax``, ``InvalidValue``."""
    if not request.body:
        return {}
    if request.method not in _WRITES:
        request.body = b""  # a body of a GET means nothing (RFC 9110 §9.3.1)
        return {}
    media = request.headers.get("content-type", "")
    if media.partition(";")[0].strip().lower() == "text/csv":
        return {}
    if _JSON.fullmatch(media) is None:
        raise UnsupportedMediaType("Send JSON here, with the header Content-Type: application/json.")
    return read_json(request.body)
