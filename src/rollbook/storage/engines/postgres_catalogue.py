"""Tenants' catalogues in PostgreSQL: who writes content holds the catalogue's row, who changes it waits for them.

**Rules**: content that was made by a catalogue's revision is written in a transaction that first locks the catalogue's
row (``FOR KEY SHARE``) and compares the revision; a change of the catalogue locks it for itself (``FOR UPDATE``). So a
guard sees all that was written by the old revision, and nothing made by it comes later. A tenant without a catalogue
has no row: its writers pay nothing, and those who have not heard of the first one yet are not kept out.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any

import orjson

from rollbook.scim.schema import ResourceType
from rollbook.scim.search_form import index_rows
from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.postgres_pool import Link, Row
from rollbook.storage.engines.postgres_queries import total_sql
from rollbook.storage.engines.postgres_rows import event_rows
from rollbook.storage.engines.postgres_transactions import Transactions
from rollbook.storage.errors import NotFound, SchemaChanged, VersionConflict, WouldBreak
from rollbook.storage.records import INDEX_VALUE_LIMIT, CatalogueChange, Change, Delete, Query
from rollbook.storage.sql.compile import compile_query
from rollbook.storage.sql.flavor_postgres import POSTGRES

GONE = "DELETE FROM catalogue WHERE tenant_id = $1"

_SELECT = f"""{sql.FENCE} SELECT p.* FROM t CROSS JOIN LATERAL (
  SELECT c.revision, c.document FROM catalogue c WHERE c.tenant_id = t.v::uuid LIMIT 1) p"""
_DUE = "SELECT id, schema_work FROM tenant WHERE schema_work <= $1 ORDER BY schema_work, id LIMIT 20"
_CLAIM = "UPDATE tenant SET schema_work = $3 WHERE id = $1 AND schema_work = $2 RETURNING 1"
_HOLD = "SELECT revision FROM catalogue WHERE tenant_id = $1 FOR KEY SHARE"
_LOCK = "SELECT revision FROM catalogue WHERE tenant_id = $1 FOR UPDATE"
_LIVING = "SELECT 1 FROM tenant WHERE id = $1 AND status <> 'deleted'"
_MARK = """UPDATE tenant SET schema_revision = $2 + 1, schema_work = $3
WHERE id = $1 AND schema_revision = $2 AND status <> 'deleted'"""
_PUT = """INSERT INTO catalogue (tenant_id, revision, document) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id) DO UPDATE SET revision = excluded.revision, document = excluded.document"""
_NEXT = """SELECT id, search FROM resource WHERE tenant_id = $1 AND type = $2 AND id > $3::uuid
ORDER BY id LIMIT $4 FOR NO KEY UPDATE"""
_ADD = """INSERT INTO attribute_index (tenant_id, type, path, value, id, ordinal)
SELECT $1, $2, $3, i.value, i.id, i.ordinal
FROM json_to_recordset($4::json) AS i(value text, id uuid, ordinal smallint) ON CONFLICT DO NOTHING"""
_EMPTY = """DELETE FROM attribute_index WHERE tenant_id = $1 AND ctid = ANY(ARRAY(
  SELECT s.ctid FROM attribute_index s WHERE s.tenant_id = $1 AND s.type = $2 AND s.path = $3 LIMIT $4))"""
_FIRST_ID = "00000000-0000-0000-0000-000000000000"


def revisions(changes: Iterable[Change]) -> frozenset[int]:
    """The revisions by which contents were made, as far as they have to be looked at."""
    return frozenset(c.schema for c in changes if not isinstance(c, Delete) and c.schema and c.content is not None)


async def check_schema(link: Link, tenant: str, changes: Iterable[Change]) -> None:
    """Hold the tenant's catalogue as it is until the transaction ends. **Raises** ``SchemaChanged``."""
    wanted = revisions(changes)
    if wanted:
        rows = await link.fetch(_HOLD, tenant)
        if wanted != {rows[0][0] if rows else 0}:
            raise SchemaChanged


async def statement(
    transactions: Transactions, tenant: str, changes: Sequence[Change], statement: str, *args: Any
) -> list[Row] | None:
    """Run the one statement that makes some changes, under the catalogue that they were made by; else as
    ``Transactions.statement``. **Raises** ``SchemaChanged`` where not all of them were made by it."""
    events = [change.event.id for change in changes]
    if not revisions(changes):
        return await transactions.statement(tenant, events, statement, *args)

    async def work(link: Link) -> list[Row]:
        await check_schema(link, tenant, changes)
        return await link.fetch(statement, *args)

    return await transactions.run(tenant, events, work)


async def catalogue(transactions: Transactions, tenant: str) -> tuple[int, bytes]:
    rows = await transactions.read(_SELECT, tenant)
    return (rows[0][0], rows[0][1].encode()) if rows else (0, b"")


async def schema_work(transactions: Transactions, at: str) -> list[tuple[str, str]]:
    return [(str(id), due) for id, due in await transactions.read(_DUE, at)]


async def claim(transactions: Transactions, tenant: str, due: str, until: str | None) -> bool:
    async def work(link: Link) -> bool:
        return bool(await link.fetch(_CLAIM, tenant, due, until))

    return await transactions.run(tenant, [], work)


async def change_catalogue(transactions: Transactions, tenant: str, change: CatalogueChange) -> None:
    await transactions.run(tenant, [change.event.id], partial(_change, tenant, change))


async def fill_index(
    transactions: Transactions, tenant: str, type: ResourceType, path: int, after: str, count: int
) -> str | None:
    make = index_rows(type, INDEX_VALUE_LIMIT)

    async def work(link: Link) -> str | None:
        found = await link.fetch(_NEXT, tenant, type.number, after or _FIRST_ID, count)
        rows = [
            {"id": str(id), "value": value, "ordinal": ordinal}
            for id, search in found
            for number, value, ordinal in make(orjson.loads(search))
            if number == path
        ]
        if rows:
            await link.fetch(_ADD, tenant, type.number, path, orjson.dumps(rows).decode())
        return str(found[-1][0]) if len(found) == count else None

    return await transactions.run(tenant, [], work)


async def empty_index(transactions: Transactions, tenant: str, type: int, path: int, count: int) -> int:
    work: Callable[[Link], Awaitable[int]] = partial(_empty, (tenant, type, path, count))
    return await transactions.run(tenant, [], work)


async def _change(tenant: str, change: CatalogueChange, link: Link) -> None:
    # The tenant's row comes first: it is there for the first catalogue too, which has no row yet.
    if not await link.change(_MARK, tenant, change.expected, change.work):
        raise VersionConflict if await link.fetch(_LIVING, tenant) else NotFound
    await link.fetch(_LOCK, tenant)
    for number, guard in enumerate(change.guards):
        if count := await _count(link, tenant, guard):
            raise WouldBreak(number, count)
    await link.fetch(_PUT, tenant, change.expected + 1, change.document.decode())
    await link.fetch(sql.INSERT_EVENTS, tenant, event_rows([change.event]))


async def _count(link: Link, tenant: str, query: Query) -> int:
    fragment = compile_query(query, POSTGRES, tenant=sql.TENANT, first=2)
    ((count,),) = await link.fetch(total_sql("resource r", fragment.where), tenant, *fragment.params)
    return int(count)


async def _empty(values: tuple[Any, ...], link: Link) -> int:
    return await link.change(_EMPTY, *values)
