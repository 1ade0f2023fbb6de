"""Checkpoints of an SQLite file, beside its writer: commits do not wait while pages go from the journal to the file.

Left to itself SQLite makes a checkpoint inside the commit that fills the journal, and whoever writes then waits for all
of it, some 50 ms. Here another connection copies the pages on a thread of its own while commits go on, and the disk is
made to take them. What has come in meanwhile is little; a commit copies that itself, and so the next one finds nothing
left and begins the journal anew.

Source: https://sqlite.org/c3ref/wal_hook.html, https://sqlite.org/c3ref/wal_checkpoint_v2.html (PASSIVE waits for
nobody and nobody waits for it).
"""

import contextlib
import os
import queue
import threading
from pathlib import Path

import apsw

from rollbook.storage.engines.sqlite_connection import READER_WAIT, connect
from rollbook.storage.errors import StoreError

FULL = 4_000
"""Pages in the journal (16 MiB) at which a checkpoint begins. Fewer would write the pages that many changes touch more
often; more would keep the disk busy for so long that commits wait for it (measured: 20 ms at 64 MiB)."""

FEW = 500
"""Pages that a commit may copy itself: a few ms."""

ROUNDS = 4
"""How often the thread goes after what came in meanwhile."""

LATER = 1_000
"""Pages that come in before it is tried again where it was held up (by a reader of an older state)."""


class Checkpoints:
    """Watches the commits of ``connection``, in place of SQLite's own automatic checkpoint."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._path = connection.filename
        self._pages = 0
        self._next = FULL
        self._runs = False
        self._few_left = False
        self._asked: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="rollbook-sqlite-checkpoints", daemon=True)
        self._thread.start()
        connection.set_wal_hook(self._committed)

    def close(self) -> None:
        """End the thread. From then on nobody makes checkpoints but who closes the file last."""
        self._asked.put(False)
        self._thread.join()

    def _committed(self, connection: apsw.Connection, _: str, pages: int) -> int:
        """After each commit, by whoever made it; the lock for writing is free again."""
        self._pages = pages
        if pages < FULL:
            self._next = FULL
            self._few_left = False
        elif self._few_left:
            self._few_left = False
            self._next = pages + LATER
            _checkpoint(connection)
        elif pages >= self._next and not self._runs:
            self._runs = True
            self._asked.put(True)
        return apsw.SQLITE_OK

    def _serve(self) -> None:
        connection: apsw.Connection | None = None
        while self._asked.get():
            with contextlib.suppress(apsw.Error, StoreError):  # a later commit asks again
                connection = connection or connect(self._path, wait=READER_WAIT, writes=True)
                self._copy(connection)
            self._runs = False
        if connection is not None:
            connection.close()

    def _copy(self, connection: apsw.Connection) -> None:
        for _ in range(ROUNDS):
            copied = _checkpoint(connection)
            _sync(self._path)
            if self._pages - copied <= FEW:
                self._few_left = True
                return
        self._next = self._pages + LATER


def _checkpoint(connection: apsw.Connection) -> int:
    """Copy what can be copied: how many pages of the journal are in the file now."""
    try:
        return connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)[1]
    except apsw.Error:  # somebody else makes one, or the disk is full: the journal keeps what it has
        return 0


def _sync(path: str) -> None:
    """Make the disk take what was copied. SQLite does so only where it has copied all, and a commit would wait for it.

    Through one of the descriptors that SQLite has open: to close another of the same file would drop its locks. Where
    none is found (on a system without such a folder) nothing is lost but that time.
    """
    with contextlib.suppress(OSError, ValueError):
        wanted = Path(path).stat()
        for entry in Path("/dev/fd").iterdir():
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(int(entry.name)), wanted):
                    os.fsync(int(entry.name))
                    return
