"""All changes of a long stream in one transaction of SQLite, on a connection of its own: other writers wait for it."""

import asyncio
from collections.abc import AsyncIterable, Callable, Sequence

import apsw

from rollbook.storage.engines.sqlite_connection import WRITER_WAIT, connect, refusing
from rollbook.storage.engines.sqlite_many import each
from rollbook.storage.engines.sqlite_writer import Transaction
from rollbook.storage.errors import OneRefused, StoreError
from rollbook.storage.records import Change


async def whole(path: str, tenant: str, changes: Callable[[], AsyncIterable[Sequence[Change]]]) -> int:
    """See ``TenantStore.apply_all``."""
    connection = await asyncio.to_thread(_begin, path)
    made = 0
    try:
        async for some in changes():
            made += await asyncio.to_thread(_make, connection, tenant, some, made)
        await asyncio.to_thread(_commit, connection)
    finally:
        connection.close()  # what is not committed is undone
    return made


def _begin(path: str) -> apsw.Connection:
    with refusing():
        connection = connect(path, wait=WRITER_WAIT, writes=True)
        connection.execute("BEGIN IMMEDIATE")
        return connection


def _make(connection: apsw.Connection, tenant: str, changes: Sequence[Change], before: int) -> int:
    with refusing():
        outcomes = each(tenant, changes, Transaction(connection, gathers=False))
    for at, outcome in enumerate(outcomes):
        if isinstance(outcome, StoreError):
            raise OneRefused(before + at, outcome)
    return len(outcomes)


def _commit(connection: apsw.Connection) -> None:
    with refusing():
        connection.execute("COMMIT")
