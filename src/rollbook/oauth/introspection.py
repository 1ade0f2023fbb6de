"""What the introspection endpoint says of a token (RFC 7662 §2.2)."""

from typing import Any

from rollbook.oauth.access_token import AccessToken

INACTIVE: dict[str, Any] = {"active": False}
"""All that is said of a token that is unknown, ended, or nothing of the asker's business."""


def of_access_token(token: AccessToken, scopes: tuple[str, ...], issuer: str, username: str | None) -> dict[str, Any]:
    """An access token that holds; ``scopes`` are those of it that still do."""
    answer = {
        "active": True,
        "scope": " ".join(scopes),
        "client_id": token.client,
        "token_type": "Bearer",
        "exp": token.expires,
        "iat": token.issued,
        "sub": token.subject,
        "aud": token.audience,
        "iss": issuer,
        "jti": token.id,
        "tenant": token.tenant,
    }
    if username is not None:
        answer["username"] = username
    return answer


def of_refresh_token(scopes: tuple[str, ...], client: str, subject: str, issuer: str, expires: int) -> dict[str, Any]:
    """A refresh token that could be used now."""
    return {
        "active": True,
        "scope": " ".join(scopes),
        "client_id": client,
        "token_type": "refresh_token",
        "exp": expires,
        "sub": subject,
        "iss": issuer,
    }
