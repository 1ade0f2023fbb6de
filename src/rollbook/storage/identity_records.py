"""The values of the identity server that go into a store and come out of it.

Ids are texts, times are written moments, lists of grants and scopes are tuples. No secret is here: of secrets and
tokens that are looked up, the SHA-256 digest; of passwords, the argon2 hash; of private keys, what encryption left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rollbook.events import Event
from rollbook.oauth.access_token import AccessToken
from rollbook.oauth.rotation import Verdict
from rollbook.storage.records import Connection, Tenant


@dataclass(frozen=True, slots=True)
class Client:
    """A customer's server. ``method`` is how it proves itself (``secret``, ``private_key_jwt``); ``tokens`` is what its
    access tokens are (``jwt``, ``opaque``); ``session_seconds`` is how long after a login it may refresh (None: for
    ever); a ``resource_server`` may introspect tokens of its tenants; ``jwks`` are its public keys (a JWK set as JSON),
    or they are at ``jwks_uri``, and then ``algorithms`` are what it signs with (else none). ``epoch`` grows when
    all that was issued has to end."""

    id: str
    name: str
    method: str
    grants: tuple[str, ...]
    scopes: tuple[str, ...]
    tokens: str
    session_seconds: int | None
    resource_server: bool
    jwks: str | None
    jwks_uri: str | None
    algorithms: tuple[str, ...]
    status: str  # "active" | "disabled"
    epoch: int
    created: str


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """``expires`` None: the current one. ``hint`` are its last characters."""

    digest: bytes
    hint: str
    created: str
    expires: str | None


@dataclass(frozen=True, slots=True)
class ClientTenant:
    """What a client may do in a tenant, and through which connection."""

    tenant: str
    client: str
    connection: str
    scopes: tuple[str, ...]
    created: str


class KnownClient(NamedTuple):
    client: Client
    secrets: tuple[ClientSecret, ...]
    tenants: tuple[ClientTenant, ...]


@dataclass(frozen=True, slots=True)
class SystemUser:
    """Who acts for a tenant without being one of its resources. ``kind`` is ``api`` (tokens only) or ``portal``;
    ``name_key`` is unique among all tenants; ``password`` is an argon2 hash, None until one is set."""

    id: str
    tenant: str
    name: str
    name_key: str
    kind: str
    email: str
    password: str | None
    status: str  # "active" | "disabled"
    epoch: int
    created: str


@dataclass(frozen=True, slots=True)
class Family:
    """All refresh tokens that follow from one login. ``scopes`` were granted, ``asked`` is how the client named them;
    nothing of it outlives ``until``; ``expires`` is that of its newest token. The epochs are those at the login."""

    id: str
    tenant: str
    client: str
    user: str | None
    scopes: tuple[str, ...]
    asked: tuple[str, ...]
    audience: str
    client_epoch: int
    user_epoch: int
    started: str
    until: str | None
    expires: str
    revoked: str | None


class RefreshToken(NamedTuple):
    """A refresh token with its family. ``usable``: neither used nor revoked; it may have expired all the same."""

    family: Family
    expires: str
    usable: bool


class OpaqueToken(NamedTuple):
    """An access token that is looked up."""

    digest: bytes
    token: AccessToken


class Rotation(NamedTuple):
    """A refresh token is presented: what has to follow if it is good. ``event`` is written where it is; where it turns
    out to be stolen, ``replay`` is (with the same id, so that a store knows what to look for)."""

    tenant: str
    """Of the token's family, as it was found before."""
    digest: bytes
    successor: bytes
    at: str
    grace_since: str
    """A token used at this moment or later may be presented again: its answer may have been lost."""
    expires: str
    event: Event
    replay: Event
    opaque: OpaqueToken | None = None


class Rotated(NamedTuple):
    verdict: Verdict
    family: Family | None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """``public`` is a JWK as JSON; ``private`` is encrypted, None once the key signs no more; ``until`` is when a
    retiring key is gone."""

    kid: str
    algorithm: str
    public: str
    private: bytes | None
    state: str  # "next" | "active" | "retiring" | "gone"
    created: str
    until: str | None


class KeyChange(NamedTuple):
    """A rotation, made of the keys as they were read: ``active`` retires until then, ``promoted`` becomes active, and
    ``dropped`` is gone; ``added`` come. All or nothing, and only where ``active`` still is active."""

    active: str | None
    until: str
    promoted: str | None
    dropped: str | None
    added: Sequence[SigningKey]


class Standing(NamedTuple):
    """How those stand for whom a token speaks. Epochs tell whether the token is of the present ones."""

    client_status: str
    client_epoch: int
    client_scopes: tuple[str, ...]
    scopes: tuple[str, ...]
    """Of the client in this tenant."""
    user_status: str | None
    user_epoch: int | None
    revoked: bool
    """The token itself, or its family."""
    tenant: Tenant
    connection: Connection
