"""Access tokens as values, and as the claims of a JWT (RFC 9068 §2.2).

Signing and verifying are ``identity.jwt``'s; here is what the claims have to say. Beside the RFC's claims a token of
ours has ``tenant``; ``sid`` (the login that it follows from) and ``epoch`` (the state of client and user when it was
issued) let it end early.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rollbook.oauth.scopes import ordered

LIFETIME = 3600
TYPE = "at+jwt"
_TYPES = frozenset((TYPE, f"application/{TYPE}"))
_TEXTS = ("jti", "sub", "client_id", "tenant", "scope", "epoch")
_SKEW = 60
"""Seconds that ``iat`` may lie ahead: two servers of one installation. ``exp`` is exact."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """``user`` None: the client speaks for itself. Times are seconds since 1970 (RFC 7519 §2)."""

    id: str
    tenant: str
    client: str
    user: str | None
    family: str | None
    scopes: tuple[str, ...]
    audience: str
    client_epoch: int
    user_epoch: int
    issued: int
    expires: int
    cnf: str | None = None
    others: tuple[str, ...] = ()
    """For whom it is beside ``audience``."""

    @property
    def subject(self) -> str:
        return self.user or self.client


def write_claims(token: AccessToken, issuer: str) -> dict[str, Any]:
    """The claims of a token."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": token.subject,
        "aud": token.audience,
        "client_id": token.client,
        "jti": token.id,
        "iat": token.issued,
        "exp": token.expires,
        "scope": " ".join(token.scopes),
        "tenant": token.tenant,
        "epoch": f"{token.client_epoch}.{token.user_epoch}",
    }
    if token.family is not None:
        claims["sid"] = token.family
    return claims


def is_access_token(header: Mapping[str, Any]) -> bool:
    """Whether a JWT's header says that it is an access token, and nothing that would have to be fetched or followed."""
    typ = header.get("typ")
    foreign = {"jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64"} & header.keys()
    return isinstance(typ, str) and typ.lower() in _TYPES and not foreign


def read_claims(claims: Mapping[str, Any], *, issuer: str, now: int) -> AccessToken | None:
    """The token of some claims whose signature is good; None where they do not make one that holds now.

    **Rules** (RFC 9068 §4): ``iss`` is ours, ``aud`` is a text or a list of texts, ``exp`` is ahead; every claim that
    is needed is there and of its type. A whole number is no truth value and no text. Whether the token is for who it is
    shown to is for the caller to say, who knows what that is called.
    """
    aud = claims.get("aud")
    listed = aud if isinstance(aud, list) else [aud]
    audiences = [text for text in listed if isinstance(text, str)]
    if claims.get("iss") != issuer or not audiences or len(audiences) < len(listed):
        return None
    issued, expires, not_before = claims.get("iat"), claims.get("exp"), claims.get("nbf", 0)
    if type(issued) is not int or type(expires) is not int or type(not_before) is not int:
        return None
    if expires <= now or issued > now + _SKEW or not_before > now + _SKEW:
        return None
    texts = [text for name in _TEXTS if isinstance(text := claims.get(name), str)]
    if len(texts) < len(_TEXTS):
        return None
    id, subject, client, tenant, scope, epoch = texts
    family = claims.get("sid")
    first, _, second = epoch.partition(".")
    if not (first.isdecimal() and second.isdecimal()) or not (family is None or isinstance(family, str)):
        return None
    user = None if subject == client else subject
    scopes = ordered(scope.split(" "))
    first_audience, *others = audiences
    return AccessToken(
        id=id,
        tenant=tenant,
        client=client,
        user=user,
        family=family,
        scopes=scopes,
        audience=first_audience,
        client_epoch=int(first),
        user_epoch=int(second),
        issued=issued,
        expires=expires,
        others=tuple(others),
    )
