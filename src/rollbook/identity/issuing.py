"""Tokens for those who have proved themselves: the grants of the token endpoint (RFC 6749 §4.3, §4.4, §6).

A grant is judged in one order: may the client use it, does the credential hold, may the client act in that tenant, is
the scope allowed. Everything that is wrong with a credential is one answer, ``invalid_grant``. What is given is written
down with its event before the answer goes out.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from rollbook.clock import Clock, written
from rollbook.events import Event, Kind
from rollbook.identity.audience import audience_of
from rollbook.identity.jwt import sign
from rollbook.identity.keys import KeyRing
from rollbook.identity.manners import Manner, Manners, Names, shortest
from rollbook.identity.master_key import MasterKeyError
from rollbook.identity.passwords import Passwords
from rollbook.identity.standing import holds
from rollbook.identity.system_users import name_key
from rollbook.identity.throttle import Throttle
from rollbook.identity.token_text import ACCESS, REFRESH, digest_of, write_token
from rollbook.ids import new_id, ordered_id, random_bytes
from rollbook.oauth.access_token import TYPE, AccessToken, write_claims
from rollbook.oauth.errors import (
    InvalidGrant,
    InvalidTarget,
    TemporarilyUnavailable,
    UnauthorizedClient,
)
from rollbook.oauth.grants import REFRESH as REFRESH_GRANT
from rollbook.oauth.grants import ClientCredentialsGrant, Grant, PasswordGrant, RefreshGrant
from rollbook.oauth.messages import token_answer
from rollbook.oauth.rotation import GRACE_SECONDS, Verdict
from rollbook.oauth.scopes import OFFLINE, Granted, grant, told
from rollbook.storage.contract import Store
from rollbook.storage.identity_records import Family, KnownClient, OpaqueToken, Rotation, Standing

REFRESH_DAYS = 30


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request to the endpoint came from, for its event. ``tenant`` is what its address names, or None."""

    peer: str
    request: str
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Issuer:
    """``name`` is the ``iss`` of tokens, and their audience where the tenant has none of its own (``audience``);
    ``base`` stands before our addresses."""

    name: str
    base: str


class Issuing:
    """Answers the grants."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        issuer: Issuer,
        keys: KeyRing,
        passwords: Passwords,
        throttle: Throttle,
        manners: Manners | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._issuer = issuer
        self._keys = keys
        self._passwords = passwords
        self._throttle = throttle
        self._manners = manners or Manners()

    async def give(self, known: KnownClient, asked: Grant, origin: Origin) -> dict[str, Any]:
        """The answer of the token endpoint to a client that has proved itself. **Raises** ``OAuthError``."""
        if asked.type not in known.client.grants:
            raise UnauthorizedClient(f"The client may not use the grant {asked.type}.")
        try:
            match asked:
                case PasswordGrant():
                    return await self._password(known, asked, origin)
                case RefreshGrant():
                    return await self._refresh(known, asked, origin)
                case ClientCredentialsGrant():
                    return await self._client(known, asked, origin)
        except MasterKeyError as error:
            raise TemporarilyUnavailable(
                "Tokens cannot be signed now; the operator finds the reason in the log.",
                hint=f"{error.detail}; {error.hint}",
            ) from error

    async def _password(self, known: KnownClient, asked: PasswordGrant, origin: Origin) -> dict[str, Any]:
        name = name_key(asked.username)
        user = await self._store.identity.find_user(name)
        if user is not None and user.name_key != name:  # found by its id, which is no name
            user = None
        usable = user is not None and user.kind == "api" and user.status == "active"
        async with self._throttle.login(name, known.client.id, origin.peer) as turn:
            hash = user.password if user is not None and usable else None
            turn.right = right = await self._passwords.verify(hash, asked.password)
        if user is None:
            raise InvalidGrant
        if not right:
            raise InvalidGrant().about(user.tenant, "SystemUser", user.id)
        standing = await self._standing(known, user.tenant, user.id)
        if standing is None or standing.tenant.status != "active" or standing.user_status != "active":
            raise InvalidGrant().about(user.tenant, "SystemUser", user.id)
        await self._check_target(asked.resource, origin, user.tenant)
        manner = self._manners.of(standing.connection.dialect)
        wanted = OFFLINE in asked.scope or not manner.refresh_on_request
        refreshes = wanted and REFRESH_GRANT in known.client.grants
        granted = grant(asked.scope, _may(standing), offline=refreshes, names=self._manners.names, own=manner.names)
        now = self._clock.now()
        family = self._family(known, standing, user.id, granted, now, manner) if refreshes else None
        token = self._token(known, standing, user.id, granted.scopes, now, family)
        event = self._event(Kind.GRANT_ISSUED, f"user:{user.id}", known, origin)
        return await self._issue(known, token, granted, family, event)

    async def _client(self, known: KnownClient, asked: ClientCredentialsGrant, origin: Origin) -> dict[str, Any]:
        tenant = await self._target(asked.resource, origin)
        if tenant is None:
            if len(known.tenants) != 1:
                raise InvalidTarget(
                    "The client serves several tenants, or none: name one with the parameter resource, such as"
                    f" {self._issuer.base}/t/NAME"
                )
            tenant = known.tenants[0].tenant
        standing = await self._standing(known, tenant, None)
        if standing is None:
            raise InvalidTarget("There is no such resource for this client.")
        if standing.tenant.status != "active":
            raise UnauthorizedClient("The tenant is suspended.").about(tenant, "Client", known.client.id)
        own = self._manners.of(standing.connection.dialect).names
        granted = grant(asked.scope, _may(standing), names=self._manners.names, own=own)
        token = self._token(known, standing, None, granted.scopes, self._clock.now(), None)
        event = self._event(Kind.GRANT_ISSUED, f"client:{known.client.id}", known, origin)
        return await self._issue(known, token, granted, None, event)

    async def _refresh(self, known: KnownClient, asked: RefreshGrant, origin: Origin) -> dict[str, Any]:
        digest = digest_of(asked.token, REFRESH)
        found = await self._store.identity.find_refresh(digest) if digest is not None else None
        if digest is None or found is None or found.family.client != known.client.id:
            raise InvalidGrant
        family = found.family
        refused = InvalidGrant().about(family.tenant, "Client", known.client.id)
        standing = await self._store.identity.standing(
            family.tenant, known.client.id, family.user, family.id, family.id
        )
        now = self._clock.now()
        if standing is None or standing.tenant.status != "active":
            raise refused
        token = self._token(known, standing, family.user, family.scopes, now, family)
        scopes = holds(standing, token)
        if not scopes:
            raise refused
        await self._check_target(asked.resource, origin, family.tenant)
        names, own = self._manners.names, self._manners.of(standing.connection.dialect).names
        granted = (
            grant(asked.scope, scopes, offline=True, names=names, own=own)
            if asked.scope
            else _again(family, scopes, own)
        )
        token = replace(token, scopes=granted.scopes)
        successor = write_token(random_bytes(32), REFRESH)
        answer, opaque = await self._access(known, token)
        actor = f"user:{family.user}" if family.user else f"client:{known.client.id}"
        event = self._event(Kind.GRANT_REFRESHED, actor, known, origin)
        rotated = await self._store.identity.rotate(
            Rotation(
                tenant=family.tenant,
                digest=digest,
                successor=_digest(successor, REFRESH),
                at=written(now),
                grace_since=written(now - timedelta(seconds=GRACE_SECONDS)),
                expires=written(now + timedelta(days=REFRESH_DAYS)),
                event=event,
                replay=replace(event, kind=Kind.TOKEN_REPLAYED, status=400, scim_type="invalid_grant"),
                opaque=opaque,
            )
        )
        if rotated.verdict in (Verdict.REFUSE, Verdict.REPLAY):
            raise refused
        return token_answer(answer, token.expires - token.issued, " ".join(granted.named), successor)

    async def _issue(
        self, known: KnownClient, token: AccessToken, granted: Granted, family: Family | None, event: Event
    ) -> dict[str, Any]:
        answer, opaque = await self._access(known, token)
        refresh = None
        if family is not None:
            refresh = write_token(random_bytes(32), REFRESH)
            await self._store.identity.start_family(family, _digest(refresh, REFRESH), event, opaque)
        elif opaque is not None:
            await self._store.identity.keep_opaque(opaque, event)
        else:
            await self._store.tenant(token.tenant).record([event])
        return token_answer(answer, token.expires - token.issued, " ".join(granted.named), refresh)

    async def _access(self, known: KnownClient, token: AccessToken) -> tuple[str, OpaqueToken | None]:
        """The access token as it is handed out; an opaque one has still to be kept. **Raises** ``MasterKeyError``."""
        if known.client.tokens == "opaque":
            text = write_token(random_bytes(32), ACCESS)
            return text, OpaqueToken(_digest(text, ACCESS), token)
        kid, algorithm, key = await self._keys.signer()
        return sign(write_claims(token, self._issuer.name), key, algorithm, kid, TYPE), None

    async def _standing(self, known: KnownClient, tenant: str, user: str | None) -> Standing | None:
        return await self._store.identity.standing(tenant, known.client.id, user, None, "")

    def _token(
        self,
        known: KnownClient,
        standing: Standing,
        user: str | None,
        scopes: tuple[str, ...],
        now: datetime,
        family: Family | None,
    ) -> AccessToken:
        issued = int(now.timestamp())
        expires = issued + self._manners.of(standing.connection.dialect).access_seconds
        if family is not None and family.until is not None:
            expires = min(expires, int(datetime.fromisoformat(family.until).timestamp()))
        return AccessToken(
            id=new_id(),
            tenant=standing.tenant.id,
            client=known.client.id,
            user=user,
            family=family.id if family is not None else None,
            scopes=scopes,
            audience=audience_of(standing.tenant, standing.connection, self._issuer.name),
            client_epoch=family.client_epoch if family is not None else standing.client_epoch,
            user_epoch=family.user_epoch if family is not None else (standing.user_epoch or 0),
            issued=issued,
            expires=expires,
        )

    def _family(
        self,
        known: KnownClient,
        standing: Standing,
        user: str | None,
        granted: Granted,
        now: datetime,
        manner: Manner,
    ) -> Family:
        session = shortest((known.client.session_seconds, manner.refresh_cap_seconds))
        until = written(now + timedelta(seconds=session)) if session is not None else None
        expires = written(now + timedelta(days=REFRESH_DAYS))
        return Family(
            id=new_id(),
            tenant=standing.tenant.id,
            client=known.client.id,
            user=user,
            scopes=granted.scopes,
            asked=granted.named,
            audience=audience_of(standing.tenant, standing.connection, self._issuer.name),
            client_epoch=standing.client_epoch,
            user_epoch=standing.user_epoch or 0,
            started=written(now),
            until=until,
            expires=min(expires, until) if until is not None else expires,
            revoked=None,
        )

    async def _check_target(self, resource: str | None, origin: Origin, tenant: str) -> None:
        """A request that names a tenant names the one that the credential is of. **Raises** ``InvalidTarget``."""
        if await self._target(resource, origin) not in (None, tenant):
            raise InvalidTarget("This resource is not the one that the credential is for.")

    async def _target(self, resource: str | None, origin: Origin) -> str | None:
        """The id of the tenant that a request names, by ``resource`` (RFC 8707) or by its address; None where neither
        does. **Raises** ``InvalidTarget``."""
        names = {name for name in (self._named(resource), origin.tenant) if name is not None}
        ids = set()
        for name in names:
            found = await self._store.find_tenant(name)
            if found is None or found.status == "deleted":
                raise InvalidTarget("There is no such resource for this client.")
            ids.add(found.id)
        if len(ids) > 1:
            raise InvalidTarget("The resource and the address name two tenants.")
        return ids.pop() if ids else None

    def _named(self, resource: str | None) -> str | None:
        """The name in ``…/t/NAME/…``; None where a resource is this server as a whole."""
        if resource is None or resource == self._issuer.name:
            return None
        try:
            parts = urlsplit(resource)
        except ValueError:
            parts = urlsplit("")
        base = urlsplit(self._issuer.base)
        if (parts.scheme, parts.netloc.lower()) != (base.scheme, base.netloc.lower()) or "#" in resource:
            raise InvalidTarget("The resource has to be an address of this server, without a fragment.")
        path = parts.path.removeprefix(base.path)
        if not path.startswith("/t/"):
            return None
        name = path[3:].partition("/")[0]
        if not name or "%" in name or "\x00" in name:
            raise InvalidTarget("There is no such resource for this client.")
        return name

    def _event(self, kind: Kind, actor: str, known: KnownClient, origin: Origin) -> Event:
        return Event(
            id=ordered_id(),
            at=self._clock.written(),
            kind=kind,
            actor=actor,
            peer=origin.peer,
            request=origin.request,
            resource_type="Client",
            resource=known.client.id,
            status=200,
        )


def _may(standing: Standing) -> set[str]:
    return set(standing.client_scopes) & set(standing.scopes)


def _again(family: Family, scopes: tuple[str, ...], own: Names) -> Granted:
    """Nothing asked at a refresh: all that the login had and that is still allowed, called as it was then."""
    return Granted(scopes, family.asked if scopes == family.scopes else told(scopes, own))


def _digest(text: str, prefix: str) -> bytes:
    digest = digest_of(text, prefix)
    assert digest is not None
    return digest
