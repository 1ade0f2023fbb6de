"""The values of the ways in, as they go into a store: counted failures, invitations, letters, outside issuers.

Nothing here is a secret: links are kept as digests, and what a letter says is encrypted until it is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from rollbook.storage.identity_records import SystemUser


class Failures(NamedTuple):
    """How often something failed, last at ``last`` (milliseconds since 1970). ``good`` is when it last went well
    (seconds; 0: never)."""

    key: bytes
    times: int
    last: int
    good: int


class Failed(NamedTuple):
    """One more failure: those before ``since`` (milliseconds) count no more; ``expires`` is in seconds."""

    key: bytes
    at: int
    since: int
    expires: int


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link by which a system user sets its password, once, before ``expires``."""

    digest: bytes
    tenant: str
    user: str
    created: str
    expires: str


class Invited(NamedTuple):
    invitation: Invitation
    user: SystemUser
    tenant_status: str


@dataclass(frozen=True, slots=True)
class Letter:
    """Something to be sent to a person. ``about`` is the id of the system user or client that it is about; ``channel``
    is how it goes (``mail``, ``text``); ``content`` is encrypted, and None once it is sent or given up; ``due`` is when
    it is tried next; ``reason`` is why it was not sent. After ``expires`` it is forgotten."""

    id: str
    tenant: str | None
    about: str
    channel: str
    recipient: str
    kind: str
    content: bytes | None
    state: str  # "waiting" | "sent" | "failed"
    attempts: int
    due: str
    reason: str
    created: str
    expires: str


@dataclass(frozen=True, slots=True)
class ExternalIssuer:
    """Whose tokens a tenant takes: those of this issuer, for this audience, that make these claims."""

    id: str
    tenant: str
    connection: str
    issuer: str
    audience: str
    jwks_uri: str
    algorithms: tuple[str, ...]
    scopes: tuple[str, ...]
    claims: Mapping[str, str]
    created: str
