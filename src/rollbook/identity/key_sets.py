"""The public keys of outside issuers (JWK sets, RFC 7517 §5): fetched, kept for a while, and never believed too much.

Kept for five minutes; where they cannot be fetched again, for one hour more. A key that nobody knows makes us look
again, at most once in 30 seconds, and a server that does not answer is left alone as long.
"""

import asyncio
from collections.abc import Collection
from typing import Any, NamedTuple

import orjson
import structlog
from joserfc.jwk import ECKey, OKPKey, RSAKey

from rollbook.clock import Clock
from rollbook.identity.fetch import CannotFetch, fetch
from rollbook.identity.jwt import BadJwt, Key, read_key

FRESH_SECONDS = 300
STALE_SECONDS = 3600
AGAIN_SECONDS = 30
KEYS = 20
_RSA_DIGITS = range(342, 1366)
"""Characters of a modulus of 2,048 to 8,192 bits."""

_log = structlog.get_logger("rollbook.issuers")


class Published(NamedTuple):
    """``algorithm`` is what the set says that the key is for; None: it does not say."""

    kid: str | None
    algorithm: str | None
    key: Key


class _Kept:
    def __init__(self) -> None:
        self.keys: list[Published] | None = None
        self.fetched = 0.0
        self.tried: float | None = None
        self.fetching = asyncio.Lock()


class KeySets:
    """The sets by their addresses. One for a process."""

    def __init__(self, clock: Clock, loopback_hosts: Collection[str] = ()) -> None:
        self._clock = clock
        self._loopback_hosts = loopback_hosts
        self._sets: dict[str, _Kept] = {}

    async def find(self, url: str, kid: object, algorithm: str) -> Key | None:
        """The key of that id for that algorithm; without an id, the only one there is."""
        kept = self._sets.setdefault(url, _Kept())
        if kept.keys is None or self._clock.elapsed() - kept.fetched >= FRESH_SECONDS:
            await self._refresh(url, kept)
        found = self._among(kept, kid, algorithm)
        if found is None:
            await self._refresh(url, kept)
            found = self._among(kept, kid, algorithm)
        return found

    def _among(self, kept: _Kept, kid: object, algorithm: str) -> Key | None:
        if kept.keys is None or self._clock.elapsed() - kept.fetched >= FRESH_SECONDS + STALE_SECONDS:
            return None
        fit = [one for one in kept.keys if one.algorithm in (None, algorithm) and _fits(one.key, algorithm)]
        if kid is not None:
            fit = [one for one in fit if one.kid == kid]
        return fit[0].key if len(fit) == 1 else None

    async def _refresh(self, url: str, kept: _Kept) -> None:
        async with kept.fetching:
            now = self._clock.elapsed()
            if kept.tried is not None and now - kept.tried < AGAIN_SECONDS:
                return
            kept.tried = now
            try:
                kept.keys, kept.fetched = read_set(await fetch(url, self._loopback_hosts)), now
            except CannotFetch as refused:
                _log.warning("keys_not_fetched", url=url, reason=refused.detail)


def read_set(body: bytes) -> list[Published]:
    """The keys of a set that can check signatures; what is none of these is passed over, and so are two of one id.

    **Raises** ``CannotFetch`` for what is no set, or too great a one.
    """
    try:
        document: Any = orjson.loads(body)
    except ValueError:
        raise CannotFetch("the answer is no JSON") from None
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or len(keys) > KEYS:
        raise CannotFetch(f"the answer is no JWK set of at most {KEYS} keys")
    found = [read for key in keys if (read := _read(key)) is not None]
    ids = [one.kid for one in found]
    return [one for one in found if one.kid is None or ids.count(one.kid) == 1]


def _read(jwk: Any) -> Published | None:
    if not isinstance(jwk, dict) or jwk.get("kty") not in ("RSA", "EC", "OKP") or "d" in jwk:
        return None
    kid, algorithm, operations = jwk.get("kid"), jwk.get("alg"), jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return None
    if not isinstance(kid, str | None) or not isinstance(algorithm, str | None):
        return None
    modulus = jwk.get("n")
    if jwk["kty"] == "RSA" and not (isinstance(modulus, str) and len(modulus.rstrip("=")) in _RSA_DIGITS):
        return None
    try:
        wanted = {name: jwk[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in jwk}
        return Published(kid, algorithm, read_key(wanted))
    except (BadJwt, OverflowError):
        return None


def _fits(key: Key, algorithm: str) -> bool:
    match algorithm:
        case "RS256" | "PS256":
            return isinstance(key, RSAKey)
        case "ES256":
            return isinstance(key, ECKey) and key.curve_name == "P-256"
        case "EdDSA":
            return isinstance(key, OKPKey) and key.as_dict()["crv"] == "Ed25519"
    return False
