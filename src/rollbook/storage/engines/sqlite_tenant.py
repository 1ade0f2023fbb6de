"""The handle on one tenant of an SQLite store. Every statement here names that tenant, and no method takes another.

Reads of a few rows run at once on the caller's thread (a few µs: less than handing them to another); what may scan or
return much goes to the readers' threads; writes go to the writer.
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from functools import partial

import apsw

from rollbook.events import Event
from rollbook.scim.schema import ResourceType
from rollbook.storage.engines import sqlite_catalogue as catalogue
from rollbook.storage.engines.lockers import Lockers
from rollbook.storage.engines.sqlite_changes import (
    KINDS,
    MEMBER_COUNTS,
    QUICK_ROWS,
    TYPES_OF,
    ids_json,
    is_quick,
    work_of,
)
from rollbook.storage.engines.sqlite_connection import rows
from rollbook.storage.engines.sqlite_lockers import SqliteLockerEngine
from rollbook.storage.engines.sqlite_many import each, together
from rollbook.storage.engines.sqlite_pages import QuickPages, read_members, read_page, read_stretch
from rollbook.storage.engines.sqlite_readers import Readers
from rollbook.storage.engines.sqlite_rows import (
    CONNECTION_COLUMNS,
    EVENT_COLUMNS,
    STORED_COLUMNS,
    TOKEN_COLUMNS,
    Row,
    connection_of,
    connection_row,
    event_row,
    stored_of,
    token_of,
    token_row,
)
from rollbook.storage.engines.sqlite_whole import whole
from rollbook.storage.engines.sqlite_writer import Transaction, Writer
from rollbook.storage.errors import AlreadyExists, NotFound, OneRefused, StoreError
from rollbook.storage.records import (
    FIRST_POSITION,
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
from rollbook.storage.rows import CHANGED_COLUMNS, changed_of, event_of

AT_ONCE = 200
"""Rows that a read on the caller's thread may return; what turns out to be more is read again by a reader."""

EVENTS = 500
"""Events read at a time."""

_GET = f"SELECT {STORED_COLUMNS} FROM resource r WHERE r.tenant_id = ? AND r.type = ? AND r.id = ?"
_COUNT = "SELECT count(*) FROM resource WHERE tenant_id = ? AND type = ?"
_MEMBERS = """SELECT m.group_id, m.member_id, m.member_type, r.display FROM json_each(?2) j
CROSS JOIN member m ON m.tenant_id = ?1 AND m.group_id = j.value
CROSS JOIN resource r ON r.tenant_id = ?1 AND r.type = m.member_type AND r.id = m.member_id
ORDER BY m.group_id, m.member_id LIMIT ?3"""
_GROUPS = f"""{KINDS}, up (member, id, direct) AS (
    SELECT m.member_id, m.group_id, 1 FROM json_each(?2) j
    CROSS JOIN member m ON m.tenant_id = ?1 AND m.member_id = j.value
    UNION
    SELECT up.member, m.group_id, 0 FROM up CROSS JOIN member m ON m.tenant_id = ?1 AND m.member_id = up.id)
SELECT up.member, up.id, r.display, max(up.direct) FROM up CROSS JOIN kind
CROSS JOIN resource r ON r.tenant_id = ?1 AND r.type = kind.type AND r.id = up.id
GROUP BY up.member, up.id ORDER BY up.member, up.id"""
_EVENTS = f"""SELECT {EVENT_COLUMNS} FROM event
WHERE tenant_id = ?1 AND (at, id) > (?2, ?3) AND at < ?4 ORDER BY at, id LIMIT ?5"""
_CHANGES = f"""SELECT {CHANGED_COLUMNS} FROM event e
WHERE e.tenant_id = ?1 AND e.version > 0 AND e.place > ?2 ORDER BY e.place LIMIT ?3"""
_NEWEST = """SELECT place, version, id FROM event
WHERE tenant_id = ? AND version > 0 ORDER BY place DESC LIMIT 1"""
_EPOCH = "SELECT epoch FROM feed_epoch"
_TOKENS = f"SELECT {TOKEN_COLUMNS} FROM token k WHERE k.tenant_id = ? ORDER BY k.created, k.id"
_TOKEN = "SELECT revoked FROM token WHERE tenant_id = ? AND id = ?"  # noqa: S105
_REVOKE = "UPDATE token SET revoked = ?3 WHERE tenant_id = ?1 AND id = ?2"
_CONNECTION = "SELECT 1 FROM connection WHERE tenant_id = ? AND id = ?"
_CONNECTIONS = f"SELECT {CONNECTION_COLUMNS} FROM connection w WHERE w.tenant_id = ? ORDER BY lower(w.name)"
_LIVES = "SELECT 1 FROM tenant WHERE id = ? AND status <> 'deleted'"
_NAME_TAKEN = "SELECT 1 FROM connection WHERE tenant_id = ? AND lower(name) = lower(?)"
_CHANGE_CONNECTION = "UPDATE connection SET preset = ?3, settings = ?4 WHERE tenant_id = ?1 AND id = ?2"
_CONNECTION_GONE = "DELETE FROM connection WHERE tenant_id = ? AND id = ?"
_REVOKE_ALL = "UPDATE token SET revoked = ?3 WHERE tenant_id = ?1 AND connection_id = ?2 AND revoked IS NULL"
_OWNED = "SELECT count(*) FROM resource WHERE tenant_id = ? AND connection_id = ?"
_PASSWORD = "SELECT hash FROM password WHERE tenant_id = ? AND type = ? AND id = ?"  # noqa: S105
_PASSWORDS_GO = "DELETE FROM password WHERE tenant_id = ?"
_OWNER = """SELECT w.id FROM resource r JOIN connection w ON w.tenant_id = r.tenant_id AND w.id = r.connection_id
WHERE r.tenant_id = ? AND r.type = ? AND r.id = ?"""
_PAST_ALL = "\U0010ffff"


class SqliteTenant:
    """See ``storage.contract.TenantStore``."""

    def __init__(
        self, tenant: str, connection: apsw.Connection, pages: QuickPages, readers: Readers, writer: Writer
    ) -> None:
        self._tenant = tenant
        self._connection = connection
        self._pages = pages
        self._readers = readers
        self._writer = writer

    @property
    def tenant_id(self) -> str:
        return self._tenant

    @property
    def lockers(self) -> Lockers:
        engine = SqliteLockerEngine(self._tenant, self._connection, self._readers, self._writer)
        return Lockers(self._tenant, engine)

    async def get(self, type: int, id: str) -> Stored | None:
        found = rows(self._connection, _GET, (self._tenant, type, id))
        return stored_of(found[0]) if found else None

    async def query(self, query: Query) -> Page:
        page = self._pages.read(self._tenant, query)
        if page is None:
            page = await self._readers.run(partial(read_page, tenant=self._tenant, query=query))
        return page

    async def walk(self, query: Query, step: Step) -> Stretch:
        stretch = self._pages.walk(self._tenant, query, step)
        if stretch is None:
            stretch = await self._readers.run(partial(read_stretch, tenant=self._tenant, query=query, step=step))
        return stretch

    async def count(self, type: int) -> int:
        found = await self._readers.run(partial(rows, sql=_COUNT, values=(self._tenant, type)))
        return int(found[0][0])

    async def members(self, groups: Sequence[str]) -> dict[str, list[Member]]:
        members: dict[str, list[Member]] = {group: [] for group in groups}
        values = (self._tenant, ids_json(members))
        found = rows(self._connection, _MEMBERS, (*values, AT_ONCE + 1)) if members else []
        if len(found) > AT_ONCE:
            found = await self._readers.run(partial(rows, sql=_MEMBERS, values=(*values, -1)))
        for group, id, type, display in found:
            members[group].append(Member(id, type, display))
        return members

    async def member_page(self, query: MemberQuery) -> MemberPage:
        key = (self._tenant, "members", query.group, query.filter and query.filter.shape, query.back, query.count)
        page = self._pages.attempt(key, partial(read_members, tenant=self._tenant, query=query))
        if page is None:
            page = await self._readers.run(partial(read_members, tenant=self._tenant, query=query))
        return page

    async def groups_of(self, ids: Sequence[str]) -> dict[str, list[Membership]]:
        groups: dict[str, list[Membership]] = {id: [] for id in ids}
        values = (self._tenant, ids_json(groups))
        if len(groups) > AT_ONCE:
            found = await self._readers.run(partial(rows, sql=_GROUPS, values=values))
        else:
            found = rows(self._connection, _GROUPS, values) if groups else []
        for member, id, display, direct in found:
            groups[member].append(Membership(id, display, direct == 1))
        return groups

    async def member_counts(self, groups: Sequence[str]) -> dict[str, int]:
        found = partial(rows, sql=MEMBER_COUNTS, values=(self._tenant, ids_json(groups)))
        return dict(await self._readers.run(found)) if groups else {}

    async def types_of(self, ids: Sequence[str]) -> dict[str, int]:
        return dict(rows(self._connection, TYPES_OF, (self._tenant, ids_json(ids)))) if ids else {}

    async def apply(self, change: Change) -> Applied:
        work, last = work_of(self._tenant, change)
        return await self._writer.submit(work, last=last, quick=is_quick(change))

    async def apply_each(self, changes: Sequence[Change]) -> list[Applied | StoreError]:
        return await self._writer.submit(partial(each, self._tenant, tuple(changes)))

    async def apply_together(self, inserts: Sequence[Insert]) -> list[Applied]:
        applied = await self._writer.submit(partial(together, self._tenant, tuple(inserts)))
        if isinstance(applied, OneRefused):
            raise applied
        return applied

    async def apply_all(self, changes: Callable[[], AsyncIterable[Sequence[Change]]]) -> int:
        return await whole(self._connection.filename, self._tenant, changes)

    async def record(self, events: Sequence[Event]) -> None:
        await record(self._writer, self._tenant, events)

    async def changes(self, after: Position, limit: int) -> Feed:
        return await self._readers.run(partial(_changes, tenant=self._tenant, after=after, limit=limit))

    async def events(self, since: str | None = None, until: str | None = None) -> AsyncIterator[Event]:
        after, last = since or "", ""
        while True:
            values = (self._tenant, after, last, until or _PAST_ALL, EVENTS)
            found = await self._readers.run(partial(rows, sql=_EVENTS, values=values))
            for row in found:
                yield event_of(row)
            if len(found) < EVENTS:
                return
            last, after = found[-1][:2]

    async def connections(self) -> list[Connection]:
        return [connection_of(row) for row in rows(self._connection, _CONNECTIONS, (self._tenant,))]

    async def create_connection(self, connection: Connection, event: Event) -> None:
        await self._writer.submit(partial(_create_connection, self._tenant, connection, event))

    async def update_connection(self, connection: Connection, event: Event) -> None:
        await self._writer.submit(partial(_update_connection, self._tenant, connection, event))

    async def delete_connection(self, connection_id: str, at: str, event: Event) -> None:
        await self._writer.submit(partial(_delete_connection, self._tenant, connection_id, at, event))

    async def count_of_connection(self, connection_id: str) -> int:
        found = await self._readers.run(partial(rows, sql=_OWNED, values=(self._tenant, connection_id)))
        return int(found[0][0])

    async def connection_of(self, type: int, id: str) -> str | None:
        found = rows(self._connection, _OWNER, (self._tenant, type, id))
        return found[0][0] if found else None

    async def password_of(self, type: int, id: str) -> str | None:
        found = rows(self._connection, _PASSWORD, (self._tenant, type, id))
        return found[0][0] if found else None

    async def forget_passwords(self) -> None:
        await self._writer.submit(partial(_forget_passwords, self._tenant))

    async def catalogue(self) -> tuple[int, bytes]:
        found = rows(self._connection, catalogue.SELECT, (self._tenant,))
        return (found[0][0], found[0][1].encode()) if found else (0, b"")

    async def change_catalogue(self, change: CatalogueChange) -> None:
        await self._writer.submit(catalogue.change_catalogue(self._tenant, change))

    async def fill_index(self, type: ResourceType, path: int, after: str, count: int) -> str | None:
        return await self._writer.submit(catalogue.fill_index(self._tenant, type, path, after, count))

    async def empty_index(self, type: int, path: int, count: int) -> int:
        return await self._writer.submit(catalogue.empty_index(self._tenant, type, path, count))

    async def create_token(self, token: Token, event: Event) -> None:
        await self._writer.submit(partial(_create_token, self._tenant, token, event), last=True)

    async def tokens(self) -> list[Token]:
        return [token_of(row) for row in rows(self._connection, _TOKENS, (self._tenant,))]

    async def revoke_token(self, token_id: str, at: str, event: Event) -> None:
        await self._writer.submit(partial(_revoke_token, self._tenant, token_id, at, event))


def _changes(connection: apsw.Connection, tenant: str, after: Position, limit: int) -> Feed:
    found = rows(connection, _CHANGES, (tenant, after.place, limit + 1))
    newest = rows(connection, _NEWEST, (tenant,))
    ((epoch,),) = rows(connection, _EPOCH)
    changes = [changed_of(row) for row in found[:limit]]
    return Feed(epoch, changes, len(found) > limit, Position(*newest[0]) if newest else FIRST_POSITION)


async def record(writer: Writer, tenant: str, events: Sequence[Event]) -> None:
    """Keep events that tell of no change."""
    if events:
        rows = [event_row(tenant, event) for event in events]
        await writer.submit(partial(_record, rows), last=True, quick=len(rows) < QUICK_ROWS)


def _record(events: list[Row], transaction: Transaction) -> None:
    for row in events:
        transaction.gather("event", row)


def _forget_passwords(tenant: str, transaction: Transaction) -> None:
    transaction.change(_PASSWORDS_GO, (tenant,))


def _create_connection(tenant: str, connection: Connection, event: Event, transaction: Transaction) -> None:
    if not transaction.rows(_LIVES, (tenant,)):
        raise NotFound("no such tenant")
    if transaction.rows(_NAME_TAKEN, (tenant, connection.name)):
        raise AlreadyExists("name")
    transaction.add("connection", [connection_row(tenant, connection)])
    transaction.gather("event", event_row(tenant, event))


def _update_connection(tenant: str, connection: Connection, event: Event, transaction: Transaction) -> None:
    _, id, _, _, preset, settings, _ = connection_row(tenant, connection)
    if not transaction.change(_CHANGE_CONNECTION, (tenant, id, preset, settings)):
        raise NotFound
    transaction.gather("event", event_row(tenant, event))


def _delete_connection(tenant: str, connection: str, at: str, event: Event, transaction: Transaction) -> None:
    if not transaction.change(_CONNECTION_GONE, (tenant, connection)):
        raise NotFound
    transaction.change(_REVOKE_ALL, (tenant, connection, at))
    transaction.connections.discard((tenant, connection))
    transaction.gather("event", event_row(tenant, event))


def _create_token(tenant: str, token: Token, event: Event, transaction: Transaction) -> None:
    if token.tenant != tenant or not transaction.rows(_CONNECTION, (tenant, token.connection)):
        raise NotFound("no such connection")
    transaction.add("token", [token_row(token)])
    transaction.gather("event", event_row(tenant, event))


def _revoke_token(tenant: str, token: str, at: str, event: Event, transaction: Transaction) -> None:
    found = transaction.rows(_TOKEN, (tenant, token))
    if not found:
        raise NotFound
    if found[0][0] is None:
        transaction.change(_REVOKE, (tenant, token, at))
        transaction.gather("event", event_row(tenant, event))
