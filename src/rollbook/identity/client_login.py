"""Whether a client is who it says: by its secret or by its key (RFC 6749 §2.3.1, RFC 7523 §3).

One text and the same work for every refusal: nobody learns which clients there are, or what was wrong.
"""

import hmac
from hashlib import sha256
from typing import Any

import orjson

from rollbook.clock import Clock
from rollbook.identity.jwt import BadJwt, Unverified, read_key
from rollbook.identity.key_sets import KeySets
from rollbook.identity.throttle import Throttle
from rollbook.identity.token_text import SECRET, digest_of
from rollbook.oauth.assertions import ALGORITHMS, Asserted, read_assertion
from rollbook.oauth.client_auth import Assertion, Secret
from rollbook.oauth.errors import InvalidClient
from rollbook.storage.contract import Store
from rollbook.storage.identity_records import Client, KnownClient

_LEADING = frozenset(("crit", "b64", "jku", "jwk", "x5u", "x5c"))
_NOBODYS = sha256(b"the secret of nobody").digest()


class ClientLogin:
    """``audiences`` are the names that an assertion may call this server by: its issuer, and its token addresses;
    ``key_sets`` finds the keys of clients that keep them elsewhere."""

    def __init__(
        self, store: Store, clock: Clock, audiences: frozenset[str], throttle: Throttle, key_sets: KeySets
    ) -> None:
        self._store = store
        self._clock = clock
        self._audiences = audiences
        self._throttle = throttle
        self._key_sets = key_sets

    async def login(self, presented: Secret | Assertion, peer: str) -> KnownClient:
        """The client. **Raises** ``InvalidClient``, ``SlowDown`` where it has failed too often from that address."""
        try:
            if isinstance(presented, Secret):
                return await self._by_secret(presented)
            return await self._by_key(presented)
        except InvalidClient:
            await self._throttle.client_failed(presented.client or "", peer)
            raise

    async def _by_secret(self, presented: Secret) -> KnownClient:
        digest = digest_of(presented.secret, SECRET) or _NOBODYS
        known = await self._find(presented.client)
        now = self._clock.written()
        secrets = known.secrets if known is not None else ()
        kept = [s.digest for s in secrets if s.expires is None or s.expires > now] or [_NOBODYS]
        good = [hmac.compare_digest(digest, one) for one in kept]
        if known is None or digest == _NOBODYS or not any(good):
            raise InvalidClient
        return _enabled(known, "secret")

    async def _by_key(self, presented: Assertion) -> KnownClient:
        try:
            jwt = Unverified(presented.jwt)
        except BadJwt:
            raise InvalidClient from None
        named = jwt.claims.get("sub")
        if not isinstance(named, str) or presented.client not in (None, named):
            raise InvalidClient
        known = await self._find(named)
        asserted = await self._verified(jwt, known.client) if known is not None else None
        if known is None or asserted is None:
            raise InvalidClient
        enabled = _enabled(known, "private_key_jwt")
        if not await self._store.identity.use_assertion(asserted.client, asserted.jti, asserted.expires):
            raise InvalidClient
        return enabled

    async def _verified(self, jwt: Unverified, client: Client) -> Asserted | None:
        if jwt.header.get("alg") not in ALGORITHMS or _LEADING & jwt.header.keys():
            return None
        if client.jwks is not None:
            claims = _by_kept_keys(jwt, client.jwks)
        elif client.jwks_uri is not None:
            claims = await self._by_published_keys(jwt, client.jwks_uri, client.algorithms)
        else:
            return None
        now = int(self._clock.now().timestamp())
        return read_assertion(claims, client.id, self._audiences, now) if claims is not None else None

    async def _by_published_keys(self, jwt: Unverified, url: str, algorithms: tuple[str, ...]) -> dict[str, Any] | None:
        """The claims. The algorithm is one that the client was registered with; the header says which of them."""
        algorithm = next((name for name in algorithms if name == jwt.header.get("alg")), None)
        key = await self._key_sets.find(url, jwt.header.get("kid"), algorithm) if algorithm is not None else None
        if algorithm is None or key is None:
            return None
        try:
            return jwt.verify(key, algorithm)
        except BadJwt:
            return None

    async def _find(self, client: str) -> KnownClient | None:
        return await self._store.identity.find_client(client if "\x00" not in client else "")


def _by_kept_keys(jwt: Unverified, jwks: str) -> dict[str, Any] | None:
    """The claims. The key says which algorithm it is for, or its kind does; the header only has to agree."""
    algorithm, kid = jwt.header["alg"], jwt.header.get("kid")
    for jwk in orjson.loads(jwks)["keys"]:
        if (kid is not None and jwk.get("kid", kid) != kid) or jwk.get("alg", algorithm) != algorithm:
            continue
        try:
            return jwt.verify(read_key(jwk), algorithm)
        except BadJwt:
            continue
    return None


def _enabled(known: KnownClient, method: str) -> KnownClient:
    if known.client.status != "active" or known.client.method != method:
        raise InvalidClient
    return known
