"""How our values lie in the rows of SQLite's tables, and the one way in which rows are added.

Rows are added many at a time: one statement of 64 rows costs the interpreter's lock once, 64 statements 64 times. The
texts of statements come from a small fixed set, so each is prepared once for each connection.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import apsw
import orjson

from rollbook.events import Event
from rollbook.storage.records import Connection, Insert, Stored, Tenant, Token

Row = tuple[Any, ...]

NO_TENANT = "00000000-0000-0000-0000-000000000000"
"""The tenant of events that no tenant may see (refused logins)."""

COLUMNS = {
    "resource": (
        "tenant_id, type, id, connection_id, unique_key, external_id, display, display_key, version, created,"
        " last_modified, document, search"
    ),
    "attribute_index": "tenant_id, type, path, value, id, ordinal",
    "password": "tenant_id, type, id, hash, changed",
    "unique_value": "tenant_id, type, path, value, id",
    "event": (
        "tenant_id, id, at, kind, actor, peer, request, resource_type, resource, status, scim_type, attributes,"
        " tolerances, repeats, version, place"
    ),
    "token": "id, tenant_id, connection_id, name, digest, hint, created, expires, revoked, scopes",
    "connection": "tenant_id, id, name, dialect, preset, settings, created",
}
_WRAPPED = {"search": "jsonb(?)"}
_CHUNKS = (64, 32, 16, 8, 4, 2, 1)

TENANT_COLUMNS = "t.id, t.name, t.dialect, t.status, t.created, coalesce(c.id, ''), t.schema_revision, t.configured"
TENANT_TABLES = "tenant t LEFT JOIN connection c ON c.tenant_id = t.id AND c.name = 'default'"
TOKEN_COLUMNS = (
    "k.id, k.tenant_id, k.connection_id, k.name, k.digest, k.hint, k.created, k.expires, k.revoked, k.scopes"  # noqa: S105
)
CONNECTION_COLUMNS = "w.id, w.name, w.dialect, w.preset, w.settings, w.created"
STORED_COLUMNS = (
    "r.type, r.id, r.version, r.created, r.last_modified, CAST(r.document AS BLOB),"
    " EXISTS (SELECT 1 FROM member m WHERE m.tenant_id = r.tenant_id AND m.member_id = r.id)"
)
EVENT_COLUMNS = COLUMNS["event"].removeprefix("tenant_id, ").removesuffix(", version, place")


@cache
def _insert(table: str, count: int) -> str:
    columns = COLUMNS[table]
    places = ", ".join(_WRAPPED.get(name.strip(), "?") for name in columns.split(","))
    return f"INSERT INTO {table} ({columns}) VALUES " + ", ".join([f"({places})"] * count)


def add_rows(connection: apsw.Connection, table: str, rows: Sequence[Row]) -> None:
    """Add rows to a table. **Raises** ``apsw.Error``; some of the rows may then have been added."""
    start = 0
    for size in _CHUNKS:
        while len(rows) - start >= size:
            chunk = rows[start : start + size]
            values = chunk[0] if size == 1 else [value for row in chunk for value in row]
            connection.execute(_insert(table, size), values)
            start += size


def resource_row(tenant: str, insert: Insert) -> Row:
    content = insert.content
    return (
        tenant,
        insert.type,
        insert.id,
        insert.connection,
        content.key,
        content.external_id,
        content.display,
        content.display_key,
        1,
        insert.at,
        insert.at,
        content.document.decode(),
        content.search.decode(),  # as text: SQLite takes a BLOB for its own binary form
    )


def event_row(tenant: str, event: Event, version: int = 0, place: int = 0) -> Row:
    """``version`` and ``place`` are those of a change of a resource (``Transaction.changed``)."""
    return (
        tenant,
        event.id,
        event.at,
        event.kind.value,
        event.actor,
        event.peer,
        event.request,
        event.resource_type,
        event.resource,
        event.status,
        event.scim_type,
        _names(event.attributes),
        _names(event.tolerances),
        event.repeats,
        version,
        place,
    )


def _names(names: tuple[str, ...]) -> str:
    return orjson.dumps(names).decode() if names else "[]"


def stored_of(row: Row) -> Stored:
    type, id, version, created, last_modified, document, grouped = row
    return Stored(type, id, version, created, last_modified, document, grouped == 1)


def token_row(token: Token) -> Row:
    return (
        token.id,
        token.tenant,
        token.connection,
        token.name,
        token.digest,
        token.hint,
        token.created,
        token.expires,
        token.revoked,
        " ".join(token.scopes),
    )


def token_of(row: Row) -> Token:
    id, tenant, connection, name, digest, hint, created, expires, revoked, scopes = row
    return Token(id, tenant, connection, name, digest, hint, created, expires, revoked, tuple(scopes.split()))


def connection_row(tenant: str, connection: Connection) -> Row:
    settings = orjson.dumps(connection.settings).decode()
    return (
        tenant,
        connection.id,
        connection.name,
        connection.dialect,
        connection.preset,
        settings,
        connection.created,
    )


def connection_of(row: Row) -> Connection:
    id, name, dialect, preset, settings, created = row
    return Connection(id, name, dialect, preset, orjson.loads(settings), created)


def tenant_of(row: Row) -> Tenant:
    return Tenant(*row)
