"""From the header ``Authorization`` to a principal (RFC 6750 §2.1; only the header, never query, body or cookie), or
from a header of a dialect's own that holds a session.

A look-up is remembered for ``fresh_seconds``: a revoked token or a suspended tenant is refused in every worker within
that time, and a busy client costs the database next to nothing. Expiry is exact. The memory is keyed by a digest of
the header: no secret is kept.
"""

from datetime import UTC, datetime
from hashlib import sha256

from rollbook.clock import Clock, written
from rollbook.identity import sessions
from rollbook.identity.access_tokens import AccessTokens
from rollbook.identity.external_issuers import ExternalTokens
from rollbook.identity.principal import Principal
from rollbook.identity.standing import holds
from rollbook.identity.static_tokens import digest_of
from rollbook.scim.errors import Unauthorized
from rollbook.storage.contract import Store


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

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        access: AccessTokens | None = None,
        external: ExternalTokens | None = None,
        fresh_seconds: float = 3.0,
        realm: str = "rollbook",
    ) -> None:
        self._store = store
        self._access = access
        self._external = external
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

    def forget(self, header: str | None) -> None:
        """Look a credential up again when it comes next."""
        if header is not None:
            self._known.pop(sha256(header.encode("latin-1", "replace")).digest(), None)

    def remembered_session(self, secret: str | None) -> Principal | None:
        """The principal of a session looked up a moment ago, without a question to the store."""
        return self.remembered(_as_session(secret)) if secret is not None else None

    def forget_session(self, secret: str) -> None:
        """Look a session up again when it comes next."""
        self.forget(_as_session(secret))

    async def session(
        self, secret: str | None, *, header: str = sessions.HEADER, realm: str = sessions.REALM
    ) -> Principal:
        """The principal of a session, which is used by this. **Raises** ``RefusedLogin`` with a challenge that names
        the header (any token may be a scheme: RFC 9110 §11.1)."""
        challenge = (("www-authenticate", f'{header} realm="{realm}"'),)
        if secret is None:
            raise RefusedLogin(f"Send a session in the header {header}.", headers=challenge)
        asked = self._clock.elapsed()
        found = await sessions.find(self._store, self._clock, secret)
        if found is None:
            raise RefusedLogin("The session is unknown, or it has ended: log in again.", headers=challenge)
        actor = f"user:{found.session.user}"
        scopes = await sessions.rights(self._store, found)
        if scopes is None:
            raise RefusedLogin(
                "The session is unknown, or it has ended: log in again.",
                headers=challenge,
                tenant=found.tenant.id if found.tenant.status != "deleted" else None,
                actor=actor,
            )
        expires = await sessions.use(self._store, self._clock, found.session)
        connection = found.connection
        principal = Principal(actor, found.tenant, connection, frozenset(scopes), connection.settings.get("subject"))
        self._remember(_as_session(secret), asked, expires, principal)
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
        asked = self._clock.elapsed()
        digest = digest_of(token)
        if digest is None:
            expires, principal = await self._issued(token)
            self._remember(header, asked, expires, principal)
            return principal
        found = await self._store.find_token(digest)
        if found is None:
            raise self._refuse("The token is unknown, expired or revoked.")
        kept, tenant, connection = found
        now = self._clock.written()
        if kept.revoked is not None or tenant.status == "deleted" or (kept.expires is not None and kept.expires <= now):
            raise self._refuse(
                "The token is unknown, expired or revoked.", tenant=kept.tenant, actor=f"token:{kept.id}"
            )
        subject = connection.settings.get("subject")
        principal = Principal(f"token:{kept.id}", tenant, connection, frozenset(kept.scopes), subject)
        self._remember(header, asked, kept.expires, principal)
        return principal

    async def _issued(self, text: str) -> tuple[str, Principal]:
        """The principal of an access token of the token endpoint, and when it expires. **Raises** ``RefusedLogin``."""
        token = await self._access.read(text) if self._access is not None else None
        if token is None and self._external is not None and text.count(".") == 2:
            found = await self._external.read(text)
            if found is not None:
                return found.expires, found.principal
        if token is None or self._access is None:
            raise self._refuse("The token is malformed, unknown or expired; it may have been cut when it was copied.")
        standing = await self._access.standing(token)
        scopes = holds(standing, token)
        actor = f"user:{token.user}" if token.user is not None else f"client:{token.client}"
        if standing is None or scopes is None or not self._access.is_for(token, standing):
            tenant = token.tenant if standing is not None else None
            raise self._refuse("The token is unknown, expired or revoked.", tenant=tenant, actor=actor)
        connection = standing.connection
        principal = Principal(actor, standing.tenant, connection, frozenset(scopes), connection.settings.get("subject"))
        return written(datetime.fromtimestamp(token.expires, UTC)), principal

    def _remember(self, header: str, asked: float, expires: str | None, principal: Principal) -> None:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        key = sha256(header.encode("latin-1", "replace")).digest()
        self._known[key] = (asked + self._fresh_seconds, expires, principal)

    def _refuse(
        self, detail: str, error: str = "invalid_token", tenant: str | None = None, actor: str = "anonymous"
    ) -> RefusedLogin:
        challenge = self._challenge + (f', error="{error}"' if error else "")
        return RefusedLogin(detail, headers=(("www-authenticate", challenge),), tenant=tenant, actor=actor)


def _as_session(secret: str) -> str:
    """What a session is remembered by: no header Authorization has a line break, so none is taken for a session."""
    return f"session\n{secret}"
