"""How a script (``storage.sql.scripts``) is driven in a transaction of SQLite that is open."""

from collections.abc import Callable
from typing import TypeVar

from rollbook.storage.engines.sqlite_rows import event_row
from rollbook.storage.engines.sqlite_writer import Transaction
from rollbook.storage.sql.locker_flavor import for_sqlite
from rollbook.storage.sql.scripts import Script, Tell

R = TypeVar("R")


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
