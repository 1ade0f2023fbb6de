"""Sessions: what a login gives to clients that send a header of their own instead of a bearer token.

A session is 256 random bits, kept as a digest. It speaks for one system user, in one tenant, through one connection. It
ends when it is not used for a while (the tenant's to say), at the latest twelve hours after the login, and with
whatever it speaks for: the user disabled or with another password, the connection or the tenant gone, the key that the
login was encrypted with revoked, the client that brought it disabled or let into the tenant no more.

That it is used is written down at most once a minute (or in a tenth of a shorter idle time), never for each request:
so it may end by that much early, and never late.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from rollbook.clock import Clock, written
from rollbook.events import Event, Kind
from rollbook.identity.token_text import SESSION, digest_of, write_token
from rollbook.ids import new_id, ordered_id, random_bytes
from rollbook.oauth.scopes import ordered
from rollbook.storage.contract import Store
from rollbook.storage.errors import StoreError
from rollbook.storage.identity_records import Client, SystemUser
from rollbook.storage.records import Connection, Tenant
from rollbook.storage.session_records import FoundSession, Session

HEADER = "X-PHP-SESSID"
REALM = "retailops"
LASTS = timedelta(hours=12)
IDLE_MINUTES = 30
IDLE_SETTING = "session_idle_minutes"
"""What a dialect calls the setting."""

_GRAIN = 60
_SHORTEST, _LONGEST = 1, 24 * 60


class Given(NamedTuple):
    """A new session: ``secret`` is what the client sends, shown this once."""

    session: Session
    secret: str


def idle_of(tenant: Tenant, connection: Connection) -> int:
    """After how many seconds without use a session of that connection ends."""
    configured: Mapping[str, Mapping[str, Any]] = orjson.loads(tenant.configured) if tenant.configured else {}
    minutes: int = configured.get(connection.dialect, {}).get(IDLE_SETTING, IDLE_MINUTES)
    return 60 * min(max(minutes, _SHORTEST), _LONGEST)


async def start(
    store: Store,
    clock: Clock,
    tenant: Tenant,
    connection: Connection,
    user: SystemUser,
    *,
    scopes: tuple[str, ...],
    idle: int,
    auth_key: int | None = None,
    client: Client | None = None,
    peer: str = "",
    request: str = "",
) -> Given:
    """Begin a session of a user whose login was right. **Raises** ``NotFound`` where its key was revoked meanwhile."""
    secret = write_token(random_bytes(32), SESSION)
    digest = digest_of(secret, SESSION)
    assert digest is not None
    now = clock.now()
    until = now + LASTS
    session = Session(
        digest=digest,
        id=new_id(),
        tenant=tenant.id,
        connection=connection.id,
        user=user.id,
        user_epoch=user.epoch,
        auth_key=auth_key,
        client=client.id if client is not None else None,
        client_epoch=client.epoch if client is not None else None,
        scopes=scopes,
        idle=idle,
        started=written(now),
        seen=int(now.timestamp()),
        expires=written(min(now + timedelta(seconds=idle), until)),
        until=written(until),
    )
    await store.sessions.start(session, _event(Kind.SESSION_STARTED, session, peer, request))
    return Given(session, secret)


async def find(store: Store, clock: Clock, secret: str) -> FoundSession | None:
    """A session that has not expired, used now; what it may still do is ``rights``'s to say."""
    digest = digest_of(secret, SESSION)
    found = await store.sessions.find(digest) if digest is not None else None
    if found is None or found.session.expires <= clock.written():
        return None
    return found


async def rights(store: Store, found: FoundSession) -> tuple[str, ...] | None:
    """What a session may still do; None where it has ended with its user or its client (a suspended tenant is
    ``access.enter``'s to refuse)."""
    session = found.session
    if found.tenant.status == "deleted" or found.user_status != "active" or found.user_epoch != session.user_epoch:
        return None
    if session.client is None:
        return session.scopes
    standing = await store.identity.standing(session.tenant, session.client, session.user, None, session.id)
    if standing is None or standing.client_status != "active" or standing.client_epoch != session.client_epoch:
        return None
    return ordered(set(session.scopes) & set(standing.client_scopes) & set(standing.scopes))


async def use(store: Store, clock: Clock, session: Session) -> str:
    """Let a session last on because it is used; when it expires now."""
    now = int(clock.now().timestamp())
    if now - session.seen < min(_GRAIN, session.idle // 10):
        return session.expires
    expires = min(written(datetime.fromtimestamp(now + session.idle, UTC)), session.until)
    with suppress(StoreError):  # the next request tries again
        await store.sessions.touch(session.digest, now, expires)
        return expires
    return session.expires


async def end(store: Store, found: FoundSession, *, at: str, peer: str = "", request: str = "") -> bool:
    """End a session. False where somebody else has."""
    event = _event(Kind.SESSION_ENDED, found.session, peer, request, at)
    return await store.sessions.end(found.session.digest, event)


def _event(kind: Kind, session: Session, peer: str, request: str, at: str = "") -> Event:
    return Event(
        ordered_id(),
        at or session.started,
        kind,
        f"user:{session.user}",
        peer,
        request,
        resource_type="Session",
        resource=session.id,
        status=204 if kind is Kind.SESSION_ENDED else 200,
    )
