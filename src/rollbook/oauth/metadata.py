"""What the server says of itself (RFC 8414 §2, RFC 9728 §2)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from rollbook.oauth.client_auth import METHODS
from rollbook.oauth.grants import GRANTS
from rollbook.oauth.scopes import SCOPES

SERVER = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource"


def well_known(kind: str, identifier: str) -> str:
    """Where the metadata of an identifier stands: its own path comes after the well-known one (RFC 8414 §3.1).

    >>> well_known(SERVER, "https://acorn.example"), well_known(SERVER, "https://acorn.example/id")
    ('/.well-known/oauth-authorization-server', '/.well-known/oauth-authorization-server/id')
    """
    return kind + urlsplit(identifier).path.rstrip("/")


def server_metadata(issuer: str, base: str, assertion_algorithms: Sequence[str]) -> dict[str, Any]:
    """The authorization server's metadata. ``base`` stands before the addresses of the endpoints.

    **Rules**: ``issuer`` is exactly the ``iss`` of its tokens; what is not offered is not listed (there is no
    authorization endpoint, so there are no response types).
    """
    return {
        "issuer": issuer,
        "token_endpoint": f"{base}/oauth/token",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "introspection_endpoint": f"{base}/oauth/introspect",
        "jwks_uri": f"{base}/oauth/jwks.json",
        "response_types_supported": [],
        "grant_types_supported": list(GRANTS),
        "scopes_supported": list(SCOPES),
        **{
            f"{endpoint}_endpoint_auth_{what}_supported": list(values)
            for endpoint in ("token", "revocation", "introspection")
            for what, values in (("methods", METHODS), ("signing_alg_values", assertion_algorithms))
        },
    }


def resource_metadata(resource: str, issuer: str) -> dict[str, Any]:
    """The metadata of the APIs as a protected resource."""
    return {
        "resource": resource,
        "authorization_servers": [issuer],
        "scopes_supported": list(SCOPES),
        "bearer_methods_supported": ["header"],
    }
