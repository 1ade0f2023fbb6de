"""One tenant's lockers in PostgreSQL: each script is a transaction, each look-up one statement, both behind row-level
security."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from rollbook.storage.engines.postgres_catalogue import check_schema
from rollbook.storage.engines.postgres_changes import CHANGES
from rollbook.storage.engines.postgres_pool import Link
from rollbook.storage.engines.postgres_rows import is_id
from rollbook.storage.engines.postgres_scripts import drive, plain
from rollbook.storage.engines.postgres_transactions import Transactions
from rollbook.storage.engines.postgres_unique import named
from rollbook.storage.errors import AlreadyExists, NotFound
from rollbook.storage.records import Applied, Change, Insert
from rollbook.storage.sql.locker_flavor import fenced
from rollbook.storage.sql.locker_views import EPOCH
from rollbook.storage.sql.scripts import Row, Script

R = TypeVar("R")


class PostgresLockerEngine:
    """See ``storage.engines.locker_engine.Engine``."""

    def __init__(self, tenant: str, transactions: Transactions) -> None:
        self._tenant = tenant
        self._transactions = transactions

    async def read(self, statement: str, *values: Any) -> list[Row]:
        return plain(await self._transactions.read(fenced(statement), self._tenant, *values))

    async def run(self, events: Sequence[str], script: Callable[[], Script[R]]) -> R:
        return await self._transactions.run(self._tenant, events, partial(drive, self._tenant, script))

    async def write(
        self, change: Change, before: Callable[[], Script[None]], after: Callable[[Applied], Script[R]]
    ) -> R:
        if not (isinstance(change, Insert) or is_id(change.id)):
            raise NotFound

        async def whole(link: Link) -> R:
            await drive(self._tenant, before, link)
            await check_schema(link, self._tenant, [change])
            applied = await CHANGES[type(change)](link, self._tenant, change)
            return await drive(self._tenant, partial(after, applied), link)

        try:
            return await self._transactions.run(self._tenant, [change.event.id], whole)
        except AlreadyExists as error:
            raise await named(self._transactions.read, self._tenant, change, error) from None

    async def epoch(self) -> str:
        return str((await self._transactions.read(EPOCH))[0][0])
