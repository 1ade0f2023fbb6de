"""How a script (``storage.sql.scripts``) is driven in a transaction of PostgreSQL that is open."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.postgres_pool import Link
from rollbook.storage.engines.postgres_rows import event_rows
from rollbook.storage.sql.locker_flavor import for_postgres
from rollbook.storage.sql.scripts import Row, Script, Tell

R = TypeVar("R")


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
                step = running.send(plain(await link.fetch(for_postgres(step.sql), *step.values)))
    except StopIteration as end:
        result: R = end.value
        return result


def plain(found: Iterable[Any]) -> list[Row]:
    """Rows with their ids as texts."""
    return [tuple(str(value) if isinstance(value, UUID) else value for value in row) for row in found]
