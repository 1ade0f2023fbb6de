"""What a client asks of the token endpoint (RFC 6749 §4.3.2, §4.4.2, §6; RFC 8707 §2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rollbook.oauth.errors import InvalidRequest, UnsupportedGrantType
from rollbook.oauth.scopes import read_scope

PASSWORD = "password"  # noqa: S105 - the name of a grant
REFRESH = "refresh_token"
CLIENT_CREDENTIALS = "client_credentials"
GRANTS = (PASSWORD, REFRESH, CLIENT_CREDENTIALS)


@dataclass(frozen=True, slots=True)
class PasswordGrant:
    """Off for every client that was not given it (RFC 9700 §2.4)."""

    username: str = field(repr=False)
    password: str = field(repr=False)
    scope: tuple[str, ...]
    resource: str | None
    type = PASSWORD


@dataclass(frozen=True, slots=True)
class RefreshGrant:
    token: str = field(repr=False)
    scope: tuple[str, ...]
    resource: str | None
    type = REFRESH


@dataclass(frozen=True, slots=True)
class ClientCredentialsGrant:
    scope: tuple[str, ...]
    resource: str | None
    type = CLIENT_CREDENTIALS


Grant = PasswordGrant | RefreshGrant | ClientCredentialsGrant


def read_grant(form: Mapping[str, str]) -> Grant:
    """The grant of a form. **Raises** ``InvalidRequest``, ``UnsupportedGrantType``, ``InvalidScope``."""
    type = form.get("grant_type")
    if type is None:
        raise InvalidRequest("The parameter grant_type is missing.")
    if type not in GRANTS:
        raise UnsupportedGrantType(f"The grant_type has to be one of {', '.join(GRANTS)}.")
    resource = form.get("resource")
    if type == PASSWORD:
        username, password = _needed(form, "username"), _needed(form, "password")
        return PasswordGrant(username, password, read_scope(form.get("scope")), resource)
    if type == REFRESH:
        token = _needed(form, "refresh_token")
        return RefreshGrant(token, read_scope(form.get("scope")), resource)
    return ClientCredentialsGrant(read_scope(form.get("scope")), resource)


def _needed(form: Mapping[str, str], name: str) -> str:
    value = form.get(name)
    if value is None:
        raise InvalidRequest(f"The parameter {name} is missing.")
    return value
