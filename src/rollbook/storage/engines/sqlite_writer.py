"""The one writer of an SQLite file: a thread that commits what waits, together (group commit).

Syncing the disk costs the same for one change as for a hundred. So works queue up while a commit is on its way, and the
next transaction takes all of them. Each caller is told only after the commit that holds its work.

**Rules**: A work refuses (``StoreError``) before it writes; then only its caller hears of it and the batch goes on.
Whatever else goes wrong undoes the batch, which is tried again in the next more careful way (``_commit``), so that at
last a failure stays its caller's alone. Works must therefore be able to run twice. Where the database itself fails
(full, damaged, locked by another process), nothing was written, and all callers of the batch are told so.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import apsw

from rollbook.storage.engines.sqlite_connection import refusal
from rollbook.storage.engines.sqlite_rows import Row, add_rows
from rollbook.storage.errors import Busy, StoreError, Unavailable

BATCH = 512
"""Works in one transaction, at most. With more, the first of them would wait longer than a sync of the disk takes."""

WAITING = 20_000
"""Works that may wait. At 100 syncs a second, the slowest disk we know, that is half a second of waiting."""

R = TypeVar("R")


class Transaction:
    """What a work writes with: the open transaction of its batch."""

    def __init__(self, connection: apsw.Connection, *, gathers: bool) -> None:
        self.connection = connection
        self._gathers = gathers
        self._gathered: dict[str, list[Row]] = {}
        self.connections: set[tuple[str, str]] = set()
        """Those (of a tenant) that a work has found to be there; works that come last may rely on it."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run a statement to its end; its rows."""
        return self.connection.execute(sql, values).fetchall()

    def change(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement; how many rows it changed."""
        self.connection.execute(sql, values)
        return self.connection.changes()

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows now."""
        add_rows(self.connection, table, rows)

    def gather(self, table: str, row: Row) -> None:
        """Add a row that no work of this batch will look for: perhaps only before the commit, with all the others.

        Each statement costs this thread a struggle with the event loop for the interpreter's lock, which dwarfs the
        statement itself; so the rows of a batch go in together.
        """
        if self._gathers:
            self._gathered.setdefault(table, []).append(row)
        else:
            add_rows(self.connection, table, [row])

    def mark(self) -> tuple[int, int]:
        """Equal to an earlier mark where nothing was written in between."""
        return self.connection.total_changes(), sum(map(len, self._gathered.values()))

    def finish(self) -> None:
        for table, rows in self._gathered.items():
            add_rows(self.connection, table, rows)


Work = Callable[[Transaction], R]


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[Any], Any]
    future: "asyncio.Future[Any]"
    last: bool
    outside: bool = False
    result: Any = None
    error: BaseException | None = None


class _Undo(Exception):
    """The batch has to be undone and tried in a more careful way."""


class Writer:
    """Runs works on its own thread. ``connection`` is its own from now on, to the end."""

    def __init__(self, connection: apsw.Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._connection = connection
        self._loop = loop
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="rollbook-sqlite-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[R], *, last: bool = False) -> "asyncio.Future[R]":
        """Have a work done. ``last``: after those works of its batch that are not.

        **Raises** ``Busy`` where too many wait already, ``Unavailable`` once closed; the future, whatever the work
        raises, ``Busy`` and ``Unavailable``.
        """
        return self._put(_Job(work, self._loop.create_future(), last))

    def outside(self, work: Callable[[apsw.Connection], R]) -> "asyncio.Future[R]":
        """Have something done by the writer's connection that can be in no transaction."""
        return self._put(_Job(work, self._loop.create_future(), last=True, outside=True))

    def _put(self, job: _Job) -> "asyncio.Future[Any]":
        if self._closed:
            raise Unavailable("the database is closed")
        if self._queue.qsize() >= WAITING:
            raise Busy("too many writes are waiting")
        self._queue.put(job)
        return job.future

    async def close(self) -> None:
        """Do what waits, then end the thread and close the connection."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        open = True
        while open:
            job = self._queue.get()
            batch: list[_Job] = []
            while True:
                if job is None:
                    open = False
                    break
                batch.append(job)
                if len(batch) == BATCH:
                    break
                try:
                    job = self._queue.get_nowait()
                except queue.Empty:
                    break
            if batch:
                self._commit(batch)
                self._loop.call_soon_threadsafe(_tell, batch)
        self._connection.close()

    def _commit(self, batch: list[_Job]) -> None:
        together = sorted((job for job in batch if not job.outside), key=_last)
        ways = (partial(self._together, gathers=True), partial(self._together, gathers=False), self._one_by_one)
        for way in ways if len(together) > 1 else ways[-1:]:
            try:
                way(together)
            except _Undo:
                continue
            break
        for job in batch:
            if job.outside:
                self._run_outside(job)

    def _run_outside(self, job: _Job) -> None:
        try:
            job.result = job.work(self._connection)
        except Exception as error:  # noqa: BLE001 - it is raised where the work was asked for
            job.error = error

    def _together(self, batch: list[_Job], *, gathers: bool, alone: bool = False) -> None:
        """Run a batch in one transaction. **Raises** ``_Undo``, with nothing written; not where ``alone``."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            transaction = Transaction(self._connection, gathers=gathers)
            for job in batch:
                job.error = None
                before = transaction.mark()
                try:
                    job.result = job.work(transaction)
                except StoreError as error:
                    if transaction.mark() != before:
                        raise
                    job.error = error
            transaction.finish()
            self._connection.execute("COMMIT")
        except Exception as error:
            self._roll_back()
            if not alone and refusal(error) is None:
                raise _Undo from error
            for job in batch:
                job.error = refusal(error) or error

    def _roll_back(self) -> None:
        if self._connection.in_transaction:  # some errors (a full disk) have rolled back already
            self._connection.execute("ROLLBACK")

    def _one_by_one(self, batch: list[_Job]) -> None:
        for job in batch:
            self._together([job], gathers=False, alone=True)


def _last(job: _Job) -> bool:
    return job.last


def _tell(batch: list[_Job]) -> None:
    for job in batch:
        if job.future.done():  # its caller was cancelled while it waited; the work is done all the same
            continue
        if job.error is None:
            job.future.set_result(job.result)
        else:
            job.future.set_exception(job.error)
