"""One tenant's lockers in PostgreSQL: each script is a transaction, each look-up one statement, both behind row-level
security."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.postgres_pool import Link
from rollbook.storage.engines.postgres_rows import event_rows
from rollbook.storage.engines.postgres_transactions import Transactions
from rollbook.storage.sql.locker_flavor import fenced, for_postgres
from rollbook.storage.sql.locker_views import EPOCH
from rollbook.storage.sql.scripts import Row, Script, Tell

R = TypeVar("R")


class PostgresLockerEngine:
    """See ``storage.engines.locker_engine.Engine``."""

    def __init__(self, tenant: str, transactions: Transactions) -> None:
        self._tenant = tenant
        self._transactions = transactions

    async def read(self, statement: str, *values: Any) -> list[Row]:
        return _rows(await self._transactions.read(fenced(statement), self._tenant, *values))

    async def run(self, events: Sequence[str], script: Callable[[], Script[R]]) -> R:
        return await self._transactions.run(self._tenant, events, partial(drive, self._tenant, script))

    async def epoch(self) -> str:
        return str((await self._transactions.read(EPOCH))[0][0])


async def drive(tenant: str, script: Callable[[], Script[R]], link: Link) -> R:
    """Run a tenant's script in a transaction that is open."""
    running = script()
    try:
        step = next(running)
        while True:
            if isinstance(step, Tell):
                await link.fetch(sql.INSERT_EVENTS, tenant, event_rows([step.event]))
                step = running.send([])
            else:
                step = running.send(_rows(await link.fetch(for_postgres(step.sql), *step.values)))
    except StopIteration as end:
        result: R = end.value
        return result


def _rows(found: Iterable[Any]) -> list[Row]:
    return [tuple(str(value) if isinstance(value, UUID) else value for value in row) for row in found]
