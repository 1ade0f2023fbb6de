"""The identity server's rows in SQLite: scripts run on the writer, look-ups on the caller's thread."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import apsw

from rollbook.events import Event
from rollbook.storage.engines.sqlite_connection import rows
from rollbook.storage.engines.sqlite_rows import (
    CONNECTION_COLUMNS,
    NO_TENANT,
    TENANT_COLUMNS,
    TENANT_TABLES,
    Row,
    connection_of,
    event_row,
    tenant_of,
)
from rollbook.storage.engines.sqlite_writer import Transaction, Writer
from rollbook.storage.identity_contract import Told
from rollbook.storage.identity_records import (
    Client,
    ClientSecret,
    ClientTenant,
    Family,
    KeyChange,
    KnownClient,
    OpaqueToken,
    RefreshToken,
    Rotated,
    Rotation,
    SigningKey,
    Standing,
    SystemUser,
)
from rollbook.storage.sql import identity, identity_tokens
from rollbook.storage.sql.scripts import Script, Tell, for_sqlite

R = TypeVar("R")

_STANDING = for_sqlite(
    f"SELECT {identity_tokens.STANDING}, {TENANT_COLUMNS}, {CONNECTION_COLUMNS} FROM {TENANT_TABLES}"
    f" {identity_tokens.STANDING_OF} JOIN connection w ON w.tenant_id = t.id AND w.id = l.connection_id WHERE t.id = $1"
)


class SqliteIdentity:
    """See ``storage.identity_contract.IdentityStore``."""

    def __init__(self, connection: apsw.Connection, writer: Writer) -> None:
        self._connection = connection
        self._writer = writer

    def _read(self, sql: str, *values: Any) -> list[Row]:
        return rows(self._connection, for_sqlite(sql), values)

    async def _run(self, script: Callable[[], Script[R]]) -> R:
        return await self._writer.submit(partial(drive, script))

    async def read(self, sql: str, *values: Any) -> list[Row]:
        return self._read(sql, *values)

    async def run(self, told: Told, script: Callable[[], Script[R]]) -> R:
        return await self._run(script)

    async def create_client(
        self, client: Client, secret: ClientSecret | None, tenants: Sequence[ClientTenant], told: Told
    ) -> None:
        await self._run(partial(identity.create_client, client, secret, tenants, told))

    async def clients(self) -> list[KnownClient]:
        return identity.known_clients(
            self._read(identity.CLIENTS), self._read(identity.SECRETS), self._read(identity.LINKS)
        )

    async def find_client(self, client: str) -> KnownClient | None:
        found = self._read(identity.CLIENT_BY_ID, client)
        # All are looked for even where the first is not there: an unknown client costs what a known one does.
        secrets, links = self._read(identity.SECRETS_OF, client), self._read(identity.LINKS_OF, client)
        known = identity.known_clients(found, secrets, links)
        return known[0] if known else None

    async def set_client_status(self, client: str, status: str, told: Told) -> None:
        await self._run(partial(identity.set_client_status, client, status, told))

    async def add_client_secret(self, client: str, secret: ClientSecret, until: str, told: Told) -> None:
        await self._run(partial(identity.add_client_secret, client, secret, until, told))

    async def link_client(self, link: ClientTenant, told: Told) -> None:
        await self._run(partial(identity.link_client, link, told))

    async def unlink_client(self, client: str, tenant: str, told: Told) -> None:
        await self._run(partial(identity.unlink_client, client, tenant, told))

    async def create_user(self, user: SystemUser, event: Event) -> None:
        await self._run(partial(identity.create_user, user, event))

    async def users(self, tenant: str) -> list[SystemUser]:
        return [identity.user_of(row) for row in self._read(identity.USERS, tenant)]

    async def find_user(self, name_key_or_id: str) -> SystemUser | None:
        found = self._read(identity.USER_BY, name_key_or_id)
        return identity.user_of(found[0]) if found else None

    async def set_user_status(self, tenant: str, user: str, status: str, event: Event) -> None:
        await self._run(partial(identity.set_user_status, tenant, user, status, event))

    async def set_password(self, tenant: str, user: str, password: str, event: Event) -> None:
        await self._run(partial(identity.set_password, tenant, user, password, event))

    async def start_family(self, family: Family, digest: bytes, event: Event, opaque: OpaqueToken | None) -> None:
        await self._run(partial(identity_tokens.start_family, family, digest, event, opaque))

    async def find_refresh(self, digest: bytes) -> RefreshToken | None:
        found = self._read(identity_tokens.FIND_REFRESH, digest)
        return identity_tokens.refresh_of(found[0]) if found else None

    async def rotate(self, rotation: Rotation) -> Rotated:
        return await self._run(partial(identity_tokens.rotate, rotation))

    async def revoke_family(self, tenant: str, family: str, at: str, event: Event) -> bool:
        return await self._run(partial(identity_tokens.revoke_family, tenant, family, at, event))

    async def keep_opaque(self, opaque: OpaqueToken, event: Event) -> None:
        await self._run(partial(identity_tokens.keep_opaque, opaque, event))

    async def find_opaque(self, digest: bytes) -> OpaqueToken | None:
        found = self._read(identity_tokens.FIND_OPAQUE, digest)
        return identity_tokens.opaque_of(found[0]) if found else None

    async def revoke_access(self, token: str, expires: int, tenant: str, event: Event) -> bool:
        return await self._run(partial(identity_tokens.revoke_access, token, expires, tenant, event))

    async def standing(
        self, tenant: str, client: str, user: str | None, family: str | None, token: str
    ) -> Standing | None:
        found = rows(self._connection, _STANDING, (tenant, client, user, family, token))
        if not found:
            return None
        row = found[0]
        return identity_tokens.standing_of(row[:7], tenant_of(row[7:-6]), connection_of(row[-6:]))

    async def use_assertion(self, client: str, jti: str, expires: int) -> bool:
        return await self._run(partial(identity_tokens.use_assertion, client, jti, expires))

    async def keys(self) -> list[SigningKey]:
        return [identity.key_of(row) for row in self._read(identity.KEYS)]

    async def change_keys(self, change: KeyChange, event: Event) -> bool:
        return await self._run(partial(identity.change_keys, change, event))

    async def drop_key(self, kid: str, event: Event) -> None:
        await self._run(partial(identity.drop_key, kid, event))

    async def sweep(self, at: str, seconds: int) -> None:
        await self._run(partial(identity_tokens.sweep, at, seconds))


def drive(script: Callable[[], Script[R]], transaction: Transaction) -> R:
    """Run a script in a transaction."""
    running = script()
    try:
        step = next(running)
        while True:
            if isinstance(step, Tell):
                transaction.gather("event", event_row(step.tenant or NO_TENANT, step.event))
                step = running.send([])
            else:
                step = running.send(transaction.rows(for_sqlite(step.sql), step.values))
    except StopIteration as end:
        result: R = end.value
        return result
