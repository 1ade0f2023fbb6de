"""The straight line of a SCIM request: address, principal, tenant, operation, outcome, answer.

| step         | may refuse with                                                     |
| ------------ | ------------------------------------------------------------------- |
| address      | 404                                                                 |
| authenticate | 401                                                                 |
| tenant       | 404 (the address names another), 403 (suspended), 429, 503 (turns)  |
| route        | 404, 405 with Allow, 501                                            |
| decode       | 400, 403, 406, 413, 415                                             |
| perform      | 400, 404, 409, 412, 503                                             |
| encode       | nothing: a failure here is a bug                                    |

A caller without a credential learns nothing about routes: authentication comes before what the route refuses. The steps
up to the route are the same for all requests of a client at an address, and remembered (``ways``).
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache

import orjson

from rollbook.deployment import Deployment
from rollbook.dialects.addresses import Address, find_address
from rollbook.dialects.codecs import codec
from rollbook.dialects.model import Dialect
from rollbook.dialects.routes import Ask, Route
from rollbook.http_message import Request, Response
from rollbook.identity.access import allow, enter
from rollbook.identity.access_tokens import AccessTokens
from rollbook.identity.authenticate import Authenticator
from rollbook.identity.external_issuers import ExternalTokens
from rollbook.identity.key_sets import KeySets
from rollbook.identity.passwords import Passwords
from rollbook.identity.principal import Principal
from rollbook.identity.resource_passwords import ResourcePasswords
from rollbook.provisioning.refusals import StaleSchemas, refusal
from rollbook.scim.errors import Forbidden, NotFound, ScimError
from rollbook.scim.operations import Define, Withdraw
from rollbook.scim.terms_settings import terms
from rollbook.storage.errors import SchemaChanged, StoreError
from rollbook.storage.records import Tenant
from rollbook.tenancy.schemas import Author
from rollbook.web import docs
from rollbook.web.catalogues import Caller, Catalogues
from rollbook.web.credentials import authenticate, has_credential, remembered
from rollbook.web.discovery import Discovery
from rollbook.web.notes import Notes
from rollbook.web.performance import Performance
from rollbook.web.rate import Headers, Limit, Rate
from rollbook.web.refusal import refusal as edge_refusal
from rollbook.web.refused import Refused
from rollbook.web.turns import Turns
from rollbook.web.ways import Way, Ways

_FLUSH_SECONDS = 15.0
_AGAIN = 5
"""How often a request may be overtaken by changes of the tenant's schemas: building an index makes two in a row."""
_ACCEPT_QUERY = (b"accept-query", b"application/json, application/x-www-form-urlencoded")
"""What a QUERY may be sent as (RFC 10008 §3)."""


class ScimEndpoint:
    """Answers everything below the dialects' bases."""

    def __init__(
        self,
        house: Deployment,
        access: AccessTokens | None = None,
        passwords: Passwords | None = None,
        key_sets: KeySets | None = None,
    ) -> None:
        self._house = house
        self.firsts = frozenset(base.split("/")[1] for dialect in house.dialects for base in dialect.bases)
        """The first parts of addresses at which SCIM is spoken."""
        key_sets = key_sets or KeySets(house.clock, house.jwks_loopback_hosts)
        external = ExternalTokens(house.store, house.clock, key_sets)
        self._authenticator = Authenticator(
            house.store, house.clock, access=access, external=external, fresh_seconds=house.fresh_seconds
        )
        self._turns = Turns(house.tenant_concurrency, house.queue_seconds)
        self._rate = Rate(
            house.clock,
            Limit(house.requests_per_second, house.burst) if house.requests_per_second else None,
            Limit(house.tenant_requests_per_second, house.tenant_burst) if house.tenant_requests_per_second else None,
        )
        self.refused = Refused(house.store, house.clock)
        self._notes = Notes(self.refused, house.clock)
        hasher = ResourcePasswords(passwords or Passwords())
        self._performance = Performance(house, self._turns, self._notes, hasher)
        self._spoken = lru_cache(256)(Dialect.under)
        self._configured = lru_cache(512)(_configured)
        self._discovery = Discovery(house)
        self._ways = Ways(self._authenticator)
        self._handle = lru_cache(1024)(house.store.tenant)
        self._catalogues = Catalogues(house.store, house.clock, house.fresh_seconds)
        self._looking: asyncio.Task[None] | None = None
        self._counting: asyncio.Task[None] | None = None

    @property
    def authenticator(self) -> Authenticator:
        """Shared with whoever ends credentials."""
        return self._authenticator

    @property
    def rate(self) -> Rate:
        """Shared with the System API: a connection has one limit for both."""
        return self._rate

    @property
    def turns(self) -> Turns:
        """Shared as well."""
        return self._turns

    def leads(self, path: str) -> bool:
        """Whether requests to a path have been answered here a moment ago, as far as is known."""
        return self._ways.lead(path)

    async def dialect_of(self, dialect: Dialect, tenant: Tenant) -> Dialect:
        """A dialect as a tenant has it: with its schemas, and as it has set it."""
        if tenant.schemas:
            dialect = await self._catalogues.dialect(dialect, tenant)
        return self._configured(dialect, tenant.configured) if dialect.settings else dialect

    async def start(self) -> None:
        """Begin the endpoint's own work beside requests."""
        self._counting = asyncio.create_task(self._count_refusals())
        self._looking = asyncio.create_task(self._catalogues.look_after_indexes())

    async def stop(self) -> None:
        """End it; what was counted is written down."""
        for task in (self._counting, self._looking):
            if task is not None:
                task.cancel()
        await self.refused.flush(all=True)

    async def _count_refusals(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            await self.refused.flush()

    def describe(self, request: Request) -> Mapping[str, str]:
        """What a request was, for the access log: the route without ids, and the tenant of a known credential."""
        address = find_address(self._house.dialects, request.path)
        if address is None:
            return {}
        principal = remembered(self._authenticator, request, address.dialect)
        try:
            dialect = self._catalogues.known(address.dialect, principal.tenant) if principal else address.dialect
            template = _route(request, address, dialect).template
        except ScimError:
            template = "-"
        return {"route": template, "tenant": principal.tenant.id if principal else "-"}

    def refuse(self, error: ScimError, path: str) -> Response:
        """What the edge refuses at a path, in the form of the dialect that is spoken there."""
        address = find_address(self._house.dialects, path)
        return codec(address.dialect).refusal(error) if address and address.dialect.form else edge_refusal(error)

    async def before_body(self, request: Request) -> Response | None:
        """The refusal of a request without a good credential, before anybody reads its body; None lets it in."""
        address = find_address(self._house.dialects, request.path)
        if address is None or remembered(self._authenticator, request, address.dialect) is not None:
            return None
        if self._discovery.places.find(request.path) is not None:
            return None
        with suppress(ScimError):
            if _route(request, address, address.dialect).open:
                return None
        try:
            await authenticate(self._authenticator, request, address.dialect)
        except ScimError as error:
            await self._notes.note(request, error, None, None)
            return codec(address.dialect).refusal(error)
        except StoreError as error:
            return codec(address.dialect).refusal(refusal(error))
        return None

    async def answer(self, request: Request) -> Response:
        """The answer to one request. Raises only for bugs."""
        found = self._ways.find(request)
        if found is None:
            return await self._answer_by_steps(request)
        way, route = found
        standing: Headers = ()
        try:
            standing = self._rate.take(way.principal.tenant.id, way.principal.connection)
            answer = await self._performance.answer(request, way, route)
        except StaleSchemas:
            return await self._answer_again(request)
        except ScimError as error:
            await self._notes.note(request, error, way.principal, route)
            answer = way.codec.refusal(error)
        except StoreError as error:
            answer = way.codec.refusal(refusal(error))
        if standing or way.headers:
            answer.headers = (*answer.headers, *standing, *way.headers)
        return answer

    async def _answer_by_steps(self, request: Request) -> Response:
        """The answer to a request whose way is not known."""
        principal: Principal | None = None
        route: Route | None = None
        standing: Headers = ()
        address = find_address(self._house.dialects, request.path)
        spoken = codec(address.dialect if address else self._house.dialects[0])
        try:
            place = self._discovery.places.find(request.path)
            if place is not None:
                return await self._documented(request, place)
            if address is None:
                raise NotFound("There is nothing at this address. SCIM is served at /scim/v2.")
            dialect = address.dialect
            principal = remembered(self._authenticator, request, dialect)
            if principal is None:
                route = _route_if_any(request, address)
                if route is not None and route.open and not has_credential(request, dialect):
                    return self._discovery.answer(request, route, address, dialect)
                principal = await authenticate(self._authenticator, request, dialect)
            tenant, connection = enter(principal, address.tenant), principal.connection
            if connection.dialect != dialect.name:
                raise Forbidden(
                    f"The credential is of a connection that speaks {connection.dialect}, and this address "
                    f"speaks {dialect.name}. Use a credential of a connection with this dialect."
                )
            standing = self._rate.take(tenant.id, connection)
            dialect = await self.dialect_of(dialect, tenant)
            if route is None or dialect is not address.dialect:
                route = _route(request, address, dialect)
            if route.ask is Ask.OPTIONS:
                more = (_ACCEPT_QUERY,) if "QUERY" in route.allow else ()
                return Response(204, ((b"allow", route.allow.encode()), *more))
            if route.open:
                spoken_here = self._spoken(dialect, terms(connection.preset, connection.settings))
                return self._discovery.answer(request, route, address, spoken_here, known=True)
            allow(principal, route.scope, dialect.oauth.scopes)
            for type in route.types:
                if type.rules is not None:
                    type.rules.admit(type.settings)
            if route.ask in (Ask.DEFINE, Ask.WITHDRAW):
                answer = await self._change_schemas(request, route, address, principal, tenant)
            else:
                way = self._way(principal, address, dialect, route)
                if not tenant.schemas:  # those that have been changed here are news to other credentials too
                    self._ways.keep(request, way)
                answer = await self._performance.answer(request, way, route)
        except StaleSchemas:
            return await self._answer_again(request)
        except ScimError as error:
            if route is None and address is not None:
                route = _route_if_any(request, address)
            await self._notes.note(request, error, principal, route)
            answer = spoken.refusal(error)
        except StoreError as error:
            answer = spoken.refusal(refusal(error))
            if route is None and address is not None:
                route = _route_if_any(request, address)
            if address is not None and route is not None and route.open:  # discovery answers while the database is away
                with suppress(NotFound):  # it may be the tenant's own, which nobody can say just now
                    answer = self._discovery.answer(request, route, address, address.dialect)
        if standing:
            answer.headers = (*answer.headers, *standing)
        if address is not None and route is not None:
            answer.headers = (*answer.headers, *_always(address.dialect, route))
        return answer

    def _way(self, principal: Principal, address: Address, dialect: Dialect, route: Route) -> Way:
        connection, tenant = principal.connection, principal.tenant
        spoken = self._spoken(dialect, terms(connection.preset, connection.settings))
        named = tenant.name if address.tenant else None
        return Way(
            principal,
            address,
            spoken,
            codec(spoken),
            route,
            self._discovery.locations(spoken, address.before, address.base, named),
            self._handle(tenant.id),
            _always(address.dialect, route),
        )

    async def _documented(self, request: Request, place: docs.Place) -> Response:
        """The page about the API, or the document behind it: of the catalogue, or of the credential's tenant."""
        if place.what != "openapi.json":
            return docs.show(place, request)
        docs.only_reading(request)
        dialects, named = {dialect.name: dialect for dialect in self._house.dialects}, None
        dialect = dialects[place.dialect or self._house.dialects[0].name]
        authorization = request.headers.get("authorization")
        if authorization:
            named = place.tenant
            principal = self._authenticator.remembered(authorization)
            if principal is None:
                principal = await self._authenticator.bearer(authorization)
            tenant = enter(principal, place.tenant)
            connection = principal.connection
            if connection.dialect != dialect.name:
                if place.dialect:
                    raise Forbidden(f"The credential is of a connection that speaks {connection.dialect}.")
                dialect = dialects.get(connection.dialect, dialect)
            self._rate.take(tenant.id, connection)
            dialect = await self.dialect_of(dialect, tenant)
            dialect = self._spoken(dialect, terms(connection.preset, connection.settings))
        return self._discovery.document(request, place, dialect, named)

    async def _change_schemas(
        self, request: Request, route: Route, address: Address, principal: Principal, tenant: Tenant
    ) -> Response:
        spoken = codec(address.dialect)
        operation = spoken.decode(request, route, address.dialect, [])
        assert isinstance(operation, Define | Withdraw)
        named = tenant.name if address.tenant else None
        locations = self._discovery.locations(address.dialect, address.before, address.base, named)
        caller = Caller(tenant, Author(principal.actor, request.peer, request.id))
        await self._turns.take(tenant.id)
        try:
            outcome = await self._catalogues.change(operation, address.dialect, caller, locations.base)
        finally:
            self._turns.give(tenant.id)
            self._authenticator.forget(request.headers.get("authorization"))
        return spoken.encode(outcome, locations)

    async def _answer_again(self, request: Request) -> Response:
        """Answer a request that was read by schemas which have changed since, by the new ones."""
        if request.again == _AGAIN:
            return self.refuse(refusal(SchemaChanged()), request.path)
        request.again += 1
        self._authenticator.forget(request.headers.get("authorization"))
        return await self.answer(request)


def _route(request: Request, address: Address, dialect: Dialect) -> Route:
    """The route of a request. **Raises** as ``RouteTable.find``."""
    method, rest = codec(dialect).meant(request, address.rest, dialect)
    return dialect.routes.find(method, rest)


def _route_if_any(request: Request, address: Address) -> Route | None:
    """The route as the dialect has it in every tenant; None where it has none."""
    with suppress(ScimError):
        return _route(request, address, address.dialect)
    return None


def _always(dialect: Dialect, route: Route) -> Headers:
    """The headers of every answer at an address."""
    return (_ACCEPT_QUERY,) if dialect.plan.query_method and "QUERY" in route.allow else ()


def _configured(dialect: Dialect, text: str) -> Dialect:
    """The dialect as a tenant has set it (``Tenant.configured``)."""
    return dialect.configured(orjson.loads(text).get(dialect.name, {}) if text else {})
