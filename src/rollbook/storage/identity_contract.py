"""What every engine promises about the identity server's rows. Got by ``Store.identity``.

These rows span tenants: a credential is looked up before it is known whose it is. Whoever calls from a request goes on
with the tenant that was found, and with no other.

Every method may raise ``Unavailable`` and ``Busy``. A method that takes an event writes it in its own transaction.
"""

from collections.abc import Sequence
from typing import Protocol

from rollbook.events import Event
from rollbook.storage.identity_records import (
    Client,
    ClientSecret,
    ClientTenant,
    Family,
    KeyChange,
    KnownClient,
    OpaqueToken,
    RefreshToken,
    Rotated,
    Rotation,
    SigningKey,
    Standing,
    SystemUser,
)

Told = Sequence[tuple[str | None, Event]]
"""Events, each with the tenant that it belongs to (None: nobody's)."""


class IdentityStore(Protocol):
    async def create_client(
        self, client: Client, secret: ClientSecret | None, tenants: Sequence[ClientTenant], told: Told
    ) -> None: ...

    async def clients(self) -> list[KnownClient]:
        """All, oldest first, disabled ones too."""

    async def find_client(self, client: str) -> KnownClient | None: ...

    async def set_client_status(self, client: str, status: str, told: Told) -> None:
        """Also lets the epoch grow: nothing that was issued before holds any longer. **Raises** ``NotFound``."""

    async def add_client_secret(self, client: str, secret: ClientSecret, until: str, told: Told) -> None:
        """The new secret is the current one; the one before holds until then, and any older one is gone.
        **Raises** ``NotFound``."""

    async def link_client(self, link: ClientTenant, told: Told) -> None:
        """Let a client into a tenant, or change what it may do there. **Raises** ``NotFound``."""

    async def unlink_client(self, client: str, tenant: str, told: Told) -> None:
        """**Raises** ``NotFound``."""

    async def create_user(self, user: SystemUser, event: Event) -> None:
        """**Raises** ``AlreadyExists("name")``, in whatever tenant."""

    async def users(self, tenant: str) -> list[SystemUser]:
        """Those of a tenant, by name."""

    async def find_user(self, name_key_or_id: str) -> SystemUser | None: ...

    async def set_user_status(self, tenant: str, user: str, status: str, event: Event) -> None:
        """Also lets the epoch grow. **Raises** ``NotFound``."""

    async def set_password(self, tenant: str, user: str, password: str, event: Event) -> None:
        """Also lets the epoch grow. **Raises** ``NotFound``."""

    async def start_family(self, family: Family, digest: bytes, event: Event, opaque: OpaqueToken | None) -> None:
        """A login with its first refresh token."""

    async def find_refresh(self, digest: bytes) -> RefreshToken | None:
        """A refresh token, whatever its state."""

    async def rotate(self, rotation: Rotation) -> Rotated:
        """Decide on a refresh token that is presented (``oauth.rotation.decide``) and do what follows, in one
        transaction that holds its family: of those who present tokens of one family at once, one goes after the other.

        A family that ends stays ended, whatever becomes of the caller.
        """

    async def revoke_family(self, tenant: str, family: str, at: str, event: Event) -> bool:
        """End a login with all its tokens. False where there is none that has not ended."""

    async def keep_opaque(self, opaque: OpaqueToken, event: Event) -> None: ...

    async def find_opaque(self, digest: bytes) -> OpaqueToken | None: ...

    async def revoke_access(self, token: str, expires: int, tenant: str, event: Event) -> bool:
        """Revoke an access token by its id. False where it is revoked already."""

    async def standing(
        self, tenant: str, client: str, user: str | None, family: str | None, token: str
    ) -> Standing | None:
        """How all stand for whom a token speaks; None where the tenant, the client, its way into the tenant or the
        connection is not there. Statuses are told, not judged."""

    async def use_assertion(self, client: str, jti: str, expires: int) -> bool:
        """False where the client has used this ``jti`` before."""

    async def keys(self) -> list[SigningKey]:
        """All keys that are not gone, oldest first."""

    async def change_keys(self, change: KeyChange, event: Event) -> bool:
        """False where another was quicker; then nothing was changed."""

    async def drop_key(self, kid: str, event: Event) -> None:
        """A retiring key is gone at once. **Raises** ``NotFound``, for a key in any other state too."""

    async def sweep(self, at: str, seconds: int) -> None:
        """Forget what has expired by this moment (as written, and in seconds since 1970)."""
