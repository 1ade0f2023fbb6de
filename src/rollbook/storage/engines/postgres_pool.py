"""A few connections to PostgreSQL, held for good, each with its prepared statements.

Not asyncpg's own pool: that one sends a reset after each use and forgets nothing and nobody (39 µs a read against 13).
Nothing needs resetting here: all that a statement sets, it sets for its own transaction.

**Rules**: last in, first out, so that few callers keep few connections warm. Nobody waits longer than ``PATIENCE`` for
a connection. A connection that has failed is dropped, never mended; a new one is made when somebody wants one, so a
database that comes back is used again at once.
"""

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
from asyncpg.connect_utils import SessionAttribute
from asyncpg.prepared_stmt import PreparedStatement

from rollbook.ids import random_bytes
from rollbook.storage.engines.postgres_faults import FAULTS, code_of, is_lost, store_error
from rollbook.storage.errors import Busy, Unavailable

Row = asyncpg.Record
Statement = PreparedStatement

PATIENCE = 1.0
"""Seconds to wait for a connection. Precedents: asyncpg's and psycopg's pools wait 30 s or for ever, which turns one
slow minute into a pile of requests that nobody waits for any longer."""

CONNECT_TIMEOUT = 5.0
COMMAND_TIMEOUT = 12.0
"""Seconds; above the server's own limit, so that it only bites where the server is silent (a cable pulled)."""

SETTINGS = {
    "statement_timeout": "10s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    "timezone": "UTC",
    # Which way a range goes depends on how much it holds, so filters may be planned for their values. Most statements
    # go one way whatever the values; PostgreSQL notices after five runs and plans them no more, provided that they do
    # not seem cheaper for short lists than for any: those lists are kept from the planner (``postgres_statements``).
    "plan_cache_mode": "auto",
    "enable_seqscan": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}

STATEMENTS = 200
"""Prepared statements kept for each connection; filters of other shapes than these are prepared anew."""

LONGEST_KEPT = 32_768
"""Characters of a statement that is kept. Precedent: the plan of a filter of 600 clauses takes the server megabytes."""


class Link:
    """One connection. ``name`` is its ``application_name``, unlike any other's."""

    __slots__ = ("_prepared", "_statements", "connection", "generation", "name")

    def __init__(self, connection: "asyncpg.Connection[Row]", name: str, generation: int) -> None:
        self.connection = connection
        self.name = name
        self.generation = generation
        self._prepared = 0
        self._statements: OrderedDict[str, Statement] = OrderedDict()

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        statement = self._statements.get(sql) or await self._prepare(sql)
        return await statement.fetch(*args)

    async def change(self, sql: str, *args: Any) -> int:
        """Run a statement that writes; the number of rows that it changed."""
        statement = self._statements.get(sql) or await self._prepare(sql)
        await statement.fetch(*args)
        return int((statement.get_statusmsg() or "0").rpartition(" ")[2])

    async def run(self, sql: str) -> None:
        """Run statements without parameters, several at once, in one round trip."""
        await self.connection.execute(sql)

    async def _prepare(self, sql: str) -> Statement:
        # Named: asyncpg would send one without a name to be parsed and planned every time.
        self._prepared += 1
        statement = await self.connection.prepare(sql, name=f"s{self._prepared}")
        if len(sql) > LONGEST_KEPT:
            return statement  # closed by asyncpg once nobody holds it
        self._statements[sql] = statement
        if len(self._statements) > STATEMENTS:
            # The one that was prepared first: those of every day are prepared again at no cost worth counting.
            self._statements.popitem(last=False)
        return statement


_Waiter = tuple["asyncio.Future[Link]", float]
"""Who waits for a link, and until when (by the loop's clock)."""


class Pool:
    """At most ``size`` links to the database at ``url``."""

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._size = size
        self._idle: list[Link] = []
        self._waiting: deque[_Waiter] = deque()
        self._sweeper: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._opening = 0
        self._count = 0
        self._generation = 0
        self._closed = True

    async def open(self) -> None:
        """**Raises** ``Unavailable``."""
        self._closed = False
        async with self.link():
            pass

    async def close(self) -> None:
        """Let go of every link; those in use go when they are given back."""
        self._closed = True
        for task in tuple(self._tasks):
            task.cancel()
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for future, _ in self._waiting:
            if not future.done():
                future.set_exception(Unavailable("the store is closed"))
        self._waiting.clear()
        idle, self._idle = self._idle, []
        for link in idle:
            self._count -= 1
            with contextlib.suppress(*FAULTS):
                await link.connection.close(timeout=1)

    def expire(self) -> None:
        """Drop every link: the server behind them has changed its role (a failover)."""
        self._generation += 1
        idle, self._idle = self._idle, []
        for link in idle:
            self._drop(link)

    @contextlib.asynccontextmanager
    async def link(self) -> AsyncIterator[Link]:
        """A link for the length of a block. **Raises** ``Busy``, ``Unavailable``; what the block raises goes on as it
        is, and the link goes too where it may be in the middle of something."""
        link = await self.acquire()
        try:
            yield link
        except BaseException as error:
            self.release(link, failed=error)
            raise
        self.release(link)

    async def acquire(self) -> Link:
        while self._idle:
            link = self._idle.pop()
            if not link.connection.is_closed():
                return link
            self._drop(link)
        if self._closed:
            raise Unavailable("the store is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Link] = loop.create_future()
        self._waiting.append((future, loop.time() + PATIENCE))
        if self._sweeper is None:
            self._sweeper = loop.call_later(PATIENCE, self._sweep, loop)
        self._grow()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self.release(future.result())
            raise

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Turn away who has waited long enough. One timer for all of them: in a queue, the first is the first."""
        self._sweeper = None
        now = loop.time()
        while self._waiting and (self._waiting[0][0].done() or self._waiting[0][1] <= now):
            future = self._waiting.popleft()[0]
            if not future.done():
                reachable = self._count > self._opening
                future.set_exception(Busy("every connection to the database is in use") if reachable else Unavailable())
        if self._waiting:
            self._sweeper = loop.call_later(self._waiting[0][1] - now, self._sweep, loop)

    def release(self, link: Link, failed: BaseException | None = None) -> None:
        if failed is not None and self._must_go(link, failed):
            if code_of(failed) == "25006":
                self.expire()
            self._drop(link)
            self._grow()
            return
        if self._closed or link.generation != self._generation or link.connection.is_closed():
            self._drop(link)
            self._grow()
            return
        while self._waiting:
            future = self._waiting.popleft()[0]
            if not future.done():
                future.set_result(link)
                return
        self._idle.append(link)

    def _must_go(self, link: Link, error: BaseException) -> bool:
        if isinstance(error, FAULTS) and is_lost(error):
            return True
        # Whatever else went wrong in a block (a cancelled task too): inside a transaction there is no telling what is
        # done.
        return (
            link.connection.is_closed()
            or link.connection.is_in_transaction()
            or isinstance(error, asyncio.CancelledError)
        )

    def _drop(self, link: Link) -> None:
        self._count -= 1
        link.connection.terminate()

    def _grow(self) -> None:
        """Open as many links as are waited for, and no more than allowed."""
        if self._count >= self._size:
            return
        wanted = sum(not future.done() for future, _ in self._waiting)
        while self._count < self._size and self._opening < wanted and not self._closed:
            self._count += 1
            self._opening += 1
            task = asyncio.get_running_loop().create_task(self._open())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _open(self) -> None:
        generation = self._generation
        name = f"rollbook {random_bytes(6).hex()}"
        try:
            connection = await asyncpg.connect(
                self._url,
                timeout=CONNECT_TIMEOUT,
                command_timeout=COMMAND_TIMEOUT,
                statement_cache_size=0,
                server_settings={**SETTINGS, "application_name": name},
                target_session_attrs=SessionAttribute("read-write"),
            )
        except BaseException as error:
            self._count -= 1
            self._opening -= 1
            if not isinstance(error, FAULTS):
                raise
            self._refuse(error)
        else:
            self._opening -= 1
            self.release(Link(connection, name, generation))

    def _refuse(self, error: BaseException) -> None:
        """Tell those who wait: all of them when there is no link left to wait for, else the one for whom this was."""
        alone = self._count == self._opening
        while self._waiting:
            future = self._waiting.popleft()[0]
            if not future.done():
                refusal = store_error(error) or Unavailable()
                refusal.__cause__ = error
                future.set_exception(refusal)
                if not alone:
                    return
