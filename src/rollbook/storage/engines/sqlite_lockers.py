"""One tenant's lockers in SQLite: scripts run on the writer, look-ups on the caller's thread or a reader's."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import apsw

from rollbook.storage.engines.sqlite_connection import rows
from rollbook.storage.engines.sqlite_readers import Readers
from rollbook.storage.engines.sqlite_rows import Row, event_row
from rollbook.storage.engines.sqlite_writer import Transaction, Writer
from rollbook.storage.sql.locker_flavor import for_sqlite
from rollbook.storage.sql.locker_views import EPOCH
from rollbook.storage.sql.scripts import Script, Tell

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

    async def epoch(self) -> str:
        return str(rows(self._connection, EPOCH, ())[0][0])


def drive(tenant: str, script: Callable[[], Script[R]], transaction: Transaction) -> R:
    """Run a tenant's script in a transaction."""
    running = script()
    try:
        step = next(running)
        while True:
            if isinstance(step, Tell):
                transaction.gather("event", event_row(tenant, step.event))
                step = running.send([])
            else:
                step = running.send(transaction.rows(for_sqlite(step.sql), step.values))
    except StopIteration as end:
        result: R = end.value
        return result
