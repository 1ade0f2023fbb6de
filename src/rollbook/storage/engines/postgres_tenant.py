"""The handle on one tenant of a PostgreSQL store. No method takes another tenant; every statement names this one."""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence

from rollbook.events import Event
from rollbook.scim.schema import ResourceType
from rollbook.storage.engines import postgres_catalogue as catalogue
from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.lockers import Lockers
from rollbook.storage.engines.postgres_lockers import PostgresLockerEngine
from rollbook.storage.engines.postgres_pool import Link
from rollbook.storage.engines.postgres_reader import Reader
from rollbook.storage.engines.postgres_rows import (
    connection_of,
    connection_values,
    event_rows,
    is_id,
    token_of,
    token_values,
)
from rollbook.storage.engines.postgres_transactions import Transactions
from rollbook.storage.engines.postgres_whole import whole
from rollbook.storage.engines.postgres_writer import Writer
from rollbook.storage.errors import NotFound, StoreError
from rollbook.storage.records import (
    Applied,
    CatalogueChange,
    Change,
    Connection,
    Feed,
    Insert,
    Member,
    MemberPage,
    MemberQuery,
    Membership,
    Page,
    Position,
    Query,
    Step,
    Stored,
    Stretch,
    Token,
)


class PostgresTenant:
    """See ``storage.contract.TenantStore``."""

    def __init__(self, tenant: str, reader: Reader, writer: Writer, transactions: Transactions) -> None:
        self._tenant = tenant
        self._reader = reader
        self._writer = writer
        self._transactions = transactions

    @property
    def tenant_id(self) -> str:
        return self._tenant

    @property
    def lockers(self) -> Lockers:
        return Lockers(self._tenant, PostgresLockerEngine(self._tenant, self._transactions))

    async def get(self, type: int, id: str) -> Stored | None:
        return await self._reader.get(self._tenant, type, id)

    async def query(self, query: Query) -> Page:
        return await self._reader.query(self._tenant, query)

    async def walk(self, query: Query, step: Step) -> Stretch:
        return await self._reader.walk(self._tenant, query, step)

    async def count(self, type: int) -> int:
        return await self._reader.count(self._tenant, type)

    async def members(self, groups: Sequence[str]) -> dict[str, list[Member]]:
        return await self._reader.members(self._tenant, groups)

    async def member_page(self, query: MemberQuery) -> MemberPage:
        return await self._reader.member_page(self._tenant, query)

    async def groups_of(self, ids: Sequence[str]) -> dict[str, list[Membership]]:
        return await self._reader.groups_of(self._tenant, ids)

    async def member_counts(self, groups: Sequence[str]) -> dict[str, int]:
        return await self._reader.member_counts(self._tenant, groups)

    async def types_of(self, ids: Sequence[str]) -> dict[str, int]:
        return await self._reader.types_of(self._tenant, ids)

    async def apply(self, change: Change) -> Applied:
        return await self._writer.apply(self._tenant, change)

    async def apply_each(self, changes: Sequence[Change]) -> list[Applied | StoreError]:
        return await self._writer.apply_each(self._tenant, changes)

    async def apply_together(self, inserts: Sequence[Insert]) -> list[Applied]:
        return await self._writer.apply_together(self._tenant, inserts)

    async def apply_all(self, changes: Callable[[], AsyncIterable[Sequence[Change]]]) -> int:
        return await whole(self._transactions, self._tenant, changes)

    async def record(self, events: Sequence[Event]) -> None:
        await record(self._transactions, self._tenant, events)

    async def changes(self, after: Position, limit: int) -> Feed:
        return await self._reader.changes(self._tenant, after, limit)

    def events(self, since: str | None = None, until: str | None = None) -> AsyncIterator[Event]:
        return self._reader.events(self._tenant, since, until)

    async def connections(self) -> list[Connection]:
        return [connection_of(row) for row in await self._transactions.read(sql.CONNECTIONS, self._tenant)]

    async def create_connection(self, connection: Connection, event: Event) -> None:
        async def work(link: Link) -> None:
            if not await link.fetch(sql.LOCK_TENANT, self._tenant):
                raise NotFound("no such tenant")
            await link.fetch(sql.INSERT_CONNECTION, self._tenant, *connection_values(connection))
            await link.fetch(sql.INSERT_EVENTS, self._tenant, event_rows([event]))

        await self._transactions.run(self._tenant, [event.id], work)

    async def update_connection(self, connection: Connection, event: Event) -> None:
        async def work(link: Link) -> None:
            id, _, _, preset, settings, _ = connection_values(connection)
            if not is_id(id) or not await link.change(sql.UPDATE_CONNECTION, self._tenant, id, preset, settings):
                raise NotFound
            await link.fetch(sql.INSERT_EVENTS, self._tenant, event_rows([event]))

        await self._transactions.run(self._tenant, [event.id], work)

    async def delete_connection(self, connection_id: str, at: str, event: Event) -> None:
        async def work(link: Link) -> None:
            if not is_id(connection_id) or not await link.change(sql.DELETE_CONNECTION, self._tenant, connection_id):
                raise NotFound
            await link.change(sql.REVOKE_TOKENS, self._tenant, connection_id, at)
            await link.fetch(sql.INSERT_EVENTS, self._tenant, event_rows([event]))

        await self._transactions.run(self._tenant, [event.id], work)

    async def count_of_connection(self, connection_id: str) -> int:
        if not is_id(connection_id):
            return 0
        ((count,),) = await self._transactions.read(sql.COUNT_OF_CONNECTION, self._tenant, connection_id)
        return int(count)

    async def connection_of(self, type: int, id: str) -> str | None:
        rows = await self._transactions.read(sql.CONNECTION_OF, self._tenant, type, id) if is_id(id) else ()
        return str(rows[0][0]) if rows else None

    async def password_of(self, type: int, id: str) -> str | None:
        rows = await self._transactions.read(sql.PASSWORD_OF, self._tenant, type, id) if is_id(id) else ()
        return rows[0][0] if rows else None

    async def forget_passwords(self) -> None:
        async def work(link: Link) -> None:
            await link.change(sql.PASSWORDS_GO, self._tenant)

        await self._transactions.run(self._tenant, [], work)

    async def catalogue(self) -> tuple[int, bytes]:
        return await catalogue.catalogue(self._transactions, self._tenant)

    async def change_catalogue(self, change: CatalogueChange) -> None:
        await catalogue.change_catalogue(self._transactions, self._tenant, change)

    async def fill_index(self, type: ResourceType, path: int, after: str, count: int) -> str | None:
        return await catalogue.fill_index(self._transactions, self._tenant, type, path, after, count)

    async def empty_index(self, type: int, path: int, count: int) -> int:
        return await catalogue.empty_index(self._transactions, self._tenant, type, path, count)

    async def create_token(self, token: Token, event: Event) -> None:
        async def work(link: Link) -> None:
            if token.tenant != self._tenant or not await link.fetch(sql.CONNECTION, self._tenant, token.connection):
                raise NotFound("no such connection")
            await link.fetch(sql.INSERT_TOKEN, *token_values(token))
            await link.fetch(sql.INSERT_EVENTS, self._tenant, event_rows([event]))

        await self._transactions.run(self._tenant, [event.id], work)

    async def tokens(self) -> list[Token]:
        return [token_of(row) for row in await self._transactions.read(sql.TOKENS, self._tenant)]

    async def revoke_token(self, token_id: str, at: str, event: Event) -> None:
        async def work(link: Link) -> None:
            found = await link.fetch(sql.LOCK_TOKEN, self._tenant, token_id) if is_id(token_id) else ()
            if not found:
                raise NotFound
            if found[0][0] is None:
                await link.fetch(sql.REVOKE_TOKEN, self._tenant, token_id, at)
                await link.fetch(sql.INSERT_EVENTS, self._tenant, event_rows([event]))

        await self._transactions.run(self._tenant, [event.id], work)


async def record(transactions: Transactions, tenant: str, events: Sequence[Event]) -> None:
    """Keep events that tell of no change."""
    if events:
        ids = [event.id for event in events]
        await transactions.statement(tenant, ids, sql.INSERT_EVENTS, tenant, event_rows(events))
