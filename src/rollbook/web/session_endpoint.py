"""The addresses where sessions begin and end.

==================================================  ================================================================
``GET /api/auth/v1/connectAutoWithAuthToken``       an encrypted login (``identity.encrypted_login``), in the product's
                                                    own envelope: 200, and ``errorCode`` tells what is wrong
``POST /session``                                   for clients of our own: a login and a password as JSON; or a form
                                                    with ``username`` and ``password``, from a client that proves
                                                    itself as at the token endpoint; refusals as there
``DELETE /session``                                 ends the session of the header
==================================================  ================================================================

Each stands bare, below ``/t/{tenant}`` and below ``/ProdClients/{tenant}/RESTWS``, in any letter case: the bare ones
take the tenant from the key, or from the login. What is sent here, the query above all, stands in no log and no event.
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import orjson
import structlog

from rollbook.deployment import Deployment
from rollbook.events import Event, Kind
from rollbook.http_message import Request, Response
from rollbook.identity import sessions
from rollbook.identity.auth_tokens import Code
from rollbook.identity.authenticate import Authenticator
from rollbook.identity.client_login import ClientLogin
from rollbook.identity.encrypted_login import Asked, EncryptedLogin, LoginFailed, check_login
from rollbook.identity.master_key import MasterKey
from rollbook.identity.passwords import Passwords
from rollbook.identity.throttle import Throttle
from rollbook.ids import ordered_id
from rollbook.oauth.client_auth import read_client
from rollbook.oauth.errors import (
    InvalidGrant,
    InvalidRequest,
    OAuthError,
    TemporarilyUnavailable,
    TooLarge,
    UnauthorizedClient,
)
from rollbook.oauth.grants import PASSWORD
from rollbook.oauth.messages import FORM, FORM_BYTES, error_answer, read_form
from rollbook.oauth.scopes import grant, read_scope
from rollbook.storage.errors import StoreError
from rollbook.storage.identity_records import ClientTenant, KnownClient
from rollbook.storage.records import DEFAULT_SCOPES, Connection, Tenant
from rollbook.web.refused import Refused

ENCRYPTED = "/api/auth/v1/connectAutoWithAuthToken"
PLAIN = "/session"
_ADDRESSES = {address.lower(): address for address in (ENCRYPTED, PLAIN)}
_PREFIX, _SUFFIX = "/prodclients/", "/restws"

_JSON = (b"content-type", b"application/json")
_NO_STORE = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))

Answer = Callable[[Request], Awaitable[Response]]

_log = structlog.get_logger("rollbook.session")


class SessionEndpoint:
    """``find`` is asked of each request whether it is for one of these, or of ``pages``."""

    def __init__(
        self,
        house: Deployment,
        master: MasterKey,
        passwords: Passwords,
        authenticator: Authenticator,
        refused: Refused,
        clients: ClientLogin,
    ) -> None:
        self._house = house
        self._passwords = passwords
        self._authenticator = authenticator
        self._refused = refused
        self._clients = clients
        self._dialects = frozenset(one.name for one in house.dialects if one.credentials.session_header)
        self.pages: dict[str, Answer] = {}
        """What people see who come by a link, by its address."""
        self._throttle = Throttle(house.store, house.clock, address_failures=house.address_failures)
        self._encrypted = EncryptedLogin(house.store, house.clock, master, passwords, self._throttle)

    def firsts(self) -> frozenset[str]:
        """The first parts of its addresses."""
        return frozenset(path.split("/")[1] for path in (*self.pages, *_ADDRESSES, _PREFIX, "/t/"))

    def find(self, path: str) -> Answer | None:
        """Who answers at an address; None: nobody here."""
        if path in self.pages:
            return self.pages[path]
        place = _place(path)
        if place is None:
            return None
        address, _, tenant = place

        async def answer(request: Request) -> Response:
            work = self._connect if address == ENCRYPTED else self._plain
            return await work(request, tenant)

        return answer

    def route(self, path: str) -> str | None:
        """The address without a tenant, for logs; None: nobody's here."""
        place = _place(path)
        return place[1] if place is not None else path if path in self.pages else None

    def refuse_body(self, request: Request) -> Response | None:
        """The refusal of a body that is too long, before it is read."""
        length = request.headers.get("content-length")
        if length is None or int(length) <= FORM_BYTES:
            return None
        return _refusal(TooLarge(f"The body is longer than {FORM_BYTES} bytes."))

    async def _connect(self, request: Request, tenant: str | None) -> Response:
        if request.method != "GET":
            return _only("GET, OPTIONS", request)
        failed: LoginFailed
        try:
            parameters = _parameters(request.query)
            asked = Asked(
                parameters.get("authtoken", ""), parameters.get("authclientid", ""), tenant, request.peer, request.id
            )
            given, found = await self._encrypted.login(asked)
        except LoginFailed as error:
            failed = error
        except StoreError as error:
            _log.warning("store_refused", reason=error.detail)
            failed = LoginFailed(Code.UNKNOWN, "The server cannot answer now: try again soon.")
        else:
            root = f"{self._house.public_url}/ProdClients/{found.name}"
            data = {"token": given.secret, "wsUrl": f"{root}/", "wsUrlRest": f"{root}/RESTWS/"}
            return _enveloped(Code.NONE, "", data)
        if failed.hint:
            _log.error("encrypted_logins_cannot_be_read", reason=failed.hint)
        if failed.code is not Code.UNKNOWN:
            await self._note(request, failed.tenant, failed.subject, 200, f"errorCode {failed.code:d}")
        return _enveloped(failed.code, failed.detail, None)

    async def _plain(self, request: Request, tenant: str | None) -> Response:
        try:
            if request.method == "POST":
                return await self._begin(request, tenant)
            if request.method == "DELETE":
                return await self._end(request)
        except OAuthError as error:
            if error.status < 500:
                await self._note(request, error.tenant, error.subject, error.status, error.code)
            return _refusal(error)
        except StoreError as error:
            _log.warning("store_refused", reason=error.detail)
            return _refusal(TemporarilyUnavailable("The server cannot answer now: try again soon.", retry_after=1))
        return _only("POST, DELETE, OPTIONS", request)

    async def _begin(self, request: Request, named: str | None) -> Response:
        if request.query:
            raise InvalidRequest("A login stands in the body, never in the address.")
        said, known = await self._said(request)
        by = known.client.id if known is not None else "sessions"
        checked = await check_login(
            self._house.store, self._passwords, self._throttle, said.login, said.password, by, request.peer
        )
        user = checked.found
        if user is None:
            raise InvalidGrant
        refused = InvalidGrant().about(user.tenant, "SystemUser", user.id)
        tenant = await self._house.store.find_tenant(user.tenant) if checked.right else None
        if tenant is None or tenant.status != "active":
            raise refused
        if named is not None and named.lower() not in (tenant.name.lower(), tenant.id):
            raise refused
        link = next((link for link in known.tenants if link.tenant == tenant.id), None) if known is not None else None
        may = set(DEFAULT_SCOPES)
        if known is not None:
            if link is None:
                raise refused
            may = set(link.scopes) & set(known.client.scopes)
        scopes = grant(read_scope(said.scope), may).scopes
        connection = await self._connection(tenant, said.connection, link)
        given = await sessions.start(
            self._house.store,
            self._house.clock,
            tenant,
            connection,
            user,
            scopes=scopes,
            idle=sessions.idle_of(tenant, connection),
            client=known.client if known is not None else None,
            peer=request.peer,
            request=request.id,
        )
        body = {"session": given.secret, "header": sessions.HEADER, "expiresIn": given.session.idle}
        return Response(200, (_JSON, *_NO_STORE), orjson.dumps(body), tells_cache=True)

    async def _said(self, request: Request) -> tuple["_Said", KnownClient | None]:
        """A login, and the client that has brought it and proved itself. **Raises** ``OAuthError``."""
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != FORM:
            return _read_login(media, request.body), None
        form = read_form(request.headers.get("content-type"), request.body)
        known = await self._clients.login(read_client(request.headers.get("authorization"), form), request.peer)
        if PASSWORD not in known.client.grants:
            raise UnauthorizedClient(f"The client may not use the grant {PASSWORD}.")
        if "username" not in form or "password" not in form:
            raise InvalidRequest("Send the parameters username and password.")
        return _Said(form["username"], form["password"], scope=form.get("scope", "")), known

    async def _connection(self, tenant: Tenant, wanted: str, link: ClientTenant | None) -> Connection:
        """The connection that a session comes by: the client's own, or the one of that name, or the first; one that
        takes sessions."""
        for connection in await self._house.store.tenant(tenant.id).connections():
            named = not wanted or connection.name.lower() == wanted.lower()
            if link is not None:
                named = connection.id == link.connection
            if named and connection.dialect in self._dialects:
                return connection
        raise UnauthorizedClient("The tenant has no such connection that takes sessions.").about(
            tenant.id, "Connection", ""
        )

    async def _end(self, request: Request) -> Response:
        secret = request.headers.get(sessions.HEADER.lower(), "")
        store, clock = self._house.store, self._house.clock
        found = await sessions.find(store, clock, secret)
        if found is None or not await sessions.end(
            store, found, at=clock.written(), peer=request.peer, request=request.id
        ):
            challenge = f'{sessions.HEADER} realm="{sessions.REALM}"'
            body = {"error": "invalid_token", "error_description": "The session is unknown, or it has ended."}
            headers = (_JSON, *_NO_STORE, (b"www-authenticate", challenge.encode()))
            return Response(401, headers, orjson.dumps(body), tells_cache=True)
        self._authenticator.forget_session(secret)
        return Response(204, _NO_STORE, tells_cache=True)

    async def _note(
        self, request: Request, tenant: str | None, subject: tuple[str, str], status: int, code: str
    ) -> None:
        def event() -> Event:
            return Event(
                id=ordered_id(),
                at=self._house.clock.written(),
                kind=Kind.LOGIN_REFUSED,
                actor="anonymous",
                peer=request.peer,
                request=request.id,
                resource_type=subject[0],
                resource=subject[1],
                status=status,
                scim_type=code,
            )

        await self._refused.note(tenant, event)


def _place(path: str) -> tuple[str, str, str | None] | None:
    """The address that a path is, the same for logs, and the tenant that it names."""
    lower = path.lower()
    if (address := _ADDRESSES.get(lower)) is not None:
        return address, address, None
    if not lower.endswith(_ENDS):
        return None
    for before, after, template in ((_PREFIX, _SUFFIX, "/ProdClients/{tenant}/RESTWS"), ("/t/", "", "/t/{tenant}")):
        tenant, slash, rest = path[len(before) :].partition("/")
        below = slash + rest
        if not lower.startswith(before) or not below.lower().startswith(after):
            continue
        address = _ADDRESSES.get(below[len(after) :].lower())
        if address is not None and tenant:
            return address, template + address, unquote(tenant)
    return None


_ENDS = tuple(_ADDRESSES)


def _parameters(query: str) -> dict[str, str]:
    """The parameters of an address, by their names in lower case. **Raises** ``LoginFailed``: one comes twice."""
    found: dict[str, str] = {}
    try:
        for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=32):
            if found.setdefault(name.lower(), value) is not value:
                raise ValueError
    except ValueError:
        raise LoginFailed(Code.BAD_FORMAT, "Each parameter stands in the address once.") from None
    return found


class _Said(NamedTuple):
    login: str
    password: str
    connection: str = ""
    """By name; empty: whichever takes sessions."""
    scope: str = ""


def _read_login(media: str, content: bytes) -> _Said:
    """A login as JSON. **Raises** ``InvalidRequest``."""
    if media not in ("application/json", "application/scim+json", "text/json"):
        raise InvalidRequest(f"The body has to be of the type application/json, or {FORM}.")
    try:
        body: Any = orjson.loads(content)
    except ValueError:
        raise InvalidRequest("The body is no JSON.") from None
    fields = [body.get(name, "") if isinstance(body, dict) else "" for name in _Said._fields]
    texts = [field if isinstance(field, str) else "\x00" for field in fields]
    if not texts[0] or not texts[1] or any("\x00" in text for text in texts):
        raise InvalidRequest("Send an object with the texts login and password.")
    return _Said(*texts)


def _enveloped(code: Code, message: str, data: dict[str, str] | None) -> Response:
    body = {"success": code is Code.NONE, "message": message, "data": data, "errorCode": int(code)}
    return Response(200, (_JSON, *_NO_STORE), orjson.dumps(body), tells_cache=True)


def _only(allow: str, request: Request) -> Response:
    """OPTIONS is told what is possible, any other method that it is not (RFC 9110 §15.5.6)."""
    if request.method == "OPTIONS":
        return Response(204, ((b"allow", allow.encode()), *_NO_STORE), tells_cache=True)
    body = {"error": "invalid_request", "error_description": f"Possible here: {allow}."}
    return Response(405, ((b"allow", allow.encode()), _JSON, *_NO_STORE), orjson.dumps(body), tells_cache=True)


def _refusal(error: OAuthError) -> Response:
    answer, headers = error_answer(error)
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    return Response(error.status, (_JSON, *_NO_STORE, *encoded), orjson.dumps(answer), tells_cache=True)
