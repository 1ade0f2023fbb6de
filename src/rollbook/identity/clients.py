"""Clients: the servers that come to the token endpoint, each let into some tenants and into no others.

A client proves itself by a secret, shown once and kept as a digest, or by a key pair of its own. Checking it in a
request is ``client_login``'s.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import orjson

from rollbook.clock import Clock, written
from rollbook.errors import RollbookError
from rollbook.events import Event, Kind
from rollbook.identity.fetch import CannotFetch, read_target
from rollbook.identity.jwt import ALGORITHMS, BadJwt, read_key
from rollbook.identity.token_text import SECRET, digest_of, hint, write_token
from rollbook.ids import new_id, ordered_id, random_bytes
from rollbook.oauth.grants import CLIENT_CREDENTIALS, GRANTS, PASSWORD, REFRESH
from rollbook.oauth.scopes import SCOPES, ordered
from rollbook.storage.contract import Store
from rollbook.storage.errors import NotFound
from rollbook.storage.identity_contract import Told
from rollbook.storage.identity_records import Client, ClientSecret, ClientTenant, KnownClient
from rollbook.storage.records import Tenant

OPERATOR = "operator"
METHODS = ("secret", "private_key_jwt")
TOKENS = ("jwt", "opaque")
DEFAULT_GRANTS = (CLIENT_CREDENTIALS,)
DEFAULT_SCOPES = ("scim.read", "scim.write")
DEFAULT_ALGORITHMS = ("RS256",)
OVERLAP = timedelta(days=1)
_KEYS = 10
_BY_DEFAULT: Mapping[str, str] = {}


class ClientError(RollbookError):
    """Base of what this room refuses: ``InvalidClientData``, ``NoSuchClient``, ``NotLinked``."""


class InvalidClientData(ClientError):
    pass


class NoSuchClient(ClientError):
    pass


class NotLinked(ClientError):
    pass


class Issued(NamedTuple):
    """``secret`` is shown this once; None for a client with keys of its own."""

    client: Client
    secret: str | None


def read_grants(names: Sequence[str]) -> tuple[str, ...]:
    """Grants in our order; none means client_credentials. **Raises** ``InvalidClientData``."""
    if unknown := [name for name in names if name not in GRANTS]:
        raise InvalidClientData(f"there is no grant {unknown[0]!r}: choose of {', '.join(GRANTS)}")
    grants = tuple(name for name in GRANTS if name in names) or DEFAULT_GRANTS
    if REFRESH in grants and PASSWORD not in grants:
        raise InvalidClientData("refresh_token goes with password: client_credentials gets no refresh tokens")
    return grants


def read_scopes(names: Sequence[str]) -> tuple[str, ...]:
    """Scopes in our order; none means reading and writing resources. **Raises** ``InvalidClientData``."""
    if unknown := [name for name in names if name not in SCOPES]:
        raise InvalidClientData(f"there is no scope {unknown[0]!r}: choose of {', '.join(SCOPES)}")
    return ordered(names) or DEFAULT_SCOPES


def read_jwks(text: str) -> str:
    """A JWK set (or one JWK) of public keys. **Raises** ``InvalidClientData``: private and symmetric keys too."""
    try:
        value: Any = orjson.loads(text)
    except ValueError:
        raise InvalidClientData('the keys are no JSON: give a JWK set, {"keys": [...]}') from None
    keys = value.get("keys", [value]) if isinstance(value, dict) else None
    if not isinstance(keys, list) or not 1 <= len(keys) <= _KEYS or not all(isinstance(key, dict) for key in keys):
        raise InvalidClientData(f"the keys are no JWK set of 1 to {_KEYS} keys")
    for key in keys:
        try:
            read = read_key(key)
        except BadJwt:
            raise InvalidClientData("one of the keys is no public RSA, EC or Ed25519 key") from None
        if read.is_private:
            raise InvalidClientData("one of the keys is a private key: keep that, and give its public half")
    return orjson.dumps({"keys": keys}).decode()


def read_jwks_uri(url: str) -> str:
    """Where a client's keys are: an https address. **Raises** ``InvalidClientData``."""
    try:
        read_target(url)
    except CannotFetch as refused:
        raise InvalidClientData(refused.detail) from None
    return url


def read_algorithms(names: Sequence[str]) -> tuple[str, ...]:
    """What a client signs with, in our order; none means RS256. **Raises** ``InvalidClientData``."""
    if unknown := [name for name in names if name not in ALGORITHMS]:
        raise InvalidClientData(f"there is no algorithm {unknown[0]!r}: choose of {', '.join(ALGORITHMS)}")
    return tuple(name for name in ALGORITHMS if name in names) or DEFAULT_ALGORITHMS


async def create(
    store: Store,
    clock: Clock,
    name: str,
    tenants: Sequence[Tenant],
    *,
    grants: tuple[str, ...] = DEFAULT_GRANTS,
    scopes: tuple[str, ...] = DEFAULT_SCOPES,
    tokens: str = "jwt",
    session: timedelta | None = None,
    resource_server: bool = False,
    jwks: str | None = None,
    jwks_uri: str | None = None,
    algorithms: tuple[str, ...] = DEFAULT_ALGORITHMS,
    connections: Mapping[str, str] = _BY_DEFAULT,
) -> Issued:
    """Create a client that is let into these tenants, each through its connection ``default`` or the one that
    ``connections`` has for it (ids by ids).

    ``jwks`` makes it prove itself by those keys instead of a secret; ``jwks_uri`` by those that are found there, with
    one of ``algorithms``. **Raises** ``InvalidClientData``.
    """
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise InvalidClientData("a client's name has 1 to 100 characters, all of them printable")
    for tenant in tenants:
        _living(tenant)
    at, keyed = clock.written(), jwks is not None or jwks_uri is not None
    client = Client(
        id=new_id(),
        name=name,
        method="private_key_jwt" if keyed else "secret",
        grants=grants,
        scopes=scopes,
        tokens=tokens,
        session_seconds=int(session.total_seconds()) if session is not None else None,
        resource_server=resource_server,
        jwks=jwks,
        jwks_uri=jwks_uri,
        algorithms=algorithms if jwks_uri is not None else (),
        status="active",
        epoch=1,
        created=at,
    )
    secret, kept = (None, None) if keyed else _secret(at)
    links = [
        ClientTenant(tenant.id, client.id, connections.get(tenant.id, tenant.connection), scopes, at)
        for tenant in tenants
    ]
    told: list[tuple[str | None, Event]] = [(None, _event(Kind.CLIENT_CREATED, at, client.id))]
    told.extend((tenant.id, _event(Kind.CLIENT_LINKED, at, client.id)) for tenant in tenants)
    await store.identity.create_client(client, kept, links, told)
    return Issued(client, secret)


async def find(store: Store, client: str) -> KnownClient:
    """**Raises** ``NoSuchClient``."""
    found = await store.identity.find_client(client)
    if found is None:
        raise NoSuchClient(f"there is no client {client!r}", hint="`rollbook client list` shows those there are")
    return found


async def rotate(store: Store, clock: Clock, client: str, overlap: timedelta = OVERLAP) -> Issued:
    """Give a client a new secret. The one it has holds for the overlap, so that nothing stands still meanwhile.

    **Raises** ``NoSuchClient``, ``InvalidClientData`` for one without a secret.
    """
    known = await find(store, client)
    if known.client.method != "secret":
        raise InvalidClientData("this client proves itself by its own keys and has no secret")
    at = clock.written()
    secret, kept = _secret(at)
    told = [(None, _event(Kind.CLIENT_ROTATED, at, client))]
    await store.identity.add_client_secret(client, kept, written(clock.now() + overlap), told)
    return Issued(known.client, secret)


async def set_status(store: Store, clock: Clock, client: str, status: str) -> KnownClient:
    """Disable a client (its tokens end within five seconds, for good) or let it in again.

    **Raises** ``NoSuchClient``.
    """
    known = await find(store, client)
    if known.client.status != status:
        kind = Kind.CLIENT_DISABLED if status == "disabled" else Kind.CLIENT_ENABLED
        at = clock.written()
        tenants: list[str | None] = [None, *(link.tenant for link in known.tenants)]
        told: Told = [(tenant, _event(kind, at, client)) for tenant in tenants]
        await store.identity.set_client_status(client, status, told)
    return await find(store, client)


async def link(
    store: Store,
    clock: Clock,
    client: str,
    tenant: Tenant,
    scopes: tuple[str, ...] | None = None,
    connection: str | None = None,
) -> KnownClient:
    """Let a client into a tenant, with all or some of its scopes, through a connection (its id; None: ``default``).

    **Raises** ``NoSuchClient``, ``InvalidClientData``.
    """
    known = await find(store, client)
    given = scopes or known.client.scopes
    if not set(given) <= set(known.client.scopes):
        raise InvalidClientData(f"the client has only the scopes {' '.join(known.client.scopes)}")
    at = clock.written()
    row = ClientTenant(_living(tenant).id, client, connection or tenant.connection, given, at)
    await store.identity.link_client(row, [(tenant.id, _event(Kind.CLIENT_LINKED, at, client))])
    return await find(store, client)


async def unlink(store: Store, clock: Clock, client: str, tenant: Tenant) -> KnownClient:
    """Let a client into a tenant no more. **Raises** ``NoSuchClient``, ``NotLinked``."""
    await find(store, client)
    told = [(tenant.id, _event(Kind.CLIENT_UNLINKED, clock.written(), client))]
    try:
        await store.identity.unlink_client(client, tenant.id, told)
    except NotFound:
        raise NotLinked(f"this client is not let into tenant {tenant.name!r}") from None
    return await find(store, client)


def _living(tenant: Tenant) -> Tenant:
    if tenant.status == "deleted":
        raise InvalidClientData(f"tenant {tenant.name!r} is deleted")
    return tenant


def _secret(at: str) -> tuple[str, ClientSecret]:
    secret = write_token(random_bytes(32), SECRET)
    digest = digest_of(secret, SECRET)
    assert digest is not None
    return secret, ClientSecret(digest, hint(secret), at, None)


def _event(kind: Kind, at: str, client: str) -> Event:
    return Event(ordered_id(), at, kind, OPERATOR, resource_type="Client", resource=client)
