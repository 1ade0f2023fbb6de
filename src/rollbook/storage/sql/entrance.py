"""The statements on the ways in: counted failures, invitations, letters, outside issuers."""

from collections.abc import Sequence

import orjson

from rollbook.events import Event
from rollbook.storage.entrance_records import ExternalIssuer, Failed, Failures, Invitation, Invited, Letter
from rollbook.storage.errors import NotFound
from rollbook.storage.identity_contract import Told
from rollbook.storage.identity_records import SystemUser
from rollbook.storage.sql.identity import USER, create_user, user_of
from rollbook.storage.sql.scripts import Ask, Row, Script, Tell

FAILURES = "SELECT key, failures, last, good FROM login_failure WHERE key IN ($1, $2, $3, $4)"
_INVITATION = "digest, tenant_id, user_id, created, expires"
INVITED = f"""SELECT i.digest, i.tenant_id, i.user_id, i.created, i.expires, t.status,
{", ".join(f"u.{name.strip()}" for name in USER.split(","))}
FROM invitation i JOIN account u ON u.id = i.user_id AND u.tenant_id = i.tenant_id JOIN tenant t ON t.id = i.tenant_id
WHERE i.digest = $1"""
_LETTER = "id, tenant_id, about, channel, recipient, kind, content, state, attempts, due, reason, created, expires"
LETTERS = f"SELECT {_LETTER} FROM letter ORDER BY created, id"
LETTERS_OF = f"SELECT {_LETTER} FROM letter WHERE tenant_id = $1 ORDER BY created, id"
LETTER_BY_ID = f"SELECT {_LETTER} FROM letter WHERE id = $1"
_ISSUER = "id, tenant_id, connection_id, issuer, audience, jwks_uri, algorithms, scopes, claims, created"
ISSUERS = f"SELECT {_ISSUER} FROM external_issuer WHERE tenant_id = $1 ORDER BY created, id"
ISSUERS_NAMED = f"SELECT {_ISSUER} FROM external_issuer WHERE issuer = $1 ORDER BY created, id"

_FAIL = """INSERT INTO login_failure (key, failures, last, good, expires) VALUES ($1, 1, $2, 0, $4)
ON CONFLICT (key) DO UPDATE SET last = $2,
failures = CASE WHEN login_failure.last < $3 THEN 1 ELSE login_failure.failures + 1 END,
expires = CASE WHEN login_failure.expires > $4 THEN login_failure.expires ELSE $4 END"""
_SUCCEED = """INSERT INTO login_failure (key, failures, last, good, expires) VALUES ($1, 0, 0, $2, $3)
ON CONFLICT (key) DO UPDATE SET failures = 0, good = $2, expires = $3"""
_USER_LIVES = "SELECT 1 FROM account WHERE tenant_id = $1 AND id = $2"
_UNINVITED = "DELETE FROM invitation WHERE tenant_id = $1 AND user_id = $2"
_INVITE = f"INSERT INTO invitation ({_INVITATION}) VALUES ($1, $2, $3, $4, $5)"
_USABLE = """SELECT u.tenant_id, u.id FROM invitation i JOIN account u ON u.id = i.user_id AND u.tenant_id = i.tenant_id
WHERE i.digest = $1 AND i.expires > $2 AND u.status = 'active' FOR UPDATE"""
_USED = "DELETE FROM invitation WHERE digest = $1 RETURNING 1"
_PASSWORD = "UPDATE account SET password = $3, epoch = epoch + 1 WHERE tenant_id = $1 AND id = $2"  # noqa: S105
POST_LETTER = f"""INSERT INTO letter ({_LETTER}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"""
_SUPERSEDED = """UPDATE letter SET state = 'failed', content = NULL, reason = 'a newer invitation was written'
WHERE tenant_id = $1 AND about = $2 AND state = 'waiting' AND kind = $3"""
DUE = "SELECT id, due FROM letter WHERE state = 'waiting' AND due <= $1 ORDER BY due, id LIMIT 1"
_CLAIM = f"""UPDATE letter SET due = $3, attempts = attempts + 1 WHERE id = $1 AND due = $2 AND state = 'waiting'
RETURNING {_LETTER}"""
_SENT = """UPDATE letter SET state = 'sent', content = NULL, reason = '' WHERE id = $1 AND attempts = $2
AND state = 'waiting'"""
_NOT_SENT = """UPDATE letter SET state = $3, due = $4, reason = $5 WHERE id = $1 AND attempts = $2
AND state = 'waiting'"""
_AGAIN = """UPDATE letter SET state = 'waiting', due = $2, attempts = 0 WHERE id = $1 AND content IS NOT NULL
RETURNING 1"""
_ADD_ISSUER = f"""INSERT INTO external_issuer ({_ISSUER}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""
_REMOVE_ISSUER = "DELETE FROM external_issuer WHERE tenant_id = $1 AND id = $2 RETURNING 1"


def fail(failed: Sequence[Failed]) -> Script[None]:
    for one in sorted(failed):  # in one order, so that two who count do not wait for each other
        yield Ask(_FAIL, (one.key, one.at, one.since, one.expires))


def succeed(key: bytes, at: int, expires: int) -> Script[None]:
    yield Ask(_SUCCEED, (key, at, expires))


def invite(user: SystemUser | None, invitation: Invitation, letter: Letter | None, told: Told) -> Script[None]:
    if user is not None:
        created, told = told[0], told[1:]
        yield from create_user(user, created[1])
    elif not (yield Ask(_USER_LIVES, (invitation.tenant, invitation.user))):
        raise NotFound
    yield Ask(_UNINVITED, (invitation.tenant, invitation.user))
    values = (invitation.digest, invitation.tenant, invitation.user, invitation.created, invitation.expires)
    yield Ask(_INVITE, values)
    if letter is not None:
        yield Ask(_SUPERSEDED, (invitation.tenant, invitation.user, letter.kind))
        yield Ask(POST_LETTER, letter_values(letter))
    yield from _tell(told)


def accept(digest: bytes, at: str, password: str, event: Event) -> Script[bool]:
    found = yield Ask(_USABLE, (digest, at))
    if not found or not (yield Ask(_USED, (digest,))):
        return False
    tenant, user = found[0]
    yield Ask(_PASSWORD, (tenant, user, password))
    yield Tell(str(tenant), event)
    return True


def post(letters: Sequence[Letter], told: Told) -> Script[None]:
    for letter in letters:
        yield Ask(POST_LETTER, letter_values(letter))
    yield from _tell(told)


def claim(at: str, until: str) -> Script[Letter | None]:
    due = yield Ask(DUE, (at,))
    claimed = (yield Ask(_CLAIM, (*due[0], until))) if due else []
    return letter_of(claimed[0]) if claimed else None


def sent(letter: Letter) -> Script[None]:
    yield Ask(_SENT, (letter.id, letter.attempts))


def not_sent(letter: Letter, state: str, due: str, reason: str) -> Script[None]:
    yield Ask(_NOT_SENT, (letter.id, letter.attempts, state, due, reason))


def again(letter: str, at: str) -> Script[bool]:
    return bool((yield Ask(_AGAIN, (letter, at))))


def add_issuer(issuer: ExternalIssuer, event: Event) -> Script[None]:
    yield Ask(_ADD_ISSUER, issuer_values(issuer))
    yield Tell(issuer.tenant, event)


def remove_issuer(tenant: str, issuer: str, event: Event) -> Script[bool]:
    gone = yield Ask(_REMOVE_ISSUER, (tenant, issuer))
    if gone:
        yield Tell(tenant, event)
    return bool(gone)


def _tell(told: Told) -> Script[None]:
    for tenant, event in told:
        yield Tell(tenant, event)


def failures_of(row: Row) -> Failures:
    return Failures(bytes(row[0]), *row[1:])


def invited_of(row: Row) -> Invited:
    digest, tenant, user, created, expires, status, *account = row
    invitation = Invitation(bytes(digest), str(tenant), user, created, expires)
    return Invited(invitation, user_of(tuple(account)), status)


def letter_values(letter: Letter) -> Row:
    return (
        letter.id,
        letter.tenant,
        letter.about,
        letter.channel,
        letter.recipient,
        letter.kind,
        letter.content,
        letter.state,
        letter.attempts,
        letter.due,
        letter.reason,
        letter.created,
        letter.expires,
    )


def letter_of(row: Row) -> Letter:
    id, tenant, about, channel, recipient, kind, content, *rest = row
    kept = bytes(content) if content is not None else None
    return Letter(id, None if tenant is None else str(tenant), about, channel, recipient, kind, kept, *rest)


def issuer_values(issuer: ExternalIssuer) -> Row:
    return (
        issuer.id,
        issuer.tenant,
        issuer.connection,
        issuer.issuer,
        issuer.audience,
        issuer.jwks_uri,
        " ".join(issuer.algorithms),
        " ".join(issuer.scopes),
        orjson.dumps(dict(issuer.claims)).decode(),
        issuer.created,
    )


def issuer_of(row: Row) -> ExternalIssuer:
    id, tenant, connection, issuer, audience, jwks_uri, algorithms, scopes, claims, created = row
    return ExternalIssuer(
        id=id,
        tenant=str(tenant),
        connection=str(connection),
        issuer=issuer,
        audience=audience,
        jwks_uri=jwks_uri,
        algorithms=tuple(algorithms.split()),
        scopes=tuple(scopes.split()),
        claims=orjson.loads(claims),
        created=created,
    )
