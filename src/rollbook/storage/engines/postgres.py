"""The engine for a server: PostgreSQL 14 or later, many processes that serve from it.

Here is the operator's handle; ``postgres_tenant`` is the handle on one tenant. Below them, from the outside in:
``postgres_reader`` and ``postgres_writer`` (what is read and written together), ``postgres_changes`` (how a change is
made), ``postgres_transactions`` (again, and what became of it), ``postgres_pool`` (connections), ``postgres_faults``.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar
from uuid import UUID

from rollbook.clock import Clock
from rollbook.events import Event
from rollbook.storage.engines import postgres_catalogue as catalogue
from rollbook.storage.engines import postgres_schema as schema
from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.entrance import Entrance
from rollbook.storage.engines.postgres_backup import read_backup, write_backup
from rollbook.storage.engines.postgres_faults import FAULTS, store_error
from rollbook.storage.engines.postgres_identity import PostgresIdentity
from rollbook.storage.engines.postgres_pool import Link, Pool
from rollbook.storage.engines.postgres_reader import Reader
from rollbook.storage.engines.postgres_rows import (
    NO_TENANT,
    connection_of,
    event_rows,
    is_id,
    tenant_of,
    token_of,
)
from rollbook.storage.engines.postgres_statistics import Statistics
from rollbook.storage.engines.postgres_tenant import PostgresTenant, record
from rollbook.storage.engines.postgres_transactions import Transactions
from rollbook.storage.engines.postgres_writer import Writer
from rollbook.storage.engines.sessions import Sessions
from rollbook.storage.errors import NotFound
from rollbook.storage.migrations import latest
from rollbook.storage.records import Connection, SealingKey, Tenant, Token
from rollbook.storage.sql import identity_tokens
from rollbook.storage.sql.locker_tables import TABLES as LOCKER_TABLES

SWEEP = 5_000
"""Rows of a deleted tenant that go in one transaction, far below the time that a statement may take."""

T = TypeVar("T")

_SWEEPS = tuple(
    f"DELETE FROM {table} WHERE tenant_id = $1 AND ctid = ANY(ARRAY("
    f"SELECT s.ctid FROM {table} s WHERE s.tenant_id = $1 LIMIT $2))"
    for table in ("resource", "member", "attribute_index", "password", "unique_value", *LOCKER_TABLES)
)


class PostgresStore:
    """See ``storage.contract.Store``. ``connections`` is how many this process holds."""

    name = "postgres"

    def __init__(self, url: str, *, clock: Clock, connections: int = 8) -> None:
        self._clock = clock
        self._pool = Pool(url, connections)
        self._transactions = Transactions(self._pool)
        self._reader = Reader(self._transactions)
        self._writer = Writer(self._transactions, Statistics(self._pool))
        self.identity = PostgresIdentity(self._transactions)
        self.entrance = Entrance(self.identity)
        self.sessions = Sessions(
            self.identity, sql.FIND_SESSION, lambda row: (tenant_of(row[:-6]), connection_of(row[-6:]))
        )

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._writer.finish()
        await self._reader.finish()
        await self._pool.close()

    async def ping(self) -> None:
        await self._with(schema.ping)

    async def schema_version(self) -> int:
        return await self._with(schema.version)

    async def migrate(self, grant_to: str | None = None) -> list[str]:
        """Each migration is one transaction. ``grant_to``: a role that is to serve without owning the tables.

        **Raises** ``SchemaMismatch`` where the database is of a later release.
        """
        return await self._with(lambda link: schema.migrate(link, self._clock.written(), grant_to))

    async def problems(self) -> list[str]:
        return await self._with(schema.problems)

    async def risks(self) -> list[str]:
        return await self._with(schema.risks)

    def tenant(self, tenant_id: str) -> PostgresTenant:
        if str(UUID(tenant_id)) != tenant_id or tenant_id == NO_TENANT:
            raise ValueError("a tenant's id is a UUID in lower case")
        return PostgresTenant(tenant_id, self._reader, self._writer, self._transactions)

    async def create_tenant(self, tenant: Tenant, event: Event) -> None:
        async def work(link: Link) -> None:
            row = (tenant.id, tenant.name, name_key(tenant.name), tenant.dialect, tenant.status, tenant.created)
            await link.fetch(sql.INSERT_TENANT, *row)
            start = (tenant.connection, "default", tenant.dialect, "standard", "{}", tenant.created)
            await link.fetch(sql.INSERT_CONNECTION, tenant.id, *start)
            await link.fetch(sql.INSERT_EVENTS, tenant.id, event_rows([event]))

        await self._transactions.run(tenant.id, [event.id], work)

    async def find_tenant(self, name_or_id: str) -> Tenant | None:
        rows = await self._transactions.read(sql.TENANT_BY_ID, name_or_id) if is_id(name_or_id) else []
        rows = rows or await self._transactions.read(sql.TENANT_BY_NAME, name_key(name_or_id))
        return tenant_of(rows[0]) if rows else None

    async def tenants(self) -> list[Tenant]:
        return [tenant_of(row) for row in await self._transactions.read(sql.TENANTS)]

    async def set_tenant_status(self, tenant_id: str, status: str, event: Event) -> None:
        await self._set(sql.SET_STATUS, tenant_id, status, event)

    async def configure_tenant(self, tenant_id: str, configured: str, event: Event) -> None:
        await self._set(sql.CONFIGURE, tenant_id, configured, event)

    async def _set(self, statement: str, tenant_id: str, value: str, event: Event) -> None:
        async def work(link: Link) -> None:
            if not await link.change(statement, tenant_id, value):
                raise NotFound
            await link.fetch(sql.INSERT_EVENTS, tenant_id, event_rows([event]))

        await self._of_tenant(tenant_id, event, work)

    async def delete_tenant(self, tenant_id: str, at: str, event: Event) -> None:
        """First it is marked and closed to all, then its rows go, some at a time. Asked again after a stop in between,
        it goes on with the rows."""

        async def mark(link: Link) -> bool:
            if not await link.change(sql.TENANT_GONE, tenant_id):
                return False
            await link.change(sql.TOKENS_GONE, tenant_id)
            for statement in identity_tokens.GONE:
                await link.change(statement, tenant_id)
            await link.change(sql.CONNECTIONS_GONE, tenant_id)
            await link.change(catalogue.GONE, tenant_id)
            await link.fetch(sql.INSERT_EVENTS, tenant_id, event_rows([event]))
            return True

        known = await self._of_tenant(tenant_id, event, mark)
        for statement in _SWEEPS:
            while await self._of_tenant(tenant_id, event, partial(_sweep, tenant_id, statement)):
                known = True
        if not known:
            raise NotFound

    async def find_token(self, digest: bytes) -> tuple[Token, Tenant, Connection] | None:
        rows = await self._transactions.read(sql.FIND_TOKEN, digest)
        if not rows:
            return None
        row = rows[0]
        return token_of(row[:10]), tenant_of(row[10:18]), connection_of(row[18:])

    async def record(self, events: Sequence[Event]) -> None:
        await record(self._transactions, NO_TENANT, events)

    def events(self, since: str | None = None, until: str | None = None) -> AsyncIterator[Event]:
        return PostgresTenant(NO_TENANT, self._reader, self._writer, self._transactions).events(since, until)

    async def sealing_keys(self) -> list[SealingKey]:
        rows = await self._transactions.read(sql.SEALING_KEYS)
        return [SealingKey(str(id), secret, created) for id, secret, created in rows]

    async def add_sealing_key(self, key: SealingKey, drop_before: str) -> None:
        values = (key.id, key.secret, key.created, drop_before)
        await self._with(lambda link: link.fetch(sql.INSERT_SEALING_KEY, *values))

    async def schema_work(self, at: str) -> list[tuple[str, str]]:
        return await catalogue.schema_work(self._transactions, at)

    async def claim_schema_work(self, tenant_id: str, due: str, until: str | None) -> bool:
        return await catalogue.claim(self._transactions, tenant_id, due, until)

    async def backup(self, path: str) -> None:
        """**Raises** ``StoreError`` where the file exists already."""
        await self._with(lambda link: write_backup(link, path))

    async def restore(self, path: str) -> None:
        """Needs the role that owns the tables."""
        await self._with(lambda link: read_backup(link, path, self._clock.written()))

    async def _of_tenant(self, tenant: str, event: Event, work: Callable[[Link], Awaitable[T]]) -> T:
        if not is_id(tenant):
            raise NotFound
        return await self._transactions.run(tenant, [event.id], work)

    async def _with(self, work: Callable[[Link], Awaitable[T]]) -> T:
        try:
            async with self._pool.link() as link:
                return await work(link)
        except FAULTS as error:
            raise store_error(error, latest(self.name)) or error from error


async def _sweep(tenant: str, statement: str, link: Link) -> int:
    return await link.change(statement, tenant, SWEEP)


def name_key(name: str) -> str:
    """The form in which tenants' names are compared."""
    return name.casefold()
