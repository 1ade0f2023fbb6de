"""The embedded engine: one SQLite file, one process that serves it.

Here is the operator's handle; ``sqlite_tenant`` is the handle on one tenant, ``sqlite_writer`` and ``sqlite_readers``
are the threads, ``sqlite_changes`` makes the changes. Another process (the command line) may use the same file.

Source: https://sqlite.org/wal.html. synchronous=FULL: an acknowledged write survives a loss of power.
"""

import asyncio
import shutil
import stat
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar
from uuid import UUID

import apsw

from rollbook.clock import Clock
from rollbook.events import Event
from rollbook.storage.engines import sqlite_catalogue as catalogue
from rollbook.storage.engines.entrance import Entrance
from rollbook.storage.engines.sessions import Sessions
from rollbook.storage.engines.sqlite_backup import read_backup, write_backup
from rollbook.storage.engines.sqlite_connection import (
    CHECKED_AT_OPEN,
    POINT_CACHE,
    READER_WAIT,
    WRITER_WAIT,
    check_after_unclean_stop,
    connect,
    create_file,
    damage,
    rows,
)
from rollbook.storage.engines.sqlite_identity import SqliteIdentity
from rollbook.storage.engines.sqlite_pages import QuickPages
from rollbook.storage.engines.sqlite_readers import Readers
from rollbook.storage.engines.sqlite_rows import (
    CONNECTION_COLUMNS,
    NO_TENANT,
    TENANT_COLUMNS,
    TENANT_TABLES,
    TOKEN_COLUMNS,
    connection_of,
    event_row,
    tenant_of,
    token_of,
)
from rollbook.storage.engines.sqlite_tenant import SqliteTenant, record
from rollbook.storage.engines.sqlite_writer import Transaction, Writer
from rollbook.storage.errors import AlreadyExists, NotFound, SchemaMismatch, Unavailable
from rollbook.storage.migrations import Migration, latest, migrations
from rollbook.storage.records import Connection, SealingKey, Tenant, Token
from rollbook.storage.sql import identity_tokens, sessions
from rollbook.storage.sql.locker_tables import TABLES as LOCKER_TABLES
from rollbook.storage.sql.locker_tables import key_of
from rollbook.storage.sql.scripts import for_sqlite

DISK_LOW = 256 * 1024 * 1024
"""Bytes free under which ``risks`` speaks up: room for some 100,000 users and the journal."""

SWEEP = 5_000
"""Rows of a deleted tenant that go in one transaction, so that other tenants' writes wait a few ms at most."""

R = TypeVar("R")

_SCHEMA = "SELECT max(version) FROM rollbook_schema"
_HAS_SCHEMA = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'rollbook_schema'"
_MIGRATED = "INSERT INTO rollbook_schema (version, name, applied) VALUES (?, ?, ?)"
_TENANT = f"SELECT {TENANT_COLUMNS} FROM {TENANT_TABLES} WHERE "
_NEW_TENANT = """INSERT INTO tenant (id, name, name_key, dialect, status, created) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (name_key) DO NOTHING"""
_NEW_CONNECTION = "INSERT INTO connection (tenant_id, id, name, dialect, created) VALUES (?, ?, 'default', ?, ?)"
_CONFIGURE = "UPDATE tenant SET configured = ?2 WHERE id = ?1 AND status <> 'deleted'"
_STATUS = "UPDATE tenant SET status = ?2 WHERE id = ?1 AND status <> 'deleted'"
_TENANT_GONE = """UPDATE tenant SET status = 'deleted', name_key = id, schema_work = NULL
WHERE id = ? AND status <> 'deleted'"""
_TOKENS_GONE = "DELETE FROM token WHERE tenant_id = ?"
_CONNECTIONS_GONE = "DELETE FROM connection WHERE tenant_id = ?"
_FIND_TOKEN = f"""SELECT {TOKEN_COLUMNS}, {TENANT_COLUMNS}, {CONNECTION_COLUMNS}
FROM {TENANT_TABLES} JOIN token k ON k.tenant_id = t.id
JOIN connection w ON w.tenant_id = k.tenant_id AND w.id = k.connection_id WHERE k.digest = ?"""
_FIND_SESSION = f"""SELECT {sessions.FOUND}, {TENANT_COLUMNS}, {CONNECTION_COLUMNS}
FROM {TENANT_TABLES} {sessions.FOUND_OF}
JOIN connection w ON w.tenant_id = s.tenant_id AND w.id = s.connection_id WHERE s.digest = $1"""
_SEALING_KEYS = "SELECT id, secret, created FROM sealing_key"
_SEALING_KEYS_GONE = "DELETE FROM sealing_key WHERE created < ?"
_NEW_SEALING_KEY = "INSERT INTO sealing_key (id, secret, created) VALUES (?, ?, ?)"
_SWEEPS = (
    "DELETE FROM resource WHERE rowid IN (SELECT rowid FROM resource WHERE tenant_id = ? LIMIT ?)",
    """DELETE FROM member WHERE (tenant_id, group_id, member_id) IN
    (SELECT tenant_id, group_id, member_id FROM member WHERE tenant_id = ? LIMIT ?)""",
    """DELETE FROM attribute_index WHERE (tenant_id, type, path, value, id, ordinal) IN
    (SELECT tenant_id, type, path, value, id, ordinal FROM attribute_index WHERE tenant_id = ? LIMIT ?)""",
    """DELETE FROM password WHERE (tenant_id, type, id) IN
    (SELECT tenant_id, type, id FROM password WHERE tenant_id = ? LIMIT ?)""",
    """DELETE FROM unique_value WHERE (tenant_id, type, path, value) IN
    (SELECT tenant_id, type, path, value FROM unique_value WHERE tenant_id = ? LIMIT ?)""",
    *(
        f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE tenant_id = ? LIMIT ?)"
        for table, key in ((table, ", ".join(key_of(table))) for table in LOCKER_TABLES)
    ),
)


class _Open(NamedTuple):
    """What an open store holds."""

    connection: apsw.Connection
    """For reads on the event loop's own thread."""
    pages: QuickPages
    readers: Readers
    writer: Writer


class SqliteStore:
    """See ``storage.contract.Store``. ``readers`` is how many scans may run side by side."""

    name = "sqlite"

    def __init__(self, path: str, *, clock: Clock, readers: int = 2) -> None:
        self._path = str(Path(path).absolute())
        self._clock = clock
        self._reader_count = readers
        self._open: _Open | None = None

    async def open(self) -> None:
        """Also makes the file (and its folder) where there is none, and checks it after an unclean stop."""
        reading, writing = await asyncio.to_thread(self._connect)
        self._open = _Open(
            reading,
            QuickPages(reading, self._clock.elapsed),
            Readers(self._path, self._reader_count, self._clock.elapsed),
            Writer(writing, asyncio.get_running_loop()),
        )

    def _connect(self) -> tuple[apsw.Connection, apsw.Connection]:
        create_file(self._path)
        check_after_unclean_stop(self._path)
        writing = connect(self._path, wait=WRITER_WAIT, writes=True)
        return connect(self._path, wait=READER_WAIT, writes=False, cache=POINT_CACHE), writing

    async def close(self) -> None:
        if self._open is None:
            return
        opened, self._open = self._open, None
        await opened.readers.close()
        opened.connection.close()
        await opened.writer.close()  # last, so that its connection is the one that ends the journal

    def _opened(self) -> _Open:
        if self._open is None:
            raise Unavailable("the database is not open")
        return self._open

    async def _write(self, work: Callable[[Transaction], R]) -> R:
        return await self._opened().writer.submit(work)

    async def ping(self) -> None:
        found, wanted = await self.schema_version(), latest(self.name)
        if found != wanted:
            raise SchemaMismatch(found, wanted)

    async def schema_version(self) -> int:
        connection = self._opened().connection
        if not rows(connection, _HAS_SCHEMA):
            return 0
        return rows(connection, _SCHEMA)[0][0] or 0

    async def migrate(self) -> list[str]:
        """Each migration is one transaction. **Raises** ``SchemaMismatch`` where the database is of a later release."""
        found, wanted = await self.schema_version(), latest(self.name)
        if found > wanted:
            raise SchemaMismatch(found, wanted)
        at = self._clock.written()
        return [m.name for m in migrations(self.name) if await self._write(partial(_migrate, m, at))]

    async def problems(self) -> list[str]:
        if await asyncio.to_thread(_size, self._path) > CHECKED_AT_OPEN:
            return []
        return await self._damage("quick_check")

    async def risks(self) -> list[str]:
        """Also reads the whole file, whatever its size."""
        return await self._damage("integrity_check") + await asyncio.to_thread(_file_risks, Path(self._path))

    async def _damage(self, check: str) -> list[str]:
        found = await self._opened().readers.run(partial(damage, check=check), longest=None)
        return [f"the database file is damaged: {line}" for line in found]

    def tenant(self, tenant_id: str) -> SqliteTenant:
        if str(UUID(tenant_id)) != tenant_id or tenant_id == NO_TENANT:
            raise ValueError("a tenant's id is a UUID in lower case")
        return SqliteTenant(tenant_id, *self._opened())

    async def create_tenant(self, tenant: Tenant, event: Event) -> None:
        await self._write(partial(_create_tenant, tenant, event))

    async def find_tenant(self, name_or_id: str) -> Tenant | None:
        connection = self._opened().connection
        found = rows(connection, f"{_TENANT} t.id = ?", (name_or_id,)) or rows(
            connection, f"{_TENANT} t.name_key = ? AND t.status <> 'deleted'", (name_key(name_or_id),)
        )
        return tenant_of(found[0]) if found else None

    async def tenants(self) -> list[Tenant]:
        found = rows(self._opened().connection, f"{_TENANT} t.status <> 'deleted' ORDER BY t.name_key")
        return [tenant_of(row) for row in found]

    @property
    def identity(self) -> SqliteIdentity:
        opened = self._opened()
        return SqliteIdentity(opened.connection, opened.writer)

    @property
    def entrance(self) -> Entrance:
        return Entrance(self.identity)

    @property
    def sessions(self) -> Sessions:
        return Sessions(self.identity, _FIND_SESSION, lambda row: (tenant_of(row[:-6]), connection_of(row[-6:])))

    async def set_tenant_status(self, tenant_id: str, status: str, event: Event) -> None:
        await self._write(partial(_set, _STATUS, tenant_id, status, event))

    async def configure_tenant(self, tenant_id: str, configured: str, event: Event) -> None:
        await self._write(partial(_set, _CONFIGURE, tenant_id, configured, event))

    async def delete_tenant(self, tenant_id: str, at: str, event: Event) -> None:
        """First it is marked and closed to all, then its rows go, some at a time. Asked again after a stop in between,
        it goes on with the rows."""
        known = await self._write(partial(_delete_tenant, tenant_id, event))
        for statement in _SWEEPS:
            while await self._write(partial(_sweep, statement, tenant_id)):
                known = True
        if not known:
            raise NotFound

    async def find_token(self, digest: bytes) -> tuple[Token, Tenant, Connection] | None:
        found = rows(self._opened().connection, _FIND_TOKEN, (digest,))
        if not found:
            return None
        row = found[0]
        return token_of(row[:10]), tenant_of(row[10:18]), connection_of(row[18:])

    async def record(self, events: Sequence[Event]) -> None:
        await record(self._opened().writer, NO_TENANT, events)

    def events(self, since: str | None = None, until: str | None = None) -> AsyncIterator[Event]:
        return SqliteTenant(NO_TENANT, *self._opened()).events(since, until)

    async def sealing_keys(self) -> list[SealingKey]:
        return [SealingKey(*row) for row in rows(self._opened().connection, _SEALING_KEYS)]

    async def add_sealing_key(self, key: SealingKey, drop_before: str) -> None:
        await self._write(partial(_add_sealing_key, key, drop_before))

    async def schema_work(self, at: str) -> list[tuple[str, str]]:
        return [(id, due) for id, due in rows(self._opened().connection, catalogue.DUE, (at,))]

    async def claim_schema_work(self, tenant_id: str, due: str, until: str | None) -> bool:
        return await self._write(catalogue.claim(tenant_id, due, until))

    async def backup(self, path: str) -> None:
        """**Raises** ``StoreError`` where the file exists already."""
        await self._opened().readers.run(partial(write_backup, path=path), longest=None)

    async def restore(self, path: str) -> None:
        await self._opened().writer.outside(partial(read_backup, path))


def _size(path: str) -> int:
    return Path(path).stat().st_size


def _file_risks(path: Path) -> list[str]:
    found = []
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        found.append(f"the database file may be read by others (mode {mode:04o}); make it 0600")
    free = shutil.disk_usage(path.parent).free
    if free < DISK_LOW:
        found.append(f"the disk of the database has only {free // 2**20} MiB left")
    return found


def name_key(name: str) -> str:
    """The form in which tenants' names are compared."""
    return name.casefold()


def _migrate(migration: Migration, at: str, transaction: Transaction) -> bool:
    """Run one migration; False where it has run already (by another process, perhaps)."""
    if transaction.rows(_HAS_SCHEMA) and (transaction.rows(_SCHEMA)[0][0] or 0) >= migration.version:
        return False
    transaction.rows(migration.sql)
    transaction.change(_MIGRATED, (migration.version, migration.name, at))
    return True


def _create_tenant(tenant: Tenant, event: Event, transaction: Transaction) -> None:
    row = (tenant.id, tenant.name, name_key(tenant.name), tenant.dialect, tenant.status, tenant.created)
    if not transaction.change(_NEW_TENANT, row):
        raise AlreadyExists("name")
    transaction.change(_NEW_CONNECTION, (tenant.id, tenant.connection, tenant.dialect, tenant.created))
    transaction.gather("event", event_row(tenant.id, event))


def _set(statement: str, tenant: str, value: str, event: Event, transaction: Transaction) -> None:
    if not transaction.change(statement, (tenant, value)):
        raise NotFound
    transaction.gather("event", event_row(tenant, event))


def _delete_tenant(tenant: str, event: Event, transaction: Transaction) -> bool:
    if not transaction.change(_TENANT_GONE, (tenant,)):
        return False
    transaction.change(_TOKENS_GONE, (tenant,))
    for statement in identity_tokens.GONE:
        transaction.change(for_sqlite(statement), (tenant,))
    transaction.change(_CONNECTIONS_GONE, (tenant,))
    transaction.change(catalogue.GONE, (tenant,))
    transaction.gather("event", event_row(tenant, event))
    return True


def _add_sealing_key(key: SealingKey, drop_before: str, transaction: Transaction) -> None:
    transaction.change(_SEALING_KEYS_GONE, (drop_before,))
    transaction.change(_NEW_SEALING_KEY, (key.id, key.secret, key.created))


def _sweep(statement: str, tenant: str, transaction: Transaction) -> int:
    return transaction.change(statement, (tenant, SWEEP))
