"""The claims of a client's assertion (RFC 7523 §3). Its signature is checked by ``identity.client_login``."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

LONGEST = 300
"""Seconds that an assertion may hold; so long its ``jti`` is remembered."""
_SKEW = 60
_JTI = 256

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")


class Asserted(NamedTuple):
    client: str
    jti: str
    expires: int


def read_assertion(claims: Mapping[str, Any], client: str, audiences: Collection[str], now: int) -> Asserted | None:
    """What an assertion of a client says; None where it does not hold here and now.

    **Rules**: issuer and subject are the client; the audience is this server, by its issuer or an address of its token
    endpoint; ``exp`` is ahead, by five minutes at most; ``jti`` is there, for one use.
    """
    aud = claims.get("aud")
    named = aud if isinstance(aud, list) else [aud]
    jti, expires = claims.get("jti"), claims.get("exp")
    if claims.get("iss") != client or claims.get("sub") != client:
        return None
    if not named or not all(isinstance(a, str) for a in named) or not any(a in audiences for a in named):
        return None
    if type(expires) is not int or not now < expires <= now + LONGEST + _SKEW:
        return None
    for name in ("iat", "nbf"):
        moment = claims.get(name, now)
        if type(moment) is not int or moment > now + _SKEW:
            return None
    if not isinstance(jti, str) or not 1 <= len(jti) <= _JTI or "\x00" in jti:
        return None
    return Asserted(client, jti, expires)
