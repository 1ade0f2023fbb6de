"""The addresses of the identity server: forms in, JSON out (RFC 6749, 7009, 7517, 7662, 8414, 9728).

Like the straight line of SCIM, but shorter: address, form, client, grant, answer. Refusals have OAuth's own form; what
the guard refuses before has SCIM's. Tokens and what leads to them are never cached, and stand in no log and no event.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import orjson
import structlog

from rollbook.deployment import Deployment
from rollbook.dialects.model import Dialect
from rollbook.events import Event, Kind
from rollbook.http_message import Request, Response
from rollbook.identity.access_tokens import AccessTokens
from rollbook.identity.client_login import ClientLogin
from rollbook.identity.invitations import PAGE
from rollbook.identity.issuing import Issuer, Issuing, Origin
from rollbook.identity.jwt import ALGORITHMS
from rollbook.identity.key_sets import KeySets
from rollbook.identity.keys import JWKS_SECONDS, KeyRing
from rollbook.identity.manners import Manner, Manners
from rollbook.identity.passwords import Passwords
from rollbook.identity.throttle import Throttle
from rollbook.identity.token_care import TokenCare
from rollbook.ids import ordered_id
from rollbook.oauth import metadata
from rollbook.oauth.access_token import LIFETIME
from rollbook.oauth.client_auth import read_client
from rollbook.oauth.errors import InvalidRequest, OAuthError, TemporarilyUnavailable, TooLarge, UnsupportedTokenType
from rollbook.oauth.grants import read_grant
from rollbook.oauth.messages import FORM_BYTES, error_answer, read_form
from rollbook.storage.errors import StoreError
from rollbook.storage.identity_records import KnownClient
from rollbook.web.invitation_page import STYLE, InvitationPage
from rollbook.web.refused import Refused

TOKEN = "/oauth/token"  # noqa: S105 - an address
REVOKE = "/oauth/revoke"
INTROSPECT = "/oauth/introspect"
JWKS = "/oauth/jwks.json"

TOKEN_ADDRESSES = (TOKEN, "/connect/token", "/runtime/oauth2/token.idp")
"""Where products' clients look for the token endpoint, beside what their dialects say; each below ``/t/{tenant}``
too."""

_SWEEP_SECONDS = 60.0
_JSON = (b"content-type", b"application/json")
_NO_STORE = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
_KEPT = ((b"cache-control", b"public, max-age=%d" % JWKS_SECONDS),)

Answer = Callable[[Request], Awaitable[Response]]
Work = Callable[[KnownClient, dict[str, str], Origin], Awaitable[dict[str, Any] | None]]

_log = structlog.get_logger("rollbook.oauth")


class OAuthEndpoint:
    """``find`` is asked of each request whether it is for one of these."""

    def __init__(
        self,
        house: Deployment,
        keys: KeyRing,
        access: AccessTokens,
        refused: Refused,
        passwords: Passwords | None = None,
        key_sets: KeySets | None = None,
    ) -> None:
        self._house = house
        self._keys = keys
        self._refused = refused
        store, clock = house.store, house.clock
        issuer = house.issuer or house.public_url
        self._passwords = passwords or Passwords()
        throttle = Throttle(store, clock, address_failures=house.address_failures)
        names = Issuer(issuer, house.public_url)
        manners = manners_of(house.dialects)
        self._issuing = Issuing(store, clock, names, keys, self._passwords, throttle, manners)
        self._care = TokenCare(store, clock, issuer, access)
        said = (dialect.oauth.token_address for dialect in house.dialects)
        addresses = tuple(dict.fromkeys((*TOKEN_ADDRESSES, *filter(None, said))))
        audiences = {issuer, *(house.public_url + address for address in addresses)}
        key_sets = key_sets or KeySets(clock, house.jwks_loopback_hosts)
        self._login = ClientLogin(store, clock, frozenset(audiences), throttle, key_sets)
        self._server = orjson.dumps(metadata.server_metadata(issuer, house.public_url, ALGORITHMS))
        self._resource = orjson.dumps(metadata.resource_metadata(house.public_url, issuer))
        self._forms: dict[str, Work] = dict.fromkeys(addresses, self._token)
        self._forms |= {REVOKE: self._revoke, INTROSPECT: self._introspect}
        page = InvitationPage(house, self._passwords)
        self._pages: dict[str, Answer] = {JWKS: self._jwks, PAGE: page.answer, STYLE: page.style}
        for kind, identifier, shown in (
            (metadata.SERVER, issuer, self._server_page),
            (metadata.RESOURCE, house.public_url, self._resource_page),
        ):
            self._pages |= {kind: shown, metadata.well_known(kind, identifier): shown}
        self._sweeping: asyncio.Task[None] | None = None

    @property
    def client_login(self) -> ClientLogin:
        """By which clients prove themselves, here and where sessions begin."""
        return self._login

    async def start(self) -> None:
        """Begin to forget what has expired."""
        self._sweeping = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = self._house.clock.now()
            try:
                await self._house.store.identity.sweep(self._house.clock.written(), int(now.timestamp()))
            except StoreError as error:
                _log.warning("sweep_failed", reason=error.detail)

    def firsts(self) -> frozenset[str]:
        """The first parts of its addresses."""
        return frozenset(path.split("/")[1] for path in (*self._pages, *self._forms, "/t/"))

    def find(self, path: str) -> Answer | None:
        """Who answers at an address; None: nobody here.

        A path below ``/t/{tenant}`` names the tenant that a token is wanted for.
        """
        page = self._pages.get(path)
        if page is not None:
            return page
        below, tenant = _below(path)
        work = self._forms.get(below)
        if work is None:
            return None

        async def answer(request: Request) -> Response:
            return await self._form(request, work, tenant)

        return answer

    def route(self, path: str) -> str | None:
        """The address without a tenant, for logs; None: nobody's here."""
        below, tenant = _below(path)
        if below in self._forms:
            return below if tenant is None else f"/t/{{tenant}}{below}"
        return path if path in self._pages else None

    def refuse_body(self, request: Request) -> Response | None:
        """The refusal of a body that is too long, before it is read."""
        length = request.headers.get("content-length")
        if length is None or int(length) <= FORM_BYTES:
            return None
        return _refusal(TooLarge(f"The form is longer than {FORM_BYTES} bytes."))

    async def _form(self, request: Request, work: Work, tenant: str | None) -> Response:
        """One form: the client proves itself, and gets what it came for."""
        if request.method != "POST":
            return _only("POST, OPTIONS", request)
        known: KnownClient | None = None
        origin = Origin(request.peer, request.id, tenant)
        try:
            if request.query:
                raise InvalidRequest("Parameters stand in the form, never in the address.")
            form = read_form(request.headers.get("content-type"), request.body)
            known = await self._login.login(read_client(request.headers.get("authorization"), form), request.peer)
            answer = await work(known, form, origin)
        except OAuthError as error:
            await self._note(request, error, known)
            return _refusal(error)
        except StoreError as error:
            _log.warning("store_refused", reason=error.detail)
            return _refusal(TemporarilyUnavailable("The server cannot answer now: try again soon.", retry_after=1))
        if answer is None:
            return Response(200, _NO_STORE, tells_cache=True)
        return Response(200, (_JSON, *_NO_STORE), orjson.dumps(answer), tells_cache=True)

    async def _token(self, known: KnownClient, form: dict[str, str], origin: Origin) -> dict[str, Any]:
        return await self._issuing.give(known, read_grant(form), origin)

    async def _revoke(self, known: KnownClient, form: dict[str, str], origin: Origin) -> None:
        if form.get("token_type_hint", "access_token") not in ("access_token", "refresh_token"):
            raise UnsupportedTokenType("The token_type_hint has to be access_token or refresh_token, or be left out.")
        await self._care.revoke(known, _token_of(form), origin)

    async def _introspect(self, known: KnownClient, form: dict[str, str], origin: Origin) -> dict[str, Any]:
        return await self._care.introspect(known, _token_of(form))

    async def _jwks(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return _only("GET, HEAD, OPTIONS", request)
        try:
            keys = await self._keys.published()
        except StoreError:
            return _refusal(TemporarilyUnavailable("The server cannot answer now: try again soon.", retry_after=1))
        # Before the first token there is no key, and nobody should remember that.
        kept = _KEPT if keys["keys"] else _NO_STORE
        headers = ((b"content-type", b"application/jwk-set+json"), *kept)
        return Response(200, headers, orjson.dumps(keys), tells_cache=True)

    async def _server_page(self, request: Request) -> Response:
        return _page(request, self._server)

    async def _resource_page(self, request: Request) -> Response:
        return _page(request, self._resource)

    async def _note(self, request: Request, error: OAuthError, known: KnownClient | None) -> None:
        """A refusal leaves an event, its repeats within a minute one more; overload leaves none."""
        if error.status == 503:
            if error.hint:
                _log.error("tokens_cannot_be_signed", reason=error.hint)
            return
        type, id = error.subject

        def event() -> Event:
            return Event(
                id=ordered_id(),
                at=self._house.clock.written(),
                kind=Kind.GRANT_REFUSED if known is not None else Kind.LOGIN_REFUSED,
                actor=f"client:{known.client.id}" if known is not None else "anonymous",
                peer=request.peer,
                request=request.id,
                resource_type=type,
                resource=id,
                status=error.status,
                scim_type=error.code,
            )

        await self._refused.note(error.tenant, event)


def manners_of(dialects: Iterable[Dialect]) -> Manners:
    """How the clients of each dialect are treated."""
    return Manners(
        {
            dialect.name: Manner(
                dialect.oauth.scopes,
                min(dialect.oauth.access_seconds or LIFETIME, LIFETIME),
                dialect.oauth.refresh_cap_seconds,
                dialect.oauth.refresh_on_request,
            )
            for dialect in dialects
        }
    )


def _below(path: str) -> tuple[str, str | None]:
    """An address below ``/t/{tenant}``, and the tenant; any other as it is."""
    if not path.startswith("/t/"):
        return path, None
    tenant, slash, rest = path[3:].partition("/")
    return slash + rest, tenant


def _token_of(form: dict[str, str]) -> str:
    if "token" not in form:
        raise InvalidRequest("The parameter token is missing.")
    return form["token"]


def _page(request: Request, body: bytes) -> Response:
    if request.method not in ("GET", "HEAD"):
        return _only("GET, HEAD, OPTIONS", request)
    return Response(200, (_JSON, *_KEPT), body, tells_cache=True)


def _only(allow: str, request: Request) -> Response:
    """OPTIONS is told what is possible, any other method that it is not (RFC 9110 §15.5.6)."""
    if request.method == "OPTIONS":
        return Response(204, ((b"allow", allow.encode()), *_NO_STORE), tells_cache=True)
    body = {"error": "invalid_request", "error_description": f"Possible here: {allow}."}
    headers = ((b"allow", allow.encode()), _JSON, *_NO_STORE)
    return Response(405, headers, orjson.dumps(body), tells_cache=True)


def _refusal(error: OAuthError) -> Response:
    answer, headers = error_answer(error)
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    return Response(error.status, (_JSON, *_NO_STORE, *encoded), orjson.dumps(answer), tells_cache=True)
