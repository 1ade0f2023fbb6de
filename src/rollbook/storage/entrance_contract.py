"""What every engine promises about the ways in: failures, invitations, letters, outside issuers. Got by
``Store.entrance``.

Like the identity server's rows these span tenants, and every method may raise ``Unavailable`` and ``Busy``. A method
that takes events writes them in its own transaction.
"""

from collections.abc import Sequence
from typing import Protocol

from rollbook.events import Event
from rollbook.storage.entrance_records import ExternalIssuer, Failed, Failures, Invitation, Invited, Letter
from rollbook.storage.identity_contract import Told
from rollbook.storage.identity_records import SystemUser


class EntranceStore(Protocol):
    async def failures(self, keys: Sequence[bytes]) -> list[Failures]:
        """What was counted of up to four keys; a key of which nothing is known is left out."""

    async def fail(self, failed: Sequence[Failed]) -> None:
        """Count one failure of each key."""

    async def succeed(self, key: bytes, at: int, expires: int) -> None:
        """Forget the failures of a key, and remember the success (in seconds since 1970)."""

    async def invite(self, user: SystemUser | None, invitation: Invitation, letter: Letter | None, told: Told) -> None:
        """Write an invitation down, in place of any other of that user; with the user where it is new, and with the
        letter that brings the link. **Raises** ``AlreadyExists("name")``, ``NotFound``."""

    async def find_invitation(self, digest: bytes) -> Invited | None:
        """An invitation that was not used, whether or not it has expired."""

    async def accept(self, digest: bytes, at: str, password: str, event: Event) -> bool:
        """Use an invitation: set the password, let the epoch grow, forget the invitation. False where it was used
        before, or has expired, or the user is gone or disabled; then nothing is done."""

    async def post(self, letters: Sequence[Letter], told: Told = ()) -> None: ...

    async def letters(self, tenant: str | None = None) -> list[Letter]:
        """All, or those of a tenant, oldest first."""

    async def find_letter(self, letter: str) -> Letter | None: ...

    async def claim(self, at: str, until: str) -> Letter | None:
        """Take the letter that has been due for longest: until then nobody else takes it. None where none is due."""

    async def sent(self, letter: Letter) -> None:
        """A letter that was claimed is on its way. Its content is forgotten."""

    async def not_sent(self, letter: Letter, state: str, due: str, reason: str) -> None:
        """A letter that was claimed could not be sent: it waits until then, or has failed."""

    async def again(self, letter: str, at: str) -> bool:
        """Let a letter be tried anew, at once. False where it was sent, or is gone."""

    async def add_issuer(self, issuer: ExternalIssuer, event: Event) -> None: ...

    async def issuers(self, tenant: str) -> list[ExternalIssuer]:
        """Those of a tenant, oldest first."""

    async def issuers_named(self, issuer: str) -> list[ExternalIssuer]:
        """Those of that name, of all tenants."""

    async def remove_issuer(self, tenant: str, issuer: str, event: Event) -> bool:
        """False where the tenant has none of that id."""
