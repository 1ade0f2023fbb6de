"""The one writer of an SQLite file: it commits what waits together (group commit).

Syncing the disk costs the same for one change as for a hundred. So works queue up while a commit is on its way, and the
next transaction takes all of them. Each caller is told only after the commit that holds its work.

Quick works (a few rows each) run on the event loop's own thread, and only their commit, which waits for the disk, runs
on the writer's: a statement takes a few µs, and on a second thread each would fight the loop for the interpreter's
lock. A batch with anything long in it, and one that cannot begin at once, is the thread's as a whole.

**Rules**: A work refuses (``StoreError``) before it writes; then only its caller hears of it and the batch goes on.
Whatever else goes wrong undoes the batch, which is tried again in the next more careful way (``_commit``), so that at
last a failure stays its caller's alone. Works must therefore be able to run twice. Where the database itself fails
(full, damaged, locked by another process), nothing was written, and all callers of the batch are told so.
"""

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import apsw

from rollbook.events import Event
from rollbook.storage.engines.sqlite_checkpoints import Checkpoints
from rollbook.storage.engines.sqlite_connection import WRITER_WAIT, refusal
from rollbook.storage.engines.sqlite_rows import Row, add_rows, event_row
from rollbook.storage.errors import Busy, StoreError, Unavailable

BATCH = 128
"""Works in one transaction, at most: some 10 ms in which the loop does nothing else."""

FEW = 8
"""Works of which no half is taken: for so few another commit is not worth while."""

WAITING = 20_000
"""Works that may wait. At 100 syncs a second, the slowest disk we know, that is half a second of waiting."""

R = TypeVar("R")

_LAST_PLACE = "SELECT place FROM event WHERE tenant_id = ? AND version > 0 ORDER BY place DESC LIMIT 1"


class Transaction:
    """What a work writes with: the open transaction of its batch."""

    def __init__(self, connection: apsw.Connection, *, gathers: bool) -> None:
        self.connection = connection
        self._gathers = gathers
        self._gathered: dict[str, list[Row]] = {}
        self._count = 0
        self.connections: set[tuple[str, str]] = set()
        """Those (of a tenant) that a work has found to be there; works that come last may rely on it."""
        self.schemas: dict[str, int] = {}
        """The revisions of tenants' catalogues, as far as they were looked at."""
        self.places: dict[str, int] = {}
        """The last place in the feed of each tenant: nobody else writes while this transaction is open."""

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
        """Add a row that no work of this batch will look for: perhaps only before the commit, with all the others, in
        as few statements as can be."""
        if self._gathers:
            self._count += 1
            self._gathered.setdefault(table, []).append(row)
        else:
            add_rows(self.connection, table, [row])

    def changed(self, tenant: str, event: Event, version: int) -> None:
        """Keep the event of a change, at the end of its tenant's feed. ``version`` is the resource's from now on."""
        last = self.places.get(tenant)
        if last is None:
            rows = self.rows(_LAST_PLACE, (tenant,))
            last = rows[0][0] if rows else 0
        self.places[tenant] = last + 1
        self.gather("event", event_row(tenant, event, version, last + 1))

    def mark(self) -> tuple[int, int]:
        """Equal to an earlier mark where nothing was written in between."""
        return self.connection.total_changes(), self._count

    def finish(self) -> None:
        for table, rows in self._gathered.items():
            add_rows(self.connection, table, rows)


Work = Callable[[Transaction], R]


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[Any], Any]
    future: "asyncio.Future[Any]"
    last: bool = False
    quick: bool = False
    outside: bool = False
    result: Any = None
    error: BaseException | None = None


class _Undo(Exception):
    """The batch has to be undone and tried in a more careful way."""


class Writer:
    """Runs works. ``connection`` is its own from now on, to the end; its thread and the loop's use it in turns."""

    def __init__(
        self, connection: apsw.Connection, loop: asyncio.AbstractEventLoop, *, wait: int = WRITER_WAIT
    ) -> None:
        self._connection = connection
        self._loop = loop
        self._wait = wait
        self._waiting: deque[_Job] = deque()
        self._busy = False
        self._called = False
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._steps: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="rollbook-sqlite-writer", daemon=True)
        self._thread.start()
        self._checkpoints = Checkpoints(connection)

    def submit(self, work: Work[R], *, last: bool = False, quick: bool = False) -> "asyncio.Future[R]":
        """Have a work done. ``last``: after those works of its batch that are not. ``quick``: it takes some µs only.

        **Raises** ``Busy`` where too many wait already, ``Unavailable`` once closed; the future, whatever the work
        raises, ``Busy`` and ``Unavailable``.
        """
        return self._put(_Job(work, self._loop.create_future(), last=last, quick=quick))

    def outside(self, work: Callable[[apsw.Connection], R]) -> "asyncio.Future[R]":
        """Have something done by the writer's connection that can be in no transaction."""
        return self._put(_Job(work, self._loop.create_future(), last=True, outside=True))

    def _put(self, job: _Job) -> "asyncio.Future[Any]":
        if self._closed:
            raise Unavailable("the database is closed")
        if len(self._waiting) >= WAITING:
            raise Busy("too many writes are waiting")
        self._waiting.append(job)
        self._idle.clear()
        if not self._busy and not self._called:
            self._called = True
            self._loop.call_soon(self._next)  # so that all who ask in this turn of the loop are in one batch
        return job.future

    async def close(self) -> None:
        """Do what waits, then end the thread and close the connection."""
        self._closed = True
        await self._idle.wait()
        self._steps.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._checkpoints.close)
        self._connection.close()

    def _next(self, told: int = 0) -> None:
        """On the loop: begin the next batch; ``told`` callers are about to hear of the last one.

        These will have more, most of them, while this batch is committed. So it takes half of all who are about and not
        everybody who waits: else a great batch and a small one would follow each other, and one of the two would be
        committed while there is nothing to do on the loop.
        """
        self._called = False
        waiting = self._waiting
        most = max(FEW, (len(waiting) + told + 1) // 2) if told else BATCH
        batch = [waiting.popleft() for _ in range(min(BATCH, len(waiting), most))]
        if not batch:
            self._idle.set()
            return
        self._busy = True
        begun = all(job.quick for job in batch) and self._begin(batch)
        self._steps.put(partial(self._end if begun else self._commit, batch))

    def _begin(self, batch: list[_Job]) -> bool:
        """On the loop: do all of a batch but the commit. False where that cannot be; then nothing is written."""
        self._connection.set_busy_timeout(0)
        try:
            self._fill(sorted(batch, key=_last), gathers=True)
        except Exception:  # noqa: BLE001 - the thread meets it again, and sorts out whose it is
            self._roll_back()
            return False
        finally:
            self._connection.set_busy_timeout(self._wait)
        return True

    def _serve(self) -> None:
        """The thread: commits, and what takes long."""
        while (step := self._steps.get()) is not None:
            step()

    def _end(self, batch: list[_Job]) -> None:
        """On the thread: commit what the loop has begun."""
        try:
            self._connection.execute("COMMIT")
        except Exception:  # noqa: BLE001 - tried again in the careful way
            self._roll_back()
            self._commit(batch)
        else:
            self._hand_back(batch)

    def _hand_back(self, batch: list[_Job]) -> None:
        self._loop.call_soon_threadsafe(self._told, batch)

    def _told(self, batch: list[_Job]) -> None:
        """On the loop: tell the callers, and go on: first with those who wait, so that the next commit is on its way
        while the callers go on."""
        self._busy = False
        if self._waiting:
            self._next(len(batch))
        _tell(batch)
        if not self._busy and not self._called:
            self._called = True
            self._loop.call_soon(self._next)  # after the callers, who may have more

    def _commit(self, batch: list[_Job]) -> None:
        """On the thread: do a whole batch."""
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
        self._hand_back(batch)

    def _run_outside(self, job: _Job) -> None:
        try:
            job.result = job.work(self._connection)
        except Exception as error:  # noqa: BLE001 - it is raised where the work was asked for
            job.error = error

    def _together(self, batch: list[_Job], *, gathers: bool, alone: bool = False) -> None:
        """Run a batch in one transaction. **Raises** ``_Undo``, with nothing written; not where ``alone``."""
        try:
            self._fill(batch, gathers=gathers)
            self._connection.execute("COMMIT")
        except Exception as error:
            self._roll_back()
            if not alone and refusal(error) is None:
                raise _Undo from error
            for job in batch:
                job.error = refusal(error) or error

    def _fill(self, batch: list[_Job], *, gathers: bool) -> None:
        """Begin a transaction and run a batch in it. **Raises** whatever keeps the batch from being committed."""
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
