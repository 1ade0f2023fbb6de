"""One tenant's lockers in SQLite: scripts run on the writer, look-ups on the caller's thread or a reader's."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import apsw

from rollbook.storage.engines.sqlite_changes import work_of
from rollbook.storage.engines.sqlite_connection import rows
from rollbook.storage.engines.sqlite_readers import Readers
from rollbook.storage.engines.sqlite_rows import Row
from rollbook.storage.engines.sqlite_scripts import drive
from rollbook.storage.engines.sqlite_writer import Transaction, Work, Writer
from rollbook.storage.records import Applied, Change
from rollbook.storage.sql.locker_flavor import for_sqlite
from rollbook.storage.sql.locker_views import EPOCH
from rollbook.storage.sql.scripts import Script

R = TypeVar("R")


class SqliteLockerEngine:
    """See ``storage.engines.locker_engine.Engine``."""

    def __init__(self, tenant: str, connection: apsw.Connection, readers: Readers, writer: Writer) -> None:
        self._tenant = tenant
        self._connection = connection
        self._readers = readers
        self._writer = writer

    async def read(self, sql: str, *values: Any) -> list[Row]:
        if sql.endswith("LIMIT 1"):
            return rows(self._connection, for_sqlite(sql), (self._tenant, *values))
        return await self._readers.run(partial(rows, sql=for_sqlite(sql), values=(self._tenant, *values)))

    async def run(self, events: Sequence[str], script: Callable[[], Script[R]]) -> R:
        return await self._writer.submit(partial(drive, self._tenant, script))

    async def write(
        self, change: Change, before: Callable[[], Script[None]], after: Callable[[Applied], Script[R]]
    ) -> R:
        work, last = work_of(self._tenant, change)
        return await self._writer.submit(partial(_write, self._tenant, work, before, after), last=last)

    async def epoch(self) -> str:
        return str(rows(self._connection, EPOCH, ())[0][0])


def _write(
    tenant: str,
    work: Work[Applied],
    before: Callable[[], Script[None]],
    after: Callable[[Applied], Script[R]],
    transaction: Transaction,
) -> R:
    drive(tenant, before, transaction)
    return drive(tenant, partial(after, work(transaction)), transaction)
