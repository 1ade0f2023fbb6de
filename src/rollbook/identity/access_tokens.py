"""Access tokens that come back as bearer tokens: JWTs of ours and opaque ones (RFC 9068 §4).

What was verified is remembered until it expires, by a digest: checking a signature again would tell nothing new.
Whether those for whom it speaks still may is another question, asked every few seconds (``standing``).
"""

from hashlib import sha256

from rollbook.clock import Clock
from rollbook.identity.audience import audience_of
from rollbook.identity.jwt import BadJwt, Unverified
from rollbook.identity.keys import KeyRing
from rollbook.identity.token_text import ACCESS, digest_of
from rollbook.oauth.access_token import AccessToken, is_access_token, read_claims
from rollbook.storage.contract import Store
from rollbook.storage.identity_records import Standing

_REMEMBERED = 10_000


class AccessTokens:
    """Reads them. ``issuer`` is the name of ours. Whether a token's audience is the one that it works in, is asked by
    ``is_for``, once it is known where that is."""

    def __init__(self, store: Store, clock: Clock, issuer: str, keys: KeyRing) -> None:
        self._store = store
        self._clock = clock
        self._issuer = issuer
        self._keys = keys
        self._verified: dict[bytes, tuple[AccessToken, str | None]] = {}
        """With the id of the key that signed it; a key may be dropped."""

    async def read(self, text: str) -> AccessToken | None:
        """The token of a text; None for what is none, was never one of ours, or has expired."""
        now = int(self._clock.now().timestamp())
        key = sha256(text.encode("latin-1", "replace")).digest()
        found = self._verified.get(key)
        if found is None:
            found = await (self._jwt(text, now) if text.count(".") == 2 else self._opaque(text))
            if found is None:
                return None
            if len(self._verified) >= _REMEMBERED:
                self._verified.clear()
            self._verified[key] = found
        token, kid = found
        if token.expires <= now or (kid is not None and await self._keys.verifier(kid) is None):
            return None
        return token

    def is_for(self, token: AccessToken, standing: Standing) -> bool:
        """Whether a token was issued for the tenant, as its audience is called now (RFC 9068 §4)."""
        wanted = audience_of(standing.tenant, standing.connection, self._issuer)
        return wanted == token.audience or wanted in token.others

    async def standing(self, token: AccessToken) -> Standing | None:
        """How those stand for whom it speaks."""
        return await self._store.identity.standing(token.tenant, token.client, token.user, token.family, token.id)

    async def _jwt(self, text: str, now: int) -> tuple[AccessToken, str | None] | None:
        try:
            jwt = Unverified(text)
            if not is_access_token(jwt.header):
                return None
            signer = await self._keys.verifier(jwt.header.get("kid"))
            if signer is None:
                return None
            claims = jwt.verify(signer.key, signer.algorithm)
        except BadJwt:
            return None
        token = read_claims(claims, issuer=self._issuer, now=now)
        return (token, signer.kid) if token is not None else None

    async def _opaque(self, text: str) -> tuple[AccessToken, str | None] | None:
        digest = digest_of(text, ACCESS)
        found = await self._store.identity.find_opaque(digest) if digest is not None else None
        return (found.token, None) if found is not None else None
