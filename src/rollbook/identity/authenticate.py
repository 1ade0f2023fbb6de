"""From the header ``Authorization`` to a principal (RFC 6750 §2.1; only the header, never query, body or cookie).

A look-up is remembered for ``fresh_seconds``: a revoked token or a suspended tenant is refused in every worker within
that time, and a busy client costs the database next to nothing. Expiry is exact. The memory is keyed by a digest of
the header: no secret is kept.
"""

from hashlib import sha256

from rollbook.clock import Clock
from rollbook.identity.principal import Principal
from rollbook.identity.static_tokens import digest_of
from rollbook.scim.errors import Unauthorized
from rollbook.storage.contract import Store
from rollbook.storage.records import Token


class RefusedLogin(Unauthorized):
    """401. ``tenant`` and ``actor`` are what is known of a credential that was once good, for the event."""

    def __init__(
        self, detail: str, *, headers: tuple[tuple[str, str], ...], tenant: str | None = None, actor: str = "anonymous"
    ) -> None:
        super().__init__(detail, headers=headers)
        self.tenant = tenant
        self.actor = actor


_REMEMBERED = 10_000
"""Credentials remembered at most; when full, all are forgotten (simple, and the worst case is one look-up each)."""


class Authenticator:
    """Answers who a credential belongs to."""

    def __init__(self, store: Store, clock: Clock, *, fresh_seconds: float = 3.0, realm: str = "rollbook") -> None:
        self._store = store
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._challenge = f'Bearer realm="{realm}"'
        self._known: dict[bytes, tuple[float, str | None, Principal]] = {}

    def remembered(self, header: str | None) -> Principal | None:
        """The principal of a credential looked up a moment ago, without a question to the store."""
        if header is None:
            return None
        known = self._known.get(sha256(header.encode("latin-1", "replace")).digest())
        if known is None:
            return None
        fresh_until, expires, principal = known
        if self._clock.elapsed() >= fresh_until or (expires is not None and self._clock.written() >= expires):
            return None
        return principal

    async def bearer(self, header: str | None) -> Principal:
        """The principal of a bearer token.

        **Raises** ``RefusedLogin`` with the challenge: no credential, another scheme, a malformed, unknown, revoked or
        expired token, a deleted tenant. What exactly was wrong with a token is never said.
        """
        if header is None:
            raise self._refuse("Send a bearer token in the header Authorization.", error="")
        scheme, _, token = header.partition(" ")
        token = token.strip(" ")
        if scheme.lower() != "bearer":
            raise self._refuse("The header Authorization has to be of the scheme Bearer.", error="")
        digest = digest_of(token)
        if digest is None:
            raise self._refuse("The token is malformed; it may have been cut when it was copied.")
        asked = self._clock.elapsed()
        found = await self._store.find_token(digest)
        if found is None:
            raise self._refuse("The token is unknown, expired or revoked.")
        kept, tenant, connection = found
        now = self._clock.written()
        if kept.revoked is not None or tenant.status == "deleted" or (kept.expires is not None and kept.expires <= now):
            raise self._refuse("The token is unknown, expired or revoked.", token=kept)
        subject = connection.settings.get("subject")
        principal = Principal(f"token:{kept.id}", tenant, connection, frozenset(kept.scopes), subject)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        key = sha256(header.encode("latin-1", "replace")).digest()
        self._known[key] = (asked + self._fresh_seconds, kept.expires, principal)
        return principal

    def _refuse(self, detail: str, error: str = "invalid_token", token: Token | None = None) -> RefusedLogin:
        challenge = self._challenge + (f', error="{error}"' if error else "")
        headers = (("www-authenticate", challenge),)
        if token is None:
            return RefusedLogin(detail, headers=headers)
        return RefusedLogin(detail, headers=headers, tenant=token.tenant, actor=f"token:{token.id}")
