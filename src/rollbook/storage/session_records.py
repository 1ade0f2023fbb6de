"""The values of sessions, of encrypted logins and of activations, as they go into a store and come out of it.

Nothing here is a secret: sessions and links are kept as digests, keys as encryption left them.
"""

from dataclasses import dataclass
from typing import NamedTuple

from rollbook.storage.records import Connection, Tenant

ACTIVATION_LETTER = "activation"
"""The kind of the letters that bring links."""


@dataclass(frozen=True, slots=True)
class Session:
    """A login that lasts while it is used. ``idle`` is after how many seconds without use it ends; ``seen`` is when it
    was last written down that it is used (seconds since 1970), ``expires`` what follows from that, never after
    ``until``. Of the login: ``user_epoch`` is that of the user then, ``auth_key`` what it was encrypted with (None: it
    was not), ``client`` the OAuth client that brought it (None: none proved itself), with its epoch then."""

    digest: bytes
    id: str
    tenant: str
    connection: str
    user: str
    user_epoch: int
    auth_key: int | None
    client: str | None
    client_epoch: int | None
    scopes: tuple[str, ...]
    idle: int
    started: str
    seen: int
    expires: str
    until: str


class FoundSession(NamedTuple):
    """A session with those for whom it speaks, as they stand. The user is None where it is gone."""

    session: Session
    user_status: str | None
    user_epoch: int | None
    tenant: Tenant
    connection: Connection


@dataclass(frozen=True, slots=True)
class AuthKey:
    """What the logins of one client are encrypted with; ``id`` is a number that the client names it by."""

    id: int
    tenant: str
    connection: str
    name: str
    scopes: tuple[str, ...]
    sealed: bytes
    created: str
    revoked: str | None


@dataclass(frozen=True, slots=True)
class Activation:
    """A link by which the person that a resource stands for activates it, once, before ``expires``."""

    tenant: str
    type: int
    resource: str
    digest: bytes
    created: str
    expires: str
