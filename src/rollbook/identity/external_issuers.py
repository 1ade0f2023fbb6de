"""Tokens of outside issuers: whose a tenant takes, and what a token has to say to be taken (RFC 7519, RFC 8725).

A binding names an issuer, an audience, algorithms, where the issuer's keys are, and claims that a token has to make; it
belongs to one tenant, and a token of that issuer acts there and nowhere else. What it may do is the binding's to say,
never the token's. Nothing of a token is looked at further before its issuer is one that is bound.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from rollbook.clock import Clock, written
from rollbook.errors import RollbookError
from rollbook.events import Event, Kind
from rollbook.identity.fetch import CannotFetch, read_target
from rollbook.identity.jwt import ALGORITHMS, BadJwt, Unverified
from rollbook.identity.key_sets import KeySets
from rollbook.identity.principal import Principal
from rollbook.ids import new_id, ordered_id
from rollbook.oauth.scopes import SCOPES, ordered
from rollbook.storage.contract import Store
from rollbook.storage.entrance_records import ExternalIssuer
from rollbook.storage.records import Connection, Tenant

OPERATOR = "operator"
DEFAULT_SCOPES = ("scim.read", "scim.write")
SKEW = 60
LONGEST = 86_400
"""Seconds from ``iat`` to ``exp``: a token that lives longer is no access token."""

_TYPES = ("jwt", "at+jwt", "application/at+jwt")
_LEADING = frozenset(("jku", "jwk", "x5u", "x5c", "crit", "b64"))
_TEXT = re.compile(r"[!-~]{1,512}")
_CLAIM = re.compile(r"[!-~]{1,100}")


class IssuerError(RollbookError):
    """Base of what this room refuses: ``InvalidIssuer``, ``AmbiguousIssuer``, ``NoSuchIssuer``."""


class InvalidIssuer(IssuerError):
    pass


class AmbiguousIssuer(IssuerError):
    pass


class NoSuchIssuer(IssuerError):
    pass


class External(NamedTuple):
    """Who came with a token of an outside issuer, and when it ends (as written)."""

    principal: Principal
    expires: str


async def add(
    store: Store,
    clock: Clock,
    tenant: Tenant,
    connection: Connection,
    *,
    issuer: str,
    jwks_uri: str,
    audience: str,
    algorithms: Sequence[str] = ("RS256",),
    scopes: Sequence[str] = DEFAULT_SCOPES,
    claims: Mapping[str, str] | None = None,
) -> ExternalIssuer:
    """Let a tenant take tokens of an issuer. **Raises** ``InvalidIssuer``, ``AmbiguousIssuer``."""
    if not _TEXT.fullmatch(issuer) or not _TEXT.fullmatch(audience):
        raise InvalidIssuer("an issuer and an audience have 1 to 512 characters of plain ASCII, without spaces")
    try:
        read_target(jwks_uri)
    except CannotFetch as refused:
        raise InvalidIssuer(f"the address of the keys will not do: {refused.detail}") from None
    if unknown := [name for name in algorithms if name not in ALGORITHMS]:
        raise InvalidIssuer(f"there is no algorithm {unknown[0]!r}: choose of {', '.join(ALGORITHMS)}")
    if unknown := [name for name in scopes if name not in SCOPES]:
        raise InvalidIssuer(f"there is no scope {unknown[0]!r}: choose of {', '.join(SCOPES)}")
    wanted = dict(claims or {})
    if not all(_CLAIM.fullmatch(name) and 1 <= len(value) <= 256 for name, value in wanted.items()):
        raise InvalidIssuer("a claim is NAME=VALUE, such as azp=provisioning")
    if tenant.status == "deleted":
        raise InvalidIssuer(f"tenant {tenant.name!r} is deleted")
    for other in await store.entrance.issuers_named(issuer):
        apart = any(name in other.claims and other.claims[name] != value for name, value in wanted.items())
        if other.audience == audience and not apart:
            raise AmbiguousIssuer(
                "tokens of this issuer for this audience are taken already, by this tenant or another",
                hint="with --claim NAME=VALUE, another value of the same claim for each, they can be told apart",
            )
    at = clock.written()
    made = ExternalIssuer(
        id=new_id(),
        tenant=tenant.id,
        connection=connection.id,
        issuer=issuer,
        audience=audience,
        jwks_uri=jwks_uri,
        algorithms=tuple(dict.fromkeys(algorithms)),
        scopes=ordered(scopes),
        claims=wanted,
        created=at,
    )
    await store.entrance.add_issuer(made, _event(Kind.ISSUER_ADDED, at, made.id))
    return made


async def remove(store: Store, clock: Clock, tenant: Tenant, issuer: str) -> None:
    """Take tokens of it no more, within five seconds. **Raises** ``NoSuchIssuer``."""
    if not await store.entrance.remove_issuer(tenant.id, issuer, _event(Kind.ISSUER_REMOVED, clock.written(), issuer)):
        hint = f"`rollbook issuer list {tenant.name}` shows those there are"
        raise NoSuchIssuer(f"tenant {tenant.name!r} has no issuer {issuer!r}", hint=hint)


class ExternalTokens:
    """Reads them."""

    def __init__(self, store: Store, clock: Clock, keys: KeySets) -> None:
        self._store = store
        self._clock = clock
        self._keys = keys

    async def read(self, text: str) -> External | None:
        """Who came with a token; None for one that is not to be taken, whyever."""
        try:
            jwt = Unverified(text)
            binding = await self._binding(jwt)
            if binding is None:
                return None
            algorithm = jwt.header["alg"]
            key = await self._keys.find(binding.jwks_uri, jwt.header.get("kid"), algorithm)
            if key is None:
                return None
            claims = jwt.verify(key, algorithm)
        except BadJwt:
            return None
        expires = lasts_until(claims, int(self._clock.now().timestamp()))
        subject = claims.get("sub")
        if expires is None or not isinstance(subject, str) or not 1 <= len(subject) <= 1024:
            return None
        return await self._external(binding, subject, expires)

    async def _binding(self, jwt: Unverified) -> ExternalIssuer | None:
        """The one binding that a token is for."""
        issuer, algorithm, typ = jwt.claims.get("iss"), jwt.header.get("alg"), jwt.header.get("typ", "JWT")
        if not isinstance(issuer, str) or not _TEXT.fullmatch(issuer) or _LEADING & jwt.header.keys():
            return None
        if not isinstance(typ, str) or typ.lower() not in _TYPES:
            return None
        fit = [
            binding
            for binding in await self._store.entrance.issuers_named(issuer)
            if algorithm in binding.algorithms and _is_for(jwt.claims, binding)
        ]
        return fit[0] if len(fit) == 1 else None

    async def _external(self, binding: ExternalIssuer, subject: str, expires: int) -> External | None:
        tenant = await self._store.find_tenant(binding.tenant)
        if tenant is None or tenant.status == "deleted":
            return None
        connections = await self._store.tenant(tenant.id).connections()
        connection = next((one for one in connections if one.id == binding.connection), None)
        if connection is None:
            return None
        actor = actor_of(binding.id, subject)
        own = connection.settings.get("subject")
        principal = Principal(actor, tenant, connection, frozenset(binding.scopes), own)
        return External(principal, written(datetime.fromtimestamp(expires, UTC)))


def _is_for(claims: Mapping[str, Any], binding: ExternalIssuer) -> bool:
    audiences = claims.get("aud")
    audiences = audiences if isinstance(audiences, list) else [audiences]
    if not all(isinstance(one, str) for one in audiences) or binding.audience not in audiences:
        return False
    return all(_says(claims.get(name), value) for name, value in binding.claims.items())


def _says(claim: Any, value: str) -> bool:
    return value in claim if isinstance(claim, list) else isinstance(claim, str) and claim == value


def lasts_until(claims: Mapping[str, Any], now: int) -> int | None:
    """When a token ends, in seconds since 1970; None where it has, or is not yet good, or does not say what it must.

    **Rules**: ``exp`` and ``iat`` are there, and whole numbers, as is ``nbf`` where it is; none but ``exp`` lies ahead
    by more than a minute; and it is not made for more than a day.
    """
    expires, issued, start = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    if type(expires) is not int or type(issued) is not int or type(start) is not int:
        return None
    if expires <= now or issued > now + SKEW or start > now + SKEW or not 0 < expires - issued <= LONGEST:
        return None
    return expires


def actor_of(binding: str, subject: str) -> str:
    """What events say of who came: the binding, which names the issuer, and the subject, in characters that do no harm.

    >>> actor_of("42d7", "ann smith<b>")
    'external:42d7:ann%20smith%3Cb%3E'
    """
    return f"external:{binding}:{quote(subject, safe='@._-|:')}"[:200]


def _event(kind: Kind, at: str, issuer: str) -> Event:
    return Event(ordered_id(), at, kind, OPERATOR, resource_type="Issuer", resource=issuer[:64])
