"""Writing in one transaction: again where it lost against another, and with the truth where the connection was lost.

**Rules**: a statement or a commit whose connection was lost may have come through, or may still be on its way. So the
old backend is ended first, on a new connection, and then the events of the change are looked for: each change has one,
in its own transaction. They are there, or nothing is and nothing will be.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from asyncpg.exceptions import PostgresError

from rollbook.ids import random_bytes
from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.postgres_faults import AGAIN, FAULTS, code_of, is_lost, store_error
from rollbook.storage.engines.postgres_pool import Link, Pool, Row
from rollbook.storage.errors import StoreError, Unavailable

TRIES = 4
"""A transaction that lost against another (deadlock, serialization) is made again three times at most."""

LOOKS = 40
"""How often the database is looked for, 50 ms apart, before an unknown outcome is given up as unknown."""

T = TypeVar("T")

_END = """SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
WHERE application_name = $1 AND pid <> pg_backend_pid()"""


class Transactions:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(self, statement: str, *args: Any) -> list[Row]:
        """Run one statement that changes nothing; again, if the link turns out to be dead."""
        for last in (False, True):
            link = await self._pool.acquire()
            try:
                rows = await link.fetch(statement, *args)
            except BaseException as error:
                self._pool.release(link, failed=error)
                if not isinstance(error, FAULTS):
                    raise
                if last or isinstance(error, TimeoutError) or not is_lost(error):
                    raise store_error(error) or error from error
            else:
                self._pool.release(link)
                return rows
        raise AssertionError("unreachable")

    async def statement(self, tenant: str, events: Sequence[str], statement: str, *args: Any) -> list[Row] | None:
        """Run one writing statement that is a transaction of its own; its rows.

        None where they were lost on the way, but the statement is done. **Raises** ``StoreError``; then it is not.
        """

        async def once(link: Link) -> list[Row]:
            return await link.fetch(statement, *args)

        return await self._again(tenant, events, once)

    async def run(self, tenant: str, events: Sequence[str], work: Callable[[Link], Awaitable[T]]) -> T:
        """Do work in a transaction of a tenant. ``work`` may be done several times.

        **Raises** ``StoreError``, what ``work`` raises too; then nothing is done.
        """
        opening = sql.begin(tenant)
        results: list[T] = []

        async def whole(link: Link) -> T:
            results.clear()
            await link.run(opening)
            try:
                result = await work(link)
            except StoreError:
                await link.run("ROLLBACK")
                raise
            results.append(result)
            await link.run("COMMIT")
            return result

        done = await self._again(tenant, events, whole, lambda: bool(results))
        return results[0] if done is None else done

    async def _again(
        self,
        tenant: str,
        events: Sequence[str],
        work: Callable[[Link], Awaitable[T]],
        may_be_done: Callable[[], bool] = lambda: True,
    ) -> T | None:
        for attempt in range(TRIES):
            link = await self._pool.acquire()
            try:
                result = await work(link)
            except FAULTS as error:
                if isinstance(error, PostgresError) and not is_lost(error) and link.connection.is_in_transaction():
                    with contextlib.suppress(*FAULTS):
                        await link.run("ROLLBACK")
                self._pool.release(link, failed=error)
                if code_of(error) in AGAIN and attempt < TRIES - 1:
                    await asyncio.sleep((1 + random_bytes(1)[0]) / 256 * 0.02 * 2**attempt)
                    continue
                if is_lost(error) and may_be_done() and await self._written(link.name, tenant, events):
                    return None
                raise store_error(error) or error from error
            except BaseException as error:
                self._pool.release(link, failed=error)
                raise
            self._pool.release(link)
            return result
        raise AssertionError("unreachable")

    async def _written(self, name: str, tenant: str, events: Sequence[str]) -> bool:
        """Whether what was under way on the link of that name came through. **Raises** ``Unavailable`` if unknown."""
        for _ in range(LOOKS):
            try:
                async with self._pool.link() as link:
                    if not all(row[0] for row in await link.fetch(_END, name)):
                        raise Unavailable("the outcome of this change is not known")
                    return bool(await link.fetch(sql.EVENTS_WRITTEN, tenant, list(events)))
            except (*FAULTS, StoreError):
                await asyncio.sleep(0.05)
        raise Unavailable("the outcome of this change is not known")
