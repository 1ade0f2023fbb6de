"""Tenants' catalogues in SQLite: works of the writer, and what changes of resources ask of them.

There is one writer, so whoever changes a catalogue sees every change of resources that was made by the one before.
"""

from functools import partial
from typing import Any

import orjson

from rollbook.scim.schema import ResourceType
from rollbook.scim.search_form import index_rows
from rollbook.storage.engines.sqlite_rows import Row, event_row
from rollbook.storage.engines.sqlite_writer import Transaction, Work
from rollbook.storage.errors import NotFound, SchemaChanged, VersionConflict, WouldBreak
from rollbook.storage.records import INDEX_VALUE_LIMIT, CatalogueChange, Query
from rollbook.storage.sql.compile import compile_query
from rollbook.storage.sql.flavor_sqlite import SQLITE

SELECT = "SELECT revision, document FROM catalogue WHERE tenant_id = ?"
DUE = "SELECT id, schema_work FROM tenant WHERE schema_work <= ? ORDER BY schema_work, id LIMIT 20"
GONE = "DELETE FROM catalogue WHERE tenant_id = ?"

_REVISION = "SELECT revision FROM catalogue WHERE tenant_id = ?"
_TENANT = "SELECT schema_revision FROM tenant WHERE id = ? AND status <> 'deleted'"
_MARK = "UPDATE tenant SET schema_revision = ?2, schema_work = ?3 WHERE id = ?1"
_PUT = """INSERT INTO catalogue (tenant_id, revision, document) VALUES (?, ?, ?)
ON CONFLICT (tenant_id) DO UPDATE SET revision = excluded.revision, document = excluded.document"""
_CLAIM = "UPDATE tenant SET schema_work = ?3 WHERE id = ?1 AND schema_work = ?2"
_NEXT = """SELECT id, json(search) FROM resource WHERE tenant_id = ? AND type = ? AND id > ? ORDER BY id LIMIT ?"""
_ADD = """INSERT INTO attribute_index (tenant_id, type, path, value, id, ordinal)
SELECT ?1, ?2, ?3, j.value ->> 1, j.value ->> 0, j.value ->> 2 FROM json_each(?4) j WHERE true ON CONFLICT DO NOTHING"""
_EMPTY = """DELETE FROM attribute_index WHERE (tenant_id, type, path, value, id, ordinal) IN
(SELECT tenant_id, type, path, value, id, ordinal FROM attribute_index
WHERE tenant_id = ? AND type = ? AND path = ? LIMIT ?)"""


def check_schema(transaction: Transaction, tenant: str, revision: int | None) -> None:
    """**Raises** ``SchemaChanged`` where content was made by another revision than the tenant's. Looked up once for
    each tenant in a transaction."""
    if revision is None:
        return
    found = transaction.schemas.get(tenant)
    if found is None:
        rows = transaction.rows(_REVISION, (tenant,))
        found = transaction.schemas[tenant] = rows[0][0] if rows else 0
    if found != revision:
        raise SchemaChanged


def change_catalogue(tenant: str, change: CatalogueChange) -> Work[None]:
    return partial(_change, tenant, change)


def claim(tenant: str, due: str, until: str | None) -> Work[bool]:
    return partial(_claim, (tenant, due, until))


def fill_index(tenant: str, type: ResourceType, path: int, after: str, count: int) -> Work[str | None]:
    return partial(_fill, tenant, type, path, after, count)


def empty_index(tenant: str, type: int, path: int, count: int) -> Work[int]:
    return partial(_empty, (tenant, type, path, count))


def _change(tenant: str, change: CatalogueChange, transaction: Transaction) -> None:
    found = transaction.rows(_TENANT, (tenant,))
    if not found:
        raise NotFound
    if found[0][0] != change.expected:
        raise VersionConflict
    for number, guard in enumerate(change.guards):
        if count := _count(transaction, tenant, guard):
            raise WouldBreak(number, count)
    revision = change.expected + 1
    transaction.change(_MARK, (tenant, revision, change.work))
    transaction.change(_PUT, (tenant, revision, change.document.decode()))
    transaction.gather("event", event_row(tenant, change.event))
    transaction.schemas[tenant] = revision


def _count(transaction: Transaction, tenant: str, query: Query) -> int:
    fragment = compile_query(query, SQLITE, tenant="?1", first=2)
    sql = f"SELECT count(*) FROM resource r WHERE r.tenant_id = ?1 AND {fragment.where}"
    values: list[Any] = [tenant, *fragment.params]
    return int(transaction.rows(sql, values)[0][0])


def _claim(values: Row, transaction: Transaction) -> bool:
    return transaction.change(_CLAIM, values) > 0


def _fill(tenant: str, type: ResourceType, path: int, after: str, count: int, transaction: Transaction) -> str | None:
    found = transaction.rows(_NEXT, (tenant, type.number, after, count))
    make = index_rows(type, INDEX_VALUE_LIMIT)
    rows = [
        (id, value, ordinal)
        for id, search in found
        for number, value, ordinal in make(orjson.loads(search))
        if number == path
    ]
    if rows:
        transaction.change(_ADD, (tenant, type.number, path, orjson.dumps(rows).decode()))
    return found[-1][0] if len(found) == count else None


def _empty(values: Row, transaction: Transaction) -> int:
    return transaction.change(_EMPTY, values)
