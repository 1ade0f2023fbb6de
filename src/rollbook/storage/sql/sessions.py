"""The statements on sessions, the keys of encrypted logins, and activations."""

from rollbook.events import Event
from rollbook.storage.entrance_records import Letter
from rollbook.storage.errors import AlreadyExists, NotFound
from rollbook.storage.identity_contract import Told
from rollbook.storage.records import Connection, Tenant
from rollbook.storage.session_records import ACTIVATION_LETTER, Activation, AuthKey, FoundSession, Session
from rollbook.storage.sql.entrance import POST_LETTER, letter_values
from rollbook.storage.sql.scripts import Ask, Row, Script, Tell

_SESSION = (
    "digest, id, tenant_id, connection_id, user_id, user_epoch, auth_key, client_id, client_epoch, scopes, idle,"
    " started, seen, expires, until"
)
FOUND = ", ".join(f"s.{name.strip()}" for name in _SESSION.split(",")) + ", u.status, u.epoch"
"""The columns of a session that is found, before those of the tenant and of the connection."""
FOUND_COLUMNS = _SESSION.count(",") + 3
FOUND_OF = """JOIN session s ON s.tenant_id = t.id
LEFT JOIN account u ON u.id = s.user_id AND u.tenant_id = s.tenant_id"""
"""Beside the tenant; each engine joins the connection ``s.connection_id`` in its own way."""
_KEY = "id, tenant_id, connection_id, name, scopes, sealed, created, revoked"
AUTH_KEYS = f"SELECT {_KEY} FROM auth_key WHERE tenant_id = $1 ORDER BY created, id"
AUTH_KEY_BY_ID = f"SELECT {_KEY} FROM auth_key WHERE id = $1"
_ACTIVATION = "tenant_id, type, resource_id, digest, created, expires"
ACTIVATION_BY_DIGEST = f"SELECT {_ACTIVATION} FROM activation WHERE digest = $1"

_START = f"""INSERT INTO session ({_SESSION})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"""
_KEY_HOLDS = "SELECT 1 FROM auth_key WHERE tenant_id = $1 AND id = $2 AND revoked IS NULL FOR UPDATE"
_TOUCH = "UPDATE session SET seen = $2, expires = $3 WHERE digest = $1 AND seen < $2"
_END = "DELETE FROM session WHERE digest = $1 RETURNING tenant_id"
_NEW_KEY = f"INSERT INTO auth_key ({_KEY}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING 1"
_REVOKE_KEY = """UPDATE auth_key SET revoked = coalesce(revoked, $3) WHERE tenant_id = $1 AND id = $2
RETURNING revoked"""
_ENDED_WITH_KEY = "DELETE FROM session WHERE tenant_id = $1 AND auth_key = $2"
_INVITE = f"""INSERT INTO activation ({_ACTIVATION}) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, type, resource_id)
DO UPDATE SET digest = $4, created = $5, expires = $6"""
_USE = f"DELETE FROM activation WHERE digest = $1 RETURNING {_ACTIVATION}"
_GIVE_BACK = f"""INSERT INTO activation ({_ACTIVATION}) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING"""
_WITHDRAW = "DELETE FROM activation WHERE tenant_id = $1 AND type = $2 AND resource_id = $3 RETURNING 1"
_UNSENT = """UPDATE letter SET state = 'failed', content = NULL, reason = $4
WHERE tenant_id = $1 AND about = $2 AND kind = $3 AND state = 'waiting'"""

SWEEPS = ("DELETE FROM session WHERE expires <= $1", "DELETE FROM activation WHERE expires <= $1")
TABLES = ("session", "auth_key", "activation")
"""What goes with a tenant at once."""


def start(session: Session, event: Event) -> Script[None]:
    if session.auth_key is not None and not (yield Ask(_KEY_HOLDS, (session.tenant, session.auth_key))):
        raise NotFound  # it was revoked a moment ago, and its sessions with it
    yield Ask(_START, session_values(session))
    yield Tell(session.tenant, event)


def touch(digest: bytes, seen: int, expires: str) -> Script[None]:
    yield Ask(_TOUCH, (digest, seen, expires))


def end(digest: bytes, event: Event) -> Script[bool]:
    ended = yield Ask(_END, (digest,))
    if ended:
        yield Tell(str(ended[0][0]), event)
    return bool(ended)


def create_auth_key(key: AuthKey, event: Event) -> Script[None]:
    if not (yield Ask(_NEW_KEY, key_values(key))):
        raise AlreadyExists("id")
    yield Tell(key.tenant, event)


def revoke_auth_key(tenant: str, id: int, at: str, event: Event) -> Script[None]:
    revoked = yield Ask(_REVOKE_KEY, (tenant, id, at))
    if not revoked:
        raise NotFound
    yield Ask(_ENDED_WITH_KEY, (tenant, id))
    if revoked[0][0] == at:
        yield Tell(tenant, event)


def invite(activation: Activation, letter: Letter | None, told: Told) -> Script[None]:
    yield Ask(_INVITE, activation_values(activation))
    yield Ask(_UNSENT, (activation.tenant, activation.resource, ACTIVATION_LETTER, "a newer link was written"))
    if letter is not None:
        yield Ask(POST_LETTER, letter_values(letter))
    for tenant, event in told:
        yield Tell(tenant, event)


def use_activation(digest: bytes) -> Script[Activation | None]:
    used = yield Ask(_USE, (digest,))
    return activation_of(used[0]) if used else None


def give_back(activation: Activation) -> Script[None]:
    yield Ask(_GIVE_BACK, activation_values(activation))


def withdraw(tenant: str, type: int, resource: str) -> Script[bool]:
    gone = yield Ask(_WITHDRAW, (tenant, type, resource))
    if gone:
        yield Ask(_UNSENT, (tenant, resource, ACTIVATION_LETTER, "the link was withdrawn"))
    return bool(gone)


def session_values(session: Session) -> Row:
    return (
        session.digest,
        session.id,
        session.tenant,
        session.connection,
        session.user,
        session.user_epoch,
        session.auth_key,
        session.client,
        session.client_epoch,
        " ".join(session.scopes),
        session.idle,
        session.started,
        session.seen,
        session.expires,
        session.until,
    )


def found_of(row: Row, tenant: Tenant, connection: Connection) -> FoundSession:
    """A found session of the columns ``FOUND``."""
    digest, id, of, by, user, epoch, key, client, client_epoch, scopes, *rest, user_status, user_epoch = row
    by_whom = user, epoch, key, client, client_epoch
    session = Session(bytes(digest), id, str(of), str(by), *by_whom, tuple(scopes.split()), *rest)
    return FoundSession(session, user_status, user_epoch, tenant, connection)


def key_values(key: AuthKey) -> Row:
    return (key.id, key.tenant, key.connection, key.name, " ".join(key.scopes), key.sealed, key.created, key.revoked)


def key_of(row: Row) -> AuthKey:
    id, tenant, connection, name, scopes, sealed, created, revoked = row
    return AuthKey(id, str(tenant), str(connection), name, tuple(scopes.split()), bytes(sealed), created, revoked)


def activation_values(activation: Activation) -> Row:
    return (
        activation.tenant,
        activation.type,
        activation.resource,
        activation.digest,
        activation.created,
        activation.expires,
    )


def activation_of(row: Row) -> Activation:
    tenant, type, resource, digest, created, expires = row
    return Activation(str(tenant), type, resource, bytes(digest), created, expires)
