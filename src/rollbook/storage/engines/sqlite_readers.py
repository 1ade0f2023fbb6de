"""Reads that may take long: on threads with connections of their own, so that the event loop never waits for a scan.

SQLite works with the interpreter's lock let go, so one such read takes little from the loop but the second core.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import apsw

from rollbook.storage.engines.sqlite_connection import READER_WAIT, connect, refusing
from rollbook.storage.errors import Busy, Unavailable

WAITING = 1_000
"""Reads that may wait for a thread."""

LONGEST = 10.0
"""Seconds that a read may take, as on PostgreSQL: a few that never end would leave no thread to the others."""

STEPS = 2_000
"""Steps of SQLite's machine between two looks at the clock: 0.1 ms of common rows, seconds of the largest."""

R = TypeVar("R")


class Readers:
    """A few threads, and as many connections. Connections are made when first needed."""

    def __init__(self, path: str, count: int, elapsed: Callable[[], float]) -> None:
        self._path = path
        self._elapsed = elapsed
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="rollbook-sqlite-reader")
        self._idle: deque[apsw.Connection] = deque()
        self._running = 0
        self._closed = False

    async def run(self, read: Callable[[apsw.Connection], R], *, longest: float | None = LONGEST) -> R:
        """What ``read`` makes of one consistent state of the database. **Raises** ``Busy`` (also where it takes longer
        than ``longest`` seconds), ``Unavailable``."""
        if self._closed:
            raise Unavailable("the database is closed")
        if self._running >= WAITING:
            raise Busy("too many reads are waiting")
        self._running += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, read, longest)
        finally:
            self._running -= 1

    def _read(self, read: Callable[[apsw.Connection], R], longest: float | None) -> R:
        connection = self._idle.pop() if self._idle else connect(self._path, wait=READER_WAIT, writes=False)
        if longest is not None:
            end = self._elapsed() + longest
            connection.set_progress_handler(lambda: self._elapsed() > end, STEPS)
        try:
            with refusing():
                connection.execute("BEGIN")
                return read(connection)
        except apsw.InterruptError as error:
            raise Busy("the read took too long") from error
        finally:
            connection.set_progress_handler(None)
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._idle.append(connection)

    async def close(self) -> None:
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        while self._idle:
            self._idle.pop().close()
