"""Signed JWTs: written, and read without believing anything that they say of themselves (RFC 7515, RFC 8725).

The algorithm is the key's, never the token's; the compact form alone is read.
"""

from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry

LONGEST = 8192
"""Characters. Ours have about 900; the headers of a request have a limit of their own."""

Key = RSAKey | ECKey | OKPKey


class _Registry(JWSRegistry):
    """The named algorithms and no others. (The library's own warns of the name EdDSA, which most clients still use.)"""

    def get_alg(self, name: str) -> Any:
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


_REGISTRIES = {name: _Registry(algorithms=[name]) for name in ("RS256", "PS256", "ES256", "EdDSA")}
ALGORITHMS = tuple(_REGISTRIES)


class BadJwt(Exception):
    """Not a JWT, or not signed by that key."""


class Unverified:
    """A JWT in its parts, of which nothing is to be believed yet."""

    __slots__ = ("_whole", "claims", "header")

    def __init__(self, text: str) -> None:
        """**Raises** ``BadJwt``."""
        if len(text) > LONGEST or not text.isascii():
            raise BadJwt
        try:
            self._whole = jws.extract_compact(text.encode())
            self.header: dict[str, Any] = self._whole.headers()
            claims = orjson.loads(self._whole.payload)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise BadJwt from error
        if not isinstance(claims, dict):
            raise BadJwt
        self.claims: dict[str, Any] = claims

    def verify(self, key: Key, algorithm: str) -> dict[str, Any]:
        """The claims, now to be believed as the key's owner is. **Raises** ``BadJwt``."""
        try:
            good = self.header.get("alg") == algorithm and jws.validate_compact(
                self._whole, key, registry=_REGISTRIES[algorithm]
            )
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise BadJwt from error
        if not good:
            raise BadJwt
        return self.claims


def sign(claims: dict[str, Any], key: Key, algorithm: str, kid: str, type: str) -> str:
    """A JWT of these claims."""
    header = {"alg": algorithm, "typ": type, "kid": kid}
    return jws.serialize_compact(header, orjson.dumps(claims), key, registry=_REGISTRIES[algorithm])


def generate(algorithm: str) -> Key:
    """A new key pair for an algorithm. Takes some 100 ms for RSA: not for the event loop."""
    return OKPKey.generate_key("Ed25519") if algorithm == "EdDSA" else RSAKey.generate_key(2048)


def read_key(jwk: dict[str, Any]) -> Key:
    """The key of a JWK, if it is of a kind that signs with a pair. **Raises** ``BadJwt``: symmetric keys too."""
    try:
        key = import_key(dict(jwk))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadJwt from error
    if not isinstance(key, RSAKey | ECKey | OKPKey):
        raise BadJwt
    return key


def public_jwk(key: Key, algorithm: str, kid: str) -> dict[str, Any]:
    """The public half, as it is published (RFC 7517 §4)."""
    return {**key.as_dict(private=False), "kid": kid, "alg": algorithm, "use": "sig"}
