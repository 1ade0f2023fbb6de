"""The statements on what was issued: logins, refresh tokens, opaque access tokens, revocations."""

from collections.abc import Sequence

from rollbook.events import Event
from rollbook.oauth.access_token import AccessToken
from rollbook.oauth.rotation import Presented, Verdict, decide
from rollbook.storage.identity_records import Family, OpaqueToken, RefreshToken, Rotated, Rotation, Standing
from rollbook.storage.records import Connection, Tenant
from rollbook.storage.sql import sessions
from rollbook.storage.sql.scripts import Ask, Row, Script, Tell

_FAMILY = (
    "id, tenant_id, client_id, user_id, scopes, asked, audience, client_epoch, user_epoch, started, until, expires,"
    " revoked"
)
_OF = ", ".join(f"f.{name.strip()}" for name in _FAMILY.split(","))
FIND_REFRESH = f"""SELECT {_OF}, r.expires, r.used IS NULL AND r.revoked IS NULL
FROM refresh_token r JOIN token_family f ON f.id = r.family_id
WHERE r.digest = $1"""
_OPAQUE = (
    "digest, id, tenant_id, client_id, user_id, family_id, scopes, audience, client_epoch, user_epoch, issued, expires,"
    " cnf"
)
FIND_OPAQUE = f"SELECT {_OPAQUE} FROM access_token WHERE digest = $1"
STANDING = """k.status, k.epoch, k.scopes, l.scopes, u.status, u.epoch,
EXISTS (SELECT 1 FROM token_family f WHERE f.id = $4 AND f.revoked IS NOT NULL)
OR EXISTS (SELECT 1 FROM access_revocation a WHERE a.id = $5)"""
"""The columns of a standing, before those of the tenant and of the connection; each engine joins in its own way."""
STANDING_OF = """JOIN client k ON k.id = $2 JOIN client_tenant l ON l.tenant_id = t.id AND l.client_id = k.id
LEFT JOIN account u ON u.id = $3 AND u.tenant_id = t.id"""

_NEW_FAMILY = f"""INSERT INTO token_family ({_FAMILY})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"""
_NEW_REFRESH = "INSERT INTO refresh_token (digest, family_id, issued, expires) VALUES ($1, $2, $3, $4)"
_FAMILY_OF = "SELECT family_id FROM refresh_token WHERE digest = $1"
_LOCK_FAMILY = f"SELECT {_FAMILY} FROM token_family WHERE tenant_id = $1 AND id = $2 FOR UPDATE"
_PRESENTED = """SELECT r.expires, r.used, r.revoked, r.successor,
EXISTS (SELECT 1 FROM refresh_token s WHERE s.digest = r.successor AND s.used IS NOT NULL)
FROM refresh_token r WHERE r.digest = $1"""
_USED = "UPDATE refresh_token SET used = coalesce(used, $2), successor = $3 WHERE digest = $1"
_REVOKED = "UPDATE refresh_token SET revoked = $2 WHERE digest = $1 AND revoked IS NULL"
_LASTS = "UPDATE token_family SET expires = $2 WHERE id = $1"
_END = "UPDATE token_family SET revoked = $3 WHERE tenant_id = $1 AND id = $2 AND revoked IS NULL RETURNING 1"
_NEW_OPAQUE = f"""INSERT INTO access_token ({_OPAQUE})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"""
_NEW_REVOCATION = "INSERT INTO access_revocation (id, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1"
_NEW_JTI = """INSERT INTO used_assertion (client_id, jti, expires) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING RETURNING 1"""
_SWEEPS_AT = (
    "DELETE FROM refresh_token WHERE expires <= $1",
    "DELETE FROM token_family WHERE expires <= $1",
    "DELETE FROM client_secret WHERE expires <= $1",
    "UPDATE signing_key SET state = 'gone' WHERE state = 'retiring' AND until <= $1",
    "DELETE FROM invitation WHERE expires <= $1",
    "DELETE FROM letter WHERE expires <= $1",
    *sessions.SWEEPS,
)
_SWEEPS_SECONDS = (
    "DELETE FROM access_token WHERE expires <= $1",
    "DELETE FROM access_revocation WHERE expires <= $1",
    "DELETE FROM used_assertion WHERE expires <= $1",
    "DELETE FROM login_failure WHERE expires <= $1",
)

_OF_TENANTS = ("client_tenant", "account", "access_token", "invitation", "letter", "external_issuer")
GONE = tuple(f"DELETE FROM {table} WHERE tenant_id = $1" for table in (*_OF_TENANTS, *sessions.TABLES))
"""What goes with a tenant at once. Its logins end with these, and are swept when they expire."""


def start_family(family: Family, digest: bytes, event: Event, opaque: OpaqueToken | None) -> Script[None]:
    yield Ask(_NEW_FAMILY, family_values(family))
    yield Ask(_NEW_REFRESH, (digest, family.id, family.started, family.expires))
    if opaque is not None:
        yield Ask(_NEW_OPAQUE, opaque_values(opaque))
    yield Tell(family.tenant, event)


def rotate(rotation: Rotation) -> Script[Rotated]:
    found = yield Ask(_FAMILY_OF, (rotation.digest,))
    families = (yield Ask(_LOCK_FAMILY, (rotation.tenant, found[0][0]))) if found else []
    if not families:
        return Rotated(Verdict.REFUSE, None)
    family = family_of(families[0])
    # Read after the lock: whoever held it before may have used this very token.
    rows = yield Ask(_PRESENTED, (rotation.digest,))
    presented, successor = _presented(rows, family)
    verdict = decide(presented, rotation.at, rotation.grace_since)
    if verdict is Verdict.REPLAY:
        yield Ask(_END, (family.tenant, family.id, rotation.at))
        yield Tell(family.tenant, rotation.replay)
    elif verdict is not Verdict.REFUSE:
        if verdict is Verdict.REPEAT:
            yield Ask(_REVOKED, (successor, rotation.at))
        expires = min(rotation.expires, family.until) if family.until is not None else rotation.expires
        yield Ask(_NEW_REFRESH, (rotation.successor, family.id, rotation.at, expires))
        yield Ask(_USED, (rotation.digest, rotation.at, rotation.successor))
        yield Ask(_LASTS, (family.id, max(expires, family.expires)))
        if rotation.opaque is not None:
            yield Ask(_NEW_OPAQUE, opaque_values(rotation.opaque))
        yield Tell(family.tenant, rotation.event)
    return Rotated(verdict, family)


def _presented(rows: Sequence[Row], family: Family) -> tuple[Presented | None, bytes | None]:
    if not rows:
        return None, None
    expires, used, revoked, successor, successor_used = rows[0]
    return Presented(expires, used, revoked, bool(successor_used), family.revoked, family.until), successor


def revoke_family(tenant: str, family: str, at: str, event: Event) -> Script[bool]:
    ended = yield Ask(_END, (tenant, family, at))
    if ended:
        yield Tell(tenant, event)
    return bool(ended)


def keep_opaque(opaque: OpaqueToken, event: Event) -> Script[None]:
    yield Ask(_NEW_OPAQUE, opaque_values(opaque))
    yield Tell(opaque.token.tenant, event)


def revoke_access(token: str, expires: int, tenant: str, event: Event) -> Script[bool]:
    new = yield Ask(_NEW_REVOCATION, (token, expires))
    if new:
        yield Tell(tenant, event)
    return bool(new)


def use_assertion(client: str, jti: str, expires: int) -> Script[bool]:
    return bool((yield Ask(_NEW_JTI, (client, jti, expires))))


def sweep(at: str, seconds: int) -> Script[None]:
    for statement in _SWEEPS_AT:
        yield Ask(statement, (at,))
    for statement in _SWEEPS_SECONDS:
        yield Ask(statement, (seconds,))


def family_values(family: Family) -> Row:
    return (
        family.id,
        family.tenant,
        family.client,
        family.user,
        " ".join(family.scopes),
        " ".join(family.asked),
        family.audience,
        family.client_epoch,
        family.user_epoch,
        family.started,
        family.until,
        family.expires,
        family.revoked,
    )


def refresh_of(row: Row) -> RefreshToken:
    *family, expires, usable = row
    return RefreshToken(family_of(tuple(family)), expires, bool(usable))


def family_of(row: Row) -> Family:
    id, tenant, client, user, scopes, asked, *rest = row
    return Family(id, str(tenant), client, user, tuple(scopes.split()), tuple(asked.split()), *rest)


def opaque_values(opaque: OpaqueToken) -> Row:
    token = opaque.token
    return (
        opaque.digest,
        token.id,
        token.tenant,
        token.client,
        token.user,
        token.family,
        " ".join(token.scopes),
        token.audience,
        token.client_epoch,
        token.user_epoch,
        token.issued,
        token.expires,
        token.cnf,
    )


def opaque_of(row: Row) -> OpaqueToken:
    digest, id, tenant, client, user, family, scopes, *rest = row
    token = AccessToken(id, str(tenant), client, user, family, tuple(scopes.split()), *rest)
    return OpaqueToken(bytes(digest), token)


def standing_of(row: Row, tenant: Tenant, connection: Connection) -> Standing:
    """A standing of the columns of ``STANDING``."""
    client_status, client_epoch, client_scopes, scopes, user_status, user_epoch, revoked = row
    return Standing(
        client_status,
        client_epoch,
        tuple(client_scopes.split()),
        tuple(scopes.split()),
        user_status,
        user_epoch,
        bool(revoked),
        tenant,
        connection,
    )
