"""What every engine promises about sessions, the keys of encrypted logins, and activations. Got by ``Store.sessions``.

Like the identity server's rows these span tenants, and every method may raise ``Unavailable`` and ``Busy``. A method
that takes events writes them in its own transaction.
"""

from typing import Protocol

from rollbook.events import Event
from rollbook.storage.entrance_records import Letter
from rollbook.storage.identity_contract import Told
from rollbook.storage.session_records import Activation, AuthKey, FoundSession, Session


class SessionStore(Protocol):
    async def start(self, session: Session, event: Event) -> None:
        """**Raises** ``NotFound`` where its login was encrypted with a key that is revoked by now."""

    async def find(self, digest: bytes) -> FoundSession | None:
        """A session with how those stand for whom it speaks, whether or not it has expired; None where its tenant or
        its connection is not there."""

    async def touch(self, digest: bytes, seen: int, expires: str) -> None:
        """Write down that a session is used. One that was seen later already stays as it is."""

    async def end(self, digest: bytes, event: Event) -> bool:
        """False where there is no such session (any more)."""

    async def create_auth_key(self, key: AuthKey, event: Event) -> None:
        """**Raises** ``AlreadyExists("id")``."""

    async def auth_keys(self, tenant: str) -> list[AuthKey]:
        """Those of a tenant, oldest first, revoked ones too."""

    async def find_auth_key(self, id: int) -> AuthKey | None: ...

    async def revoke_auth_key(self, tenant: str, id: int, at: str, event: Event) -> None:
        """Also ends the sessions whose logins were encrypted with it. **Raises** ``NotFound``. One that is revoked
        already stays as it is."""

    async def invite(self, activation: Activation, letter: Letter | None, told: Told) -> None:
        """Write a link down, in place of any other of that resource, with the letter that brings it; a letter with an
        older link that was not sent yet is not sent any more."""

    async def find_activation(self, digest: bytes) -> Activation | None:
        """A link that was not used, whether or not it has expired."""

    async def use_activation(self, digest: bytes) -> Activation | None:
        """Take a link away, for its one use; None where it is gone."""

    async def give_back(self, activation: Activation) -> None:
        """Put a link back whose use came to nothing; where there is a newer one for the resource, that stays."""

    async def withdraw(self, tenant: str, type: int, resource: str) -> bool:
        """Take the link of a resource away, and a letter that waits to bring it. False where there was none."""
