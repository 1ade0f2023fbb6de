"""The statements of the identity server: clients, system users, keys. What was issued is ``identity_tokens``."""

from collections.abc import Sequence

from rollbook.events import Event
from rollbook.storage.errors import AlreadyExists, NotFound
from rollbook.storage.identity_contract import Told
from rollbook.storage.identity_records import (
    Client,
    ClientSecret,
    ClientTenant,
    KeyChange,
    KnownClient,
    SigningKey,
    SystemUser,
)
from rollbook.storage.sql.scripts import Ask, Row, Script, Tell

CLIENT = (
    "id, name, method, grants, scopes, tokens, session_seconds, resource_server, jwks, jwks_uri, algorithms, status,"
    " epoch, created"
)
CLIENTS = f"SELECT {CLIENT} FROM client ORDER BY created, id"
CLIENT_BY_ID = f"SELECT {CLIENT} FROM client WHERE id = $1"
SECRETS = "SELECT client_id, digest, hint, created, expires FROM client_secret ORDER BY client_id, created DESC"
SECRETS_OF = (
    "SELECT client_id, digest, hint, created, expires FROM client_secret WHERE client_id = $1 ORDER BY created DESC"
)
LINK = "tenant_id, client_id, connection_id, scopes, created"
LINKS = f"SELECT {LINK} FROM client_tenant ORDER BY client_id, created, tenant_id"
LINKS_OF = f"SELECT {LINK} FROM client_tenant WHERE client_id = $1 ORDER BY created, tenant_id"
USER = "id, tenant_id, name, name_key, kind, email, password, status, epoch, created"
USERS = f"SELECT {USER} FROM account WHERE tenant_id = $1 ORDER BY name_key"
USER_BY = f"SELECT {USER} FROM account WHERE name_key = $1 OR id = $1"
KEY = "kid, algorithm, public, private, state, created, until"
KEYS = f"SELECT {KEY} FROM signing_key WHERE state <> 'gone' ORDER BY created, kid"

_NEW_CLIENT = f"""INSERT INTO client ({CLIENT})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"""
_NEW_SECRET = "INSERT INTO client_secret (client_id, digest, hint, created, expires) VALUES ($1, $2, $3, $4, NULL)"  # noqa: S105
_LINKED = f"""INSERT INTO client_tenant ({LINK}) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, client_id) DO UPDATE SET connection_id = $3, scopes = $4"""
_UNLINKED = "DELETE FROM client_tenant WHERE client_id = $1 AND tenant_id = $2 RETURNING 1"
_CLIENT_STATUS = "UPDATE client SET status = $2, epoch = epoch + 1 WHERE id = $1 RETURNING 1"
_LOCKED = "SELECT 1 FROM client WHERE id = $1 FOR UPDATE"
_OLDER = "DELETE FROM client_secret WHERE client_id = $1 AND expires IS NOT NULL"
_SUPERSEDED = "UPDATE client_secret SET expires = $2 WHERE client_id = $1"
_NEW_USER = f"""INSERT INTO account ({USER}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (name_key) DO NOTHING RETURNING 1"""
_USER_STATUS = "UPDATE account SET status = $3, epoch = epoch + 1 WHERE tenant_id = $1 AND id = $2 RETURNING 1"
_PASSWORD = """UPDATE account SET password = $3, epoch = epoch + 1 WHERE tenant_id = $1 AND id = $2
RETURNING 1"""  # noqa: S105
_RETIRED = """UPDATE signing_key SET state = 'retiring', slot = NULL, private = NULL, until = $2
WHERE kid = $1 AND slot = 'active' RETURNING 1"""
_DROPPED = """UPDATE signing_key SET state = 'gone', slot = NULL, private = NULL WHERE kid = $1 AND slot = 'next'
RETURNING 1"""
_ENDED = "UPDATE signing_key SET state = 'gone' WHERE kid = $1 AND state = 'retiring' RETURNING 1"
_PROMOTED = "UPDATE signing_key SET state = 'active', slot = 'active' WHERE kid = $1 AND slot = 'next' RETURNING 1"
_ACTIVE = "SELECT kid FROM signing_key WHERE slot = 'active' FOR UPDATE"
_NEW_KEY = f"""INSERT INTO signing_key ({KEY}, slot) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (slot) DO NOTHING RETURNING 1"""


def create_client(
    client: Client, secret: ClientSecret | None, tenants: Sequence[ClientTenant], told: Told
) -> Script[None]:
    yield Ask(_NEW_CLIENT, client_values(client))
    if secret is not None:
        yield Ask(_NEW_SECRET, (client.id, secret.digest, secret.hint, secret.created))
    for link in tenants:
        yield Ask(_LINKED, link_values(link))
    yield from _tell(told)


def set_client_status(client: str, status: str, told: Told) -> Script[None]:
    if not (yield Ask(_CLIENT_STATUS, (client, status))):
        raise NotFound
    yield from _tell(told)


def add_client_secret(client: str, secret: ClientSecret, until: str, told: Told) -> Script[None]:
    if not (yield Ask(_LOCKED, (client,))):
        raise NotFound
    yield Ask(_OLDER, (client,))
    yield Ask(_SUPERSEDED, (client, until))
    yield Ask(_NEW_SECRET, (client, secret.digest, secret.hint, secret.created))
    yield from _tell(told)


def link_client(link: ClientTenant, told: Told) -> Script[None]:
    if not (yield Ask(_LOCKED, (link.client,))):
        raise NotFound
    yield Ask(_LINKED, link_values(link))
    yield from _tell(told)


def unlink_client(client: str, tenant: str, told: Told) -> Script[None]:
    if not (yield Ask(_UNLINKED, (client, tenant))):
        raise NotFound
    yield from _tell(told)


def create_user(user: SystemUser, event: Event) -> Script[None]:
    if not (yield Ask(_NEW_USER, user_values(user))):
        raise AlreadyExists("name")
    yield Tell(user.tenant, event)


def set_user_status(tenant: str, user: str, status: str, event: Event) -> Script[None]:
    yield from _change_user(tenant, Ask(_USER_STATUS, (tenant, user, status)), event)


def set_password(tenant: str, user: str, password: str, event: Event) -> Script[None]:
    yield from _change_user(tenant, Ask(_PASSWORD, (tenant, user, password)), event)


def _change_user(tenant: str, change: Ask, event: Event) -> Script[None]:
    if not (yield change):
        raise NotFound
    yield Tell(tenant, event)


def change_keys(change: KeyChange, event: Event) -> Script[bool]:
    active = yield Ask(_ACTIVE)
    if (active[0][0] if active else None) != change.active:
        return False
    if change.active is not None:
        yield Ask(_RETIRED, (change.active, change.until))
    if change.dropped is not None:
        yield Ask(_DROPPED, (change.dropped,))
    if change.promoted is not None and not (yield Ask(_PROMOTED, (change.promoted,))):
        raise NotFound("no such key")
    for key in change.added:
        if not (yield Ask(_NEW_KEY, key_values(key))):
            raise AlreadyExists("slot")
    yield Tell(None, event)
    return True


def drop_key(kid: str, event: Event) -> Script[None]:
    if not (yield Ask(_ENDED, (kid,))):
        raise NotFound
    yield Tell(None, event)


def _tell(told: Told) -> Script[None]:
    for tenant, event in told:
        yield Tell(tenant, event)


def client_values(client: Client) -> Row:
    return (
        client.id,
        client.name,
        client.method,
        " ".join(client.grants),
        " ".join(client.scopes),
        client.tokens,
        client.session_seconds,
        int(client.resource_server),
        client.jwks,
        client.jwks_uri,
        " ".join(client.algorithms),
        client.status,
        client.epoch,
        client.created,
    )


def client_of(row: Row) -> Client:
    id, name, method, grants, scopes, tokens, session, resource_server, jwks, uri, algorithms, *rest = row
    lists = tuple(grants.split()), tuple(scopes.split())
    signs = tuple(algorithms.split())
    return Client(id, name, method, *lists, tokens, session, bool(resource_server), jwks, uri, signs, *rest)


def link_values(link: ClientTenant) -> Row:
    return (link.tenant, link.client, link.connection, " ".join(link.scopes), link.created)


def link_of(row: Row) -> ClientTenant:
    tenant, client, connection, scopes, created = row
    return ClientTenant(str(tenant), client, str(connection), tuple(scopes.split()), created)


def known_clients(clients: Sequence[Row], secrets: Sequence[Row], links: Sequence[Row]) -> list[KnownClient]:
    """Clients with what belongs to each."""
    return [
        KnownClient(
            client_of(row),
            tuple(ClientSecret(bytes(s[1]), *s[2:]) for s in secrets if s[0] == row[0]),
            tuple(link_of(link) for link in links if link[1] == row[0]),
        )
        for row in clients
    ]


def user_values(user: SystemUser) -> Row:
    return (
        user.id,
        user.tenant,
        user.name,
        user.name_key,
        user.kind,
        user.email,
        user.password,
        user.status,
        user.epoch,
        user.created,
    )


def user_of(row: Row) -> SystemUser:
    id, tenant, *rest = row
    return SystemUser(id, str(tenant), *rest)


def key_values(key: SigningKey) -> Row:
    slot = key.state if key.state in ("active", "next") else None
    return (key.kid, key.algorithm, key.public, key.private, key.state, key.created, key.until, slot)


def key_of(row: Row) -> SigningKey:
    kid, algorithm, public, private, state, created, until = row
    return SigningKey(kid, algorithm, public, None if private is None else bytes(private), state, created, until)
