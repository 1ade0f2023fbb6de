"""The planner's statistics, kept up while a database fills for the first time.

PostgreSQL looks at a new table about a minute after its first rows have come. Until then it plans by guesses, to which
all indexes that begin alike look alike; and in that minute an import may write 200,000 users, each more slowly than the
one before. So whoever writes has the tables looked at early; from then on PostgreSQL's own upkeep does.
"""

import asyncio
import contextlib

from rollbook.storage.engines.postgres_faults import FAULTS
from rollbook.storage.engines.postgres_pool import Pool
from rollbook.storage.errors import StoreError
from rollbook.storage.sql.locker_tables import TABLES as LOCKER_TABLES

FIRST = 200
LAST = 200_000
"""Changes of this process after which the tables are looked at: the first time, ten times as many, and so on."""

ANALYZE = f"ANALYZE resource, attribute_index, member, event, tenant, token, connection, {', '.join(LOCKER_TABLES)}"

_KNOWN = "SELECT reltuples FROM pg_class WHERE oid = 'resource'::regclass"


class Statistics:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._count = 0
        self._next = FIRST
        self._task: asyncio.Task[None] | None = None

    def count(self, changes: int) -> None:
        """So many changes have been made."""
        self._count += changes
        if self._count >= self._next and self._next <= LAST:
            self._next *= 10
            self._task = asyncio.get_running_loop().create_task(self._look(self._count))

    async def finish(self) -> None:
        """Wait until nothing is under way."""
        if self._task is not None:
            await asyncio.wait((self._task,))

    async def _look(self, count: int) -> None:
        # Where it fails (the server is busy with the same; the role does not own the tables) nothing is lost but time.
        with contextlib.suppress(StoreError, *FAULTS):
            async with self._pool.link() as link:
                ((known,),) = await link.fetch(_KNOWN)
                if known < count:
                    await link.run(ANALYZE)
