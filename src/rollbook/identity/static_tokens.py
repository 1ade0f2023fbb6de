"""Static bearer tokens: made, listed and revoked by the operator.

A token belongs to one connection of one tenant and gives what that is for: reading and writing the tenant's resources,
and nothing else. It is shown once; what is kept is its digest. Checking a token of a request is ``authenticate``'s.
"""

import re
from datetime import timedelta
from typing import NamedTuple

from rollbook.clock import Clock, written
from rollbook.errors import RollbookError
from rollbook.events import Event, Kind
from rollbook.identity.token_text import digest_of as digest_of
from rollbook.identity.token_text import hint, write_token
from rollbook.ids import new_id, ordered_id, random_bytes
from rollbook.storage.contract import Store
from rollbook.storage.errors import NotFound
from rollbook.storage.records import DEFAULT_SCOPES, Connection, Tenant, Token

OPERATOR = "operator"

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}
_DURATION = re.compile(r"([1-9][0-9]{0,9})([smhdwy])")
_CENTURY = timedelta(days=36_525)


class TokenError(RollbookError):
    """Base of what this room refuses: ``InvalidDuration``, ``InvalidTokenName``, ``NoSuchToken``, ``TenantClosed``."""


class InvalidDuration(TokenError):
    pass


class InvalidTokenName(TokenError):
    pass


class NoSuchToken(TokenError):
    pass


class TenantClosed(TokenError):
    pass


class Issued(NamedTuple):
    """A new token: ``secret`` is the token itself, to be shown this once."""

    token: Token
    secret: str


def read_duration(text: str) -> timedelta:
    """A duration such as ``90d``: seconds, minutes, hours, days, weeks or years. **Raises** ``InvalidDuration``.

    >>> read_duration("90d"), read_duration("12h")
    (datetime.timedelta(days=90), datetime.timedelta(seconds=43200))
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InvalidDuration(f"{text!r} is no duration: write a number and one of s, m, h, d, w, y, such as 90d or 1y")
    seconds = int(match[1]) * _UNITS[match[2]]
    if seconds > _CENTURY.total_seconds():
        raise InvalidDuration(f"{text!r} is more than a century: leave it out for a token that does not expire")
    return timedelta(seconds=seconds)


async def issue(
    store: Store,
    clock: Clock,
    tenant: Tenant,
    name: str = "",
    lifetime: timedelta | None = None,
    *,
    connection: Connection | None = None,
    scopes: tuple[str, ...] = DEFAULT_SCOPES,
) -> Issued:
    """Make a token for a connection of a tenant (without one: for ``default``). **Raises** ``InvalidTokenName``,
    ``TenantClosed``.

    **Rules**: a suspended tenant may get one, for the day that it is resumed; a deleted one may not.
    """
    if len(name) > 100 or not name.isprintable():
        raise InvalidTokenName("a token's name has at most 100 characters, all of them printable")
    if tenant.status == "deleted":
        raise TenantClosed(f"tenant {tenant.name!r} is deleted and gets no tokens")
    secret = write_token(random_bytes(32))
    digest = digest_of(secret)
    assert digest is not None
    now = clock.now()
    token = Token(
        id=new_id(),
        tenant=tenant.id,
        connection=connection.id if connection else tenant.connection,
        name=name,
        digest=digest,
        hint=hint(secret),
        created=written(now),
        expires=written(now + lifetime) if lifetime is not None else None,
        revoked=None,
        scopes=scopes,
    )
    await store.tenant(tenant.id).create_token(token, _event(Kind.TOKEN_CREATED, token.created, token.id))
    return Issued(token, secret)


async def revoke(store: Store, clock: Clock, tenant: Tenant, token_id: str) -> Token:
    """Revoke a token by its id. **Raises** ``NoSuchToken``. One that is revoked already stays as it is."""
    handle = store.tenant(tenant.id)
    at = clock.written()
    try:
        await handle.revoke_token(token_id, at, _event(Kind.TOKEN_REVOKED, at, token_id))
    except NotFound:
        hint = f"`rollbook token list {tenant.name}` shows those there are"
        raise NoSuchToken(f"tenant {tenant.name!r} has no token {token_id!r}", hint=hint) from None
    return next(token for token in await handle.tokens() if token.id == token_id.lower())


def state_of(token: Token, now: str) -> str:
    """``"active"``, ``"expired"`` or ``"revoked"`` at a written moment."""
    if token.revoked is not None:
        return "revoked"
    return "expired" if token.expires is not None and token.expires <= now else "active"


def _event(kind: Kind, at: str, token_id: str) -> Event:
    return Event(id=ordered_id(), at=at, kind=kind, actor=OPERATOR, resource_type="Token", resource=token_id)
