"""Copies of a whole PostgreSQL store, as the SQLite file that the other engine writes too: so one engine's backup is
read by the other, and no tool of PostgreSQL is needed.

**Rules**: a backup is of one moment (one ``REPEATABLE READ`` transaction), read tenant by tenant, as row-level security
has it; a restore is one transaction. Both hold some hundred rows at a time.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import apsw
from asyncpg import PostgresError

from rollbook.storage.engines import postgres_schema as schema
from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.postgres_faults import store_error
from rollbook.storage.engines.postgres_identity_tables import TABLES as IDENTITY_TABLES
from rollbook.storage.engines.postgres_pool import Link
from rollbook.storage.engines.postgres_rows import NO_TENANT
from rollbook.storage.engines.postgres_statistics import ANALYZE
from rollbook.storage.engines.sqlite_backup import open_backup
from rollbook.storage.errors import StoreError
from rollbook.storage.migrations import migrations
from rollbook.storage.records import FIRST_POSITION
from rollbook.storage.sql.locker_tables import TABLES as LOCKER_TABLES

ROWS = 500
"""Rows in hand at a time: some MB, whatever the size of the store."""

Row = tuple[Any, ...]

_CONTROL = {
    "tenant": {
        "id": "uuid",
        "name": "text",
        "name_key": "text",
        "dialect": "text",
        "status": "text",
        "created": "text",
        "schema_revision": "int",
        "schema_work": "text",
        "configured": "text",
    },
    "token": {
        "id": "uuid",
        "tenant_id": "uuid",
        "connection_id": "uuid",
        "name": "text",
        "digest": "bytea",
        "hint": "text",
        "created": "text",
        "expires": "text",
        "revoked": "text",
        "scopes": "text",
    },
    **IDENTITY_TABLES,
}
_OWN = {
    "connection": {
        "tenant_id": "uuid",
        "id": "uuid",
        "name": "text",
        "dialect": "text",
        "preset": "text",
        "settings": "text",
        "created": "text",
    },
    "resource": {
        "tenant_id": "uuid",
        "type": "smallint",
        "id": "uuid",
        "connection_id": "uuid",
        "unique_key": "text",
        "external_id": "text",
        "display": "text",
        "display_key": "text",
        "version": "bigint",
        "created": "text",
        "last_modified": "text",
        "document": "text",
        "search": "jsonb",
    },
    "member": {"tenant_id": "uuid", "group_id": "uuid", "member_id": "uuid", "member_type": "smallint"},
    "attribute_index": {
        "tenant_id": "uuid",
        "type": "smallint",
        "path": "smallint",
        "value": "text",
        "id": "uuid",
        "ordinal": "smallint",
    },
    "password": {"tenant_id": "uuid", "type": "smallint", "id": "uuid", "hash": "text", "changed": "text"},
    "unique_value": {"tenant_id": "uuid", "type": "smallint", "path": "text", "value": "text", "id": "uuid"},
    "catalogue": {"tenant_id": "uuid", "revision": "int", "document": "text"},
    **LOCKER_TABLES,
    "event": {
        "tenant_id": "uuid",
        "id": "uuid",
        "at": "text",
        "kind": "text",
        "actor": "text",
        "peer": "text",
        "request": "text",
        "resource_type": "text",
        "resource": "text",
        "status": "smallint",
        "scim_type": "text",
        "attributes": "text",
        "tolerances": "text",
        "repeats": "int",
        "version": "bigint",
        "place": "bigint",
    },
}
"""The tables and the types of their columns, in an order in which they can be filled."""

# Places are transactions here: in a file they are counted, and what comes from one is before every transaction.
_SAVED = {
    ("event", "place"): (
        "CASE WHEN version > 0 THEN row_number() OVER (PARTITION BY version > 0 ORDER BY place, version, id) ELSE 0 END"
    ),
    ("locker_event", "place"): "row_number() OVER (ORDER BY place, id)",
}
_LOADED = {
    ("event", "place"): f"CASE WHEN version > 0 THEN place + ({FIRST_POSITION.place}) ELSE 0 END",
    ("locker_event", "place"): f"place + ({FIRST_POSITION.place})",
}

_AS_TEXT = frozenset({"uuid", "jsonb"})
"""What SQLite has no type for."""

_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Whoever owns the log of events may take back the right to empty it, and does so for this one statement.
_EMPTY = (
    f"GRANT TRUNCATE ON event TO CURRENT_USER; TRUNCATE {', '.join((*_CONTROL, *_OWN))};"
    " REVOKE TRUNCATE ON event FROM CURRENT_USER"
)


async def write_backup(link: Link, path: str) -> None:
    """Write everything to a new file. **Raises** ``StoreError``; then there is no file."""
    with _new_file(path) as target:
        await link.run(_BEGIN_READING)
        try:
            await schema.ping(link)
            for table, columns in _CONTROL.items():
                await _save(link, target, table, columns, "")
            tenants = [str(row[0]) for row in await link.fetch(sql.ALL_TENANTS)]
            for tenant in (*tenants, NO_TENANT):
                await link.run(sql.be(tenant))
                for table, columns in _OWN.items():
                    await _save(link, target, table, columns, f"WHERE tenant_id = '{tenant}'")
        finally:
            if not link.connection.is_closed():
                await link.run("ROLLBACK")


async def read_backup(link: Link, path: str, at: str) -> None:
    """Replace everything by a backup. **Raises** ``StoreError``; then nothing has changed (but that an empty database
    has got its schema)."""
    with open_backup(path) as source:
        await schema.migrate(link, at, None)
        try:
            await link.run(f"BEGIN; {_EMPTY}")
            for table, columns in (_CONTROL | _OWN).items():
                await _load(link, source, table, columns)
            await link.run(sql.NEW_EPOCH)
            await link.run("COMMIT")
            await link.run(ANALYZE)
        except (ValueError, apsw.Error, PostgresError) as error:
            if isinstance(error, PostgresError) and store_error(error):
                raise
            raise StoreError("this backup holds what no store wrote", hint=f"{path}: {error}") from error
        finally:
            if not link.connection.is_closed() and link.connection.is_in_transaction():
                await link.run("ROLLBACK")


@contextmanager
def _new_file(path: str) -> Iterator[apsw.Connection]:
    """A new SQLite file with our tables, for its owner only, and complete or gone."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise StoreError("the backup's file exists already", hint=path) from error
    except OSError as error:
        raise StoreError("the backup's file cannot be written", hint=f"{path}: {error.strerror}") from error
    target = None
    try:
        target = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
        target.execute("BEGIN").fetchall()
        for migration in migrations("sqlite"):
            target.execute(migration.sql).fetchall()
            row = (migration.version, migration.name, "")
            target.execute("INSERT INTO rollbook_schema VALUES (?, ?, ?)", row).fetchall()
        yield target
        target.execute("COMMIT").fetchall()
        target.close()
    except BaseException as error:
        if target is not None:
            target.close(True)
        Path(path).unlink(missing_ok=True)
        if isinstance(error, apsw.Error):
            raise StoreError("the backup's file cannot be written", hint=f"{path}: {error}") from error
        raise


async def _save(link: Link, target: apsw.Connection, table: str, columns: dict[str, str], where: str) -> None:
    read = ", ".join(
        _SAVED.get((table, name)) or (f"{name}::text" if kind in _AS_TEXT else name) for name, kind in columns.items()
    )
    places = ", ".join("jsonb(?)" if kind == "jsonb" else "?" for kind in columns.values())
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
    async for rows in _chunks(link, f"SELECT {read} FROM {table} {where}"):
        await asyncio.to_thread(target.executemany, insert, rows)


async def _chunks(link: Link, statement: str) -> AsyncIterator[list[Row]]:
    cursor = await link.connection.cursor(statement)
    while rows := await cursor.fetch(ROWS):
        yield [tuple(row) for row in rows]


async def _load(link: Link, source: apsw.Connection, table: str, columns: dict[str, str]) -> None:
    read = ", ".join(
        _LOADED.get((table, name)) or (f"json({name})" if kind == "jsonb" else name) for name, kind in columns.items()
    )
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(columns.values(), 1))
    insert = f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({arrays})"
    own = table in _OWN
    order = "ORDER BY tenant_id" if own else ""
    cursor = source.execute(f"SELECT {read} FROM {table} {order}")
    while rows := await asyncio.to_thread(_some, cursor):
        if not own:
            await link.fetch(insert, *zip(*rows, strict=True))
            continue
        for tenant, theirs in groupby(rows, itemgetter(0)):
            await link.run(sql.be(tenant))
            await link.fetch(insert, *zip(*theirs, strict=True))


def _some(cursor: Any) -> Sequence[Row]:
    return list(islice(cursor, ROWS))
